// Singular values and vectors, and what is made of them for matrices of any rank.
#include "kernels/decompose.h"
#include "ops/decompositions.h"
#include "ops/matrices.h"
#include "ops/meta.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

/// @throws ShapeError E111
void require_floating_matrix(const Meta& in) {
  require_floating(in);
  if (in.shape.ndim() >= 2) return;
  throw op_error<ShapeError>(111, cat("a ", in.shape, " is no matrix; need (..., M, N)."));
}

Shape with_last(const Shape& shape, int dropped, std::initializer_list<std::int64_t> sizes) {
  std::vector<std::int64_t> all(shape.begin(), shape.end() - dropped);
  all.insert(all.end(), sizes);
  return Shape(std::span<const std::int64_t>(all));
}

Tensor row(const Tensor& x) { return expand_dims(x, -2); }
Tensor column(const Tensor& x) { return expand_dims(x, -1); }

/// The parts of one matrix.
struct Parts {
  std::int64_t m, n, k = std::min(m, n);
  std::vector<double> u = numbers(m * k), s = numbers(k), v = numbers(n * k);

  Parts(const ConstArray& a, std::int64_t matrix) : m(a.shape.back(2)), n(a.shape.back(1)) {
    kernels::svd(as_f64(a, matrix * m * n, m * n).data(), m, n, u.data(), s.data(), v.data());
  }

 private:
  static std::vector<double> numbers(std::int64_t count) {
    return std::vector<double>(static_cast<std::size_t>(count));
  }
};

/// Calls `use(parts, matrix number)` for each matrix.
template <class F>
void for_each_matrix(const ConstArray& a, F use) {
  const std::int64_t m = a.shape.back(2), n = a.shape.back(1);
  first_failing(matrices_in(a.shape, m * n), 8 * m * n * std::min(m, n), [&](std::int64_t i) {
    use(Parts(a, i), i);
    return true;
  });
}

template <class Op>
std::vector<Sample> matrix_samples() {
  return {sample(Op{}, {{{3, 3}, DType::f64, {}, spread}}),
          sample(Op{}, {{{2, 4, 2}, DType::f64, {}, spread}}),
          sample(Op{}, {{{2, 3}, DType::f64, {}, spread}}),
          sample(Op{}, {{{3, 0}}}),
          sample(Op{}, {{{0, 2}}}),
          sample(Op{}, {{{3}}}, 111)};
}

/// 1 / (s_j - s_i) for i != j, 1 / s_i for i = j: what the derivatives of singular vectors are made of.
struct SingularGaps {
  double tolerance = 0;

  static constexpr OpInfo kInfo{
      .name = "singular_gaps",
      .doc = "1 / (s_j - s_i), on the diagonal 1 / s_i, of falling numbers that are apart."};
  static constexpr bool kChecksValues = true;
  bool operator==(const SingularGaps&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("tolerance", tolerance);
  }
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    if (in[0].shape.ndim() == 0) throw op_error<ShapeError>(111, "s is a scalar; need (..., K).");
    return {in[0].dtype, with_last(in[0].shape, 0, {in[0].shape.back(1)})};
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor g = -v.cotangent * square(v.output);
    return {sum(g, -2) - sum(g * (1.0 - eye(g.size(-1), -1, g.dtype())), -1)};
  }
  void run(const Kernel& k) const {
    const std::int64_t n = k.output.shape.back(1);
    const std::int64_t failing =
        first_failing(matrices_in(k.output.shape, n * n), n * n, [&](std::int64_t i) {
          const std::vector<double> s = as_f64(k.inputs[0], i * n, n);
          std::vector<double> gaps;
          const double least = tolerance * s.front();
          bool apart = !(s.back() <= least);  // NaN stays
          for (std::size_t r = 0; r < s.size(); ++r) {
            if (r > 0 && s[r - 1] - s[r] <= least) apart = false;
            for (std::size_t c = 0; c < s.size(); ++c) gaps.push_back(1 / (r == c ? s[r] : s[c] - s[r]));
          }
          store(gaps, k.output, i * n * n);
          return apart;
        });
    if (failing < 0) return;
    throw op_error<ValueError>(
        112, cat("matrix ", failing,
                 " has singular values that are equal, or 0: its vectors have no derivative."));
  }
  static std::vector<Sample> samples() {
    const auto falling = [](const Tensor& x) {
      return x + 5.0 * (4.0 - cast(arange(x.size(-1)), x.dtype()));
    };
    return {sample(SingularGaps{1e-12}, {{{3}, DType::f64, {}, falling}}),
            sample(SingularGaps{1e-12}, {{{2, 4}, DType::f64, {}, falling}}),
            sample(SingularGaps{1e-12}, {{{2, 0}}}), sample(SingularGaps{1e-12}, {{{}}}, 111)};
  }
};

struct SingularVectors;
Tensor vectors_of(const Tensor& a);

struct SingularValues {
  static constexpr OpInfo kInfo{.name = "singular_values", .doc = "Those of a matrix, the largest first."};
  bool operator==(const SingularValues&) const = default;
  Meta infer(std::span<const Meta> in) const {
    require_floating_matrix(in[0]);
    const Shape& a = in[0].shape;
    return {in[0].dtype, with_last(a, 2, {std::min(a.back(1), a.back(2))})};
  }
  // ds_i = u_i^T da v_i: of values that are equal, the sum alone has a derivative.
  Gradients vjp(const Vjp& v) const {
    const Tensor both = vectors_of(v.inputs[0]);
    const std::int64_t m = v.inputs[0].size(-2);
    return {matmul(slice(both, -2, 0, m) * row(v.cotangent), mirrored(slice(both, -2, m, both.size(-2))))};
  }
  void run(const Kernel& k) const {
    for_each_matrix(k.inputs[0],
                    [&](const Parts& parts, std::int64_t i) { store(parts.s, k.output, i * parts.k); });
  }
  static std::vector<Sample> samples() { return matrix_samples<SingularValues>(); }
};

struct SingularVectors {
  static constexpr OpInfo kInfo{.name = "singular_vectors",
                                .doc = "u above v of a = u diag(s) v^T: shape (..., M + N, min(M, N))."};
  bool operator==(const SingularVectors&) const = default;
  Meta infer(std::span<const Meta> in) const {
    require_floating_matrix(in[0]);
    const std::int64_t m = in[0].shape.back(2), n = in[0].shape.back(1);
    return {in[0].dtype, with_last(in[0].shape, 2, {checked(Checked(m) + n), std::min(m, n)})};
  }
  // Townsend 2016, "Differentiating the singular value decomposition", for cotangents of u and v alone: with
  // X = U^T dU - dU^T U, Y = V^T dV - dV^T V and F_ij = 1 / (s_j^2 - s_i^2) off the diagonal,
  // U (F (X S + S Y)) V^T + (1 - U U^T) dU S^-1 V^T + U S^-1 dV^T (1 - V V^T).
  Gradients vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const std::int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n);
    if (k == 0) return {zeros(a.shape(), a.dtype())};
    const Tensor s = apply(SingularValues{}, {a}, Location::current());
    const Tensor gaps = apply(SingularGaps{rank_tolerance(m, n, a.dtype())}, {s}, Location::current());
    const Tensor off = gaps * (1.0 - eye(k, -1, a.dtype())), inverse = diagonal(gaps);
    const Tensor u = slice(v.output, -2, 0, m), w = slice(v.output, -2, m, m + n);
    const Tensor du = slice(v.cotangent, -2, 0, m), dw = slice(v.cotangent, -2, m, m + n);
    const Tensor in_u = matmul(mirrored(u), du), in_w = matmul(mirrored(w), dw);
    const Tensor sums = row(s) + column(s);  // s_j^2 - s_i^2 itself might leave the range
    const Tensor inner =
        off * ((in_u - mirrored(in_u)) * (row(s) / sums) + (in_w - mirrored(in_w)) * (column(s) / sums));
    Tensor left = matmul(u, inner);
    if (m > k) left = left + (du - matmul(u, in_u)) * row(inverse);
    Tensor gradient = matmul(left, mirrored(w));
    if (n > k) gradient = gradient + matmul(u * row(inverse), mirrored(dw - matmul(w, in_w)));
    return {gradient};
  }
  void run(const Kernel& k) const {
    for_each_matrix(k.inputs[0], [&](const Parts& parts, std::int64_t i) {
      const std::int64_t at = i * (parts.m + parts.n) * parts.k;
      store(parts.u, k.output, at);
      store(parts.v, k.output, at + parts.m * parts.k);
    });
  }
  static std::vector<Sample> samples() { return matrix_samples<SingularVectors>(); }
};

Tensor vectors_of(const Tensor& a) { return apply(SingularVectors{}, {a}, Location::current()); }

struct PseudoInverse {
  double rcond = 1e-15;

  static constexpr OpInfo kInfo{
      .name = "pseudo_inverse",
      .doc = "v diag(1 / s) u^T over the singular values s above rcond times the largest."};
  bool operator==(const PseudoInverse&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("rcond", rcond);
  }
  Meta infer(std::span<const Meta> in) const {
    require_floating_matrix(in[0]);
    return {in[0].dtype, with_last(in[0].shape, 2, {in[0].shape.back(1), in[0].shape.back(2)})};
  }
  // Golub and Pereyra 1973, eq. 4.12, for matrices of one rank:
  // dp = -p da p + p p^T da^T (1 - a p) + (1 - p a) da^T p^T p.
  Gradients vjp(const Vjp& v) const {
    const Tensor &a = v.inputs[0], &p = v.output;
    const Tensor g = mirrored(v.cotangent), pt = mirrored(p);
    const Tensor outside_u = g - matmul(a, matmul(p, g)), outside_v = g - matmul(matmul(g, p), a);
    return {matmul(matmul(outside_u, p), pt) + matmul(pt, matmul(p, outside_v)) -
            matmul(matmul(pt, v.cotangent), pt)};
  }
  void run(const Kernel& k) const {
    for_each_matrix(k.inputs[0], [&](const Parts& parts, std::int64_t i) {
      std::vector<double> p(static_cast<std::size_t>(parts.n * parts.m));
      kernels::pseudo_inverse(parts.u.data(), parts.s.data(), parts.v.data(), parts.m, parts.n, rcond,
                              p.data());
      store(p, k.output, i * parts.n * parts.m);
    });
  }
  static std::vector<Sample> samples() { return matrix_samples<PseudoInverse>(); }
};

double rcond_or_rounding(double rcond, const Tensor& a) {
  return rcond >= 0 ? rcond : rank_tolerance(a.size(-2), a.size(-1), a.dtype());
}

}  // namespace

CHAINRULE_OP_ROW(SingularGaps)
CHAINRULE_OP_ROW(SingularValues)
CHAINRULE_OP_ROW(SingularVectors)
CHAINRULE_OP_ROW(PseudoInverse)

SVD svd(const Tensor& a, Location where) {
  const OpScope scope("svd", where);
  const Tensor real = as_floating(a), both = apply(SingularVectors{}, {real}, where);
  const std::int64_t m = a.size(-2), n = a.size(-1);
  return {slice(both, -2, 0, m), apply(SingularValues{}, {real}, where), mirrored(slice(both, -2, m, m + n))};
}

Tensor pseudo_inverse(const Tensor& a, double rcond, Location where) {
  const OpScope scope("pseudo_inverse", where);
  const Tensor real = as_floating(a);
  require_floating_matrix(meta_of(real));
  return apply(PseudoInverse{rcond_or_rounding(rcond, real)}, {real}, where);
}

Tensor matrix_rank(const Tensor& a, double rcond, Location where) {
  const OpScope scope("matrix_rank", where);
  const Tensor real = as_floating(a), s = apply(SingularValues{}, {real}, where);
  return sum(s > rcond_or_rounding(rcond, real) * slice(s, -1, 0, 1), -1);
}

}  // namespace chainrule
