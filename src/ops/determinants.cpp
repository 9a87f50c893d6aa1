// Determinants, and what belongs to them.
#include "kernels/decompose.h"
#include "ops/decompositions.h"
#include "ops/matrices.h"
#include "ops/meta.h"
#include "ops/scale.h"

namespace chainrule {
namespace {

/// One number for each square matrix.
Meta number_each(const Meta& in) {
  require_floating(in);
  require_square(in.shape);
  return {in.dtype, Shape(in.shape.sizes().first(static_cast<std::size_t>(in.shape.ndim() - 2)))};
}

/// Writes `number(determinant)` for each matrix.
template <class F>
void run_each(const Kernel& k, F number) {
  const std::int64_t n = k.inputs[0].shape.back(1);
  first_failing(k.output.numel(), n * n * n, [&](std::int64_t i) {
    store({number(kernels::determinant(as_f64(k.inputs[0], i * n * n, n * n).data(), n))}, k.output, i);
    return true;
  });
}

/// A factor for each element of a matrix from one for the matrix.
Tensor for_elements(const Tensor& x) { return expand_dims(expand_dims(x, -1), -1); }

template <class Op>
std::vector<Sample> square_samples() {
  return {sample(Op{}, {{{3, 3}, DType::f64, {}, dominant}}),
          sample(Op{}, {{{2, 1, 2, 2}, DType::f64, {}, dominant}}),
          sample(Op{}, {{{1, 1}, DType::f64, {1, 2}}}),
          sample(Op{}, {{{2, 0, 0}}}),
          sample(Op{}, {{{3, 2}}}, 111),
          sample(Op{}, {{{3}}}, 111)};
}

struct Cofactors {
  static constexpr OpInfo kInfo{.name = "cofactors", .doc = "det(a) a^-T, of matrices that have an inverse."};
  static constexpr bool kChecksValues = true;
  bool operator==(const Cofactors&) const = default;
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    require_square(in[0].shape);
    return in[0];
  }
  // With C = det(a) Y, Y = a^-T: d det = <C, da> and dY = -Y da^T Y, so the gradient of <G, C> is
  // <G, Y> C - C G^T Y. It is taken at a / s, s the largest number: C grows with s^(N-1), Y with 1/s.
  Gradients vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const std::int64_t n = a.size(-1);
    if (n == 0) return {v.cotangent};
    const Tensor scale = scale_of(a, {-2, -1}), near = a / scale;
    const Tensor y = mirrored(inverse(near)), c = apply(Cofactors{}, {near}, Location::current());
    const Tensor gradient =
        sum(v.cotangent * y, {-2, -1}, true) * c - matmul(matmul(c, mirrored(v.cotangent)), y);
    return {gradient * pow(scale, static_cast<double>(n - 2))};
  }
  void run(const Kernel& k) const {
    const std::int64_t n = k.output.shape.back(1);
    const std::int64_t singular =
        first_failing(matrices_in(k.output.shape, n * n), n * n * n, [&](std::int64_t i) {
          const std::vector<double> a = as_f64(k.inputs[0], i * n * n, n * n);
          std::vector<double> c(a.size());
          const bool done = kernels::cofactors(a.data(), n, c.data());
          store(c, k.output, i * n * n);
          return done;
        });
    if (singular >= 0) throw op_error<ValueError>(112, cat("matrix ", singular, " is singular."));
  }
  static std::vector<Sample> samples() { return square_samples<Cofactors>(); }
};

struct Determinant {
  static constexpr OpInfo kInfo{.name = "determinant", .doc = "Determinant of square matrices."};
  bool operator==(const Determinant&) const = default;
  Meta infer(std::span<const Meta> in) const { return number_each(in[0]); }
  // d det(a) = det(a) tr(a^-1 da)   (Jacobi's formula)
  Gradients vjp(const Vjp& v) const {
    return {for_elements(v.cotangent) * apply(Cofactors{}, {v.inputs[0]}, Location::current())};
  }
  void run(const Kernel& k) const {
    run_each(k, [](const kernels::Scaled& determinant) { return determinant.value(); });
  }
  static std::vector<Sample> samples() { return square_samples<Determinant>(); }
};

struct DeterminantLog {
  static constexpr OpInfo kInfo{.name = "determinant_log",
                                .doc = "log |det(a)| of square matrices; -infinity where they are singular."};
  bool operator==(const DeterminantLog&) const = default;
  Meta infer(std::span<const Meta> in) const { return number_each(in[0]); }
  Gradients vjp(const Vjp& v) const { return {for_elements(v.cotangent) * mirrored(inverse(v.inputs[0]))}; }
  void run(const Kernel& k) const {
    run_each(k, [](const kernels::Scaled& determinant) { return determinant.log(); });
  }
  static std::vector<Sample> samples() { return square_samples<DeterminantLog>(); }
};

struct DeterminantSign {
  static constexpr OpInfo kInfo{.name = "determinant_sign",
                                .doc = "-1, 0 or 1: the sign of the determinant."};
  static constexpr std::string_view kNotDifferentiable =
      "it is constant between its jumps and has no slope at them";
  bool operator==(const DeterminantSign&) const = default;
  Meta infer(std::span<const Meta> in) const { return number_each(in[0]); }
  void run(const Kernel& k) const {
    run_each(k, [](const kernels::Scaled& d) {
      return d.fraction > 0 ? 1.0 : d.fraction < 0 ? -1.0 : d.fraction + 0.0;  // NaN stays, -0 does not
    });
  }
  static std::vector<Sample> samples() { return square_samples<DeterminantSign>(); }
};

}  // namespace

CHAINRULE_OP_ROW(Cofactors)
CHAINRULE_OP_ROW(Determinant)
CHAINRULE_OP_ROW(DeterminantLog)
CHAINRULE_OP_ROW(DeterminantSign)

Tensor determinants(const Tensor& a, Location where) { return apply(Determinant{}, {a}, where); }
Tensor determinant_logs(const Tensor& a, Location where) { return apply(DeterminantLog{}, {a}, where); }
Tensor determinant_signs(const Tensor& a, Location where) { return apply(DeterminantSign{}, {a}, where); }

}  // namespace chainrule
