// Operations of one's own: one that is fused, one with an attribute and a fast kernel; and a mistake.
#include <chainrule/chainrule.h>
#include <chainrule/op.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace chainrule;

/// log(1 + exp(x)): relu with a round corner.
struct RoundCorner {
  static constexpr OpInfo kInfo{.name = "round_corner", .elementwise = true, .doc = "log(1 + exp(x))."};
  bool operator==(const RoundCorner&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * sigmoid(v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_block({{k.inputs[0].data}, {}, k.output.data, k.output.numel(), k.output.dtype});
  }
  void run_block(const Block& b) const {
    with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = static_cast<const T*>(b.inputs[0]);
      T* y = static_cast<T*>(b.output);
      for (std::int64_t i = 0; i < b.count; ++i)
        y[i] = std::fmax(x[i], T(0)) + std::log1p(std::exp(-std::fabs(x[i])));  // finite for any x
    });
  }
};

/// Squared distances of each row of x (N, D) to each row of y (M, D), times a factor: (N, M).
struct Distances {
  static constexpr OpInfo kInfo{.name = "distances", .arity = 2, .doc = "factor sum over d of (x - y)^2."};
  double factor = 1;
  bool operator==(const Distances&) const = default;
  void fields(auto visit) const { visit("factor", factor); }
  Meta infer(std::span<const Meta> in) const {
    const Shape &x = in[0].shape, &y = in[1].shape;
    if (in[0].dtype != in[1].dtype || x.ndim() != 2 || y.ndim() != 2 || x[1] != y[1])
      throw op_error<ShapeError>(9001, "needs (N, D) and (M, D) of one dtype.");
    return {in[0].dtype, {x[0], y[0]}};
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor &x = v.inputs[0], &y = v.inputs[1], c = 2 * factor * v.cotangent;
    return {v.needs(0) ? sum(c, 1, true) * x - matmul(c, y) : Tensor(),
            v.needs(1) ? transpose(sum(c, 0, true)) * y - matmul(transpose(c), x) : Tensor()};
  }
  void run(const Kernel& k) const {  // plain: pair by pair
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const std::int64_t n = k.output.shape[0], m = k.output.shape[1], depth = k.inputs[0].shape[1];
      for (std::int64_t i = 0; i < n * m; ++i) {
        const T *x = k.inputs[0].as<T>() + i / m * depth, *y = k.inputs[1].as<T>() + i % m * depth;
        T sum = 0;
        for (std::int64_t d = 0; d < depth; ++d) sum += (x[d] - y[d]) * (x[d] - y[d]);
        k.output.as<T>()[i] = T(factor) * sum;
      }
    });
  }
  void run_fast(const Kernel& k) const {  // the innermost loop over results side by side: vector code
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const std::int64_t n = k.output.shape[0], m = k.output.shape[1], depth = k.inputs[0].shape[1];
      const T *x = k.inputs[0].as<T>(), *y = k.inputs[1].as<T>();
      std::vector<T> turned(static_cast<std::size_t>(m * depth));
      for (std::int64_t i = 0; i < m * depth; ++i) turned.at(i % depth * m + i / depth) = y[i];
      for (std::int64_t i = 0; i < n; ++i) {
        T* row = k.output.as<T>() + i * m;
        std::fill_n(row, m, T(0));
        for (std::int64_t d = 0; d < depth; ++d)
          for (std::int64_t j = 0; j < m; ++j) {
            const T difference = x[i * depth + d] - turned.data()[d * m + j];
            row[j] += T(factor) * difference * difference;
          }
      }
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Distances{}, {{{3, 4}}, {{5, 4}}}), sample(Distances{0.5}, {{{9, 2}}, {{100, 2}}}),
            sample(Distances{}, {{{3, 4}}, {{5, 2}}}, 9001)};
  }
};

/// As RoundCorner, but its author has forgotten the gradient that comes back.
struct Forgotten : RoundCorner {
  static constexpr OpInfo kInfo{.name = "forgotten", .elementwise = true, .doc = "log(1 + exp(x))."};
  bool operator==(const Forgotten&) const = default;
  Gradients vjp(const Vjp& v) const { return {sigmoid(v.inputs[0])}; }
};

template <class Op>
void check() {
  const OpCheck found = check_op<Op>();
  std::printf("%s: %d cases, %zu wrong\n", Op::kInfo.name.data(), found.cases, found.failures.size());
  if (!found.ok()) std::printf("%s\n", found.failures[0].c_str());
}

int main() {
  check<RoundCorner>(), check<Distances>(), check<Forgotten>();
  const Tensor x = tensor({0, 0, 1, 1}, {2, 2}), y = tensor({0, 3, 4, 1}, {2, 2});
  std::printf("%s\n", apply(Distances{}, {x, y}, Location::current()).to_string().c_str());
}
