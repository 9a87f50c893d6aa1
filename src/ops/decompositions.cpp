// Decompositions of matrices: the operations that need kernels. linalg.cpp has the functions made of them.
#include "ops/decompositions.h"

#include "kernels/decompose.h"
#include "ops/matrices.h"
#include "ops/meta.h"

namespace chainrule {
namespace {

using kernels::Triangle;

Tensor positive_definite(const Tensor& x) {
  return matmul(x, mirrored(x)) + 2 * eye(x.size(-1), -1, x.dtype());
}

struct Solve {
  Triangle triangle = Triangle::none;
  bool transposed = false;
  double rank_tolerance = 0;

  static constexpr OpInfo kInfo{
      .name = "solve",
      .arity = 2,
      .doc = "x with op(a) x = b, op the transpose or nothing; a general or triangular."};
  static constexpr bool kChecksValues = true;
  bool operator==(const Solve&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("triangle", static_cast<int>(triangle)), visit("transposed", transposed),
        visit("rank_tolerance", rank_tolerance);
  }
  Meta infer(std::span<const Meta> in) const {
    require_same_dtype(in);
    require_floating(in[0]);
    const Shape &a = in[0].shape, &b = in[1].shape;
    require_square(a);
    bool fits = b.ndim() == a.ndim() && b.back(2) == a.back(1);
    for (int i = 3; fits && i <= a.ndim(); ++i) fits = a.back(i) == b.back(i);
    if (!fits) throw op_error<ShapeError>(111, cat("b ", b, " does not fit a ", a, "; need (..., N, K)."));
    return in[1];
  }
  // op(a) x = b: with y = op(a)^-T g, the gradient of b is y and that of op(a) is -y x^T.
  Gradients vjp(const Vjp& v) const {
    const Tensor y =
        apply(Solve{triangle, !transposed, rank_tolerance}, {v.inputs[0], v.cotangent}, Location::current());
    Tensor da;
    if (v.needs(0)) {
      da = transposed ? -matmul(v.output, mirrored(y)) : -matmul(y, mirrored(v.output));
      if (triangle == Triangle::lower) da = tril(da);
      if (triangle == Triangle::upper) da = triu(da);
    }
    return {da, y};
  }
  void run(const Kernel& k) const {
    const std::int64_t n = k.inputs[0].shape.back(1), columns = k.inputs[1].shape.back(1);
    const std::int64_t count = matrices_in(k.output.shape, n * columns), work = n * n * (n + columns);
    const std::int64_t singular = first_failing(count, work, [&](std::int64_t i) {
      const std::vector<double> a = as_f64(k.inputs[0], i * n * n, n * n);
      std::vector<double> x = as_f64(k.inputs[1], i * n * columns, n * columns);
      const bool done =
          kernels::solve(a.data(), n, triangle, transposed, rank_tolerance, x.data(), columns, x.data());
      store(x, k.output, i * n * columns);
      return done;
    });
    if (singular < 0) return;
    const std::string_view what = rank_tolerance > 0 ? " has not full rank." : " is singular.";
    throw op_error<ValueError>(112, cat("matrix ", singular, what));
  }
  static std::vector<Sample> samples() {
    const SampleInput a{{4, 4}, DType::f64, {}, dominant}, b{{4, 3}};
    const SampleInput batch{{2, 3, 3}, DType::f64, {}, dominant}, right{{2, 3, 2}};
    return {sample(Solve{}, {a, b}),
            sample(Solve{Triangle::none, true}, {a, b}),
            sample(Solve{Triangle::lower}, {a, b}),
            sample(Solve{Triangle::lower, true}, {a, b}),
            sample(Solve{Triangle::upper}, {batch, right}),
            sample(Solve{Triangle::upper, true, 1e-12}, {batch, right}),
            sample(Solve{}, {{{0, 0}}, {{0, 2}}}),
            sample(Solve{}, {{{3, 4}}, {{3, 2}}}, 111),
            sample(Solve{}, {a, {{3, 2}}}, 111),
            sample(Solve{}, {batch, {{3, 2}}}, 111)};
  }
};

struct Cholesky {
  static constexpr OpInfo kInfo{
      .name = "cholesky",
      .doc = "L of the positive definite L L^T whose lower triangle is given; the upper is not read."};
  static constexpr bool kChecksValues = true;
  bool operator==(const Cholesky&) const = default;
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    require_square(in[0].shape);
    return in[0];
  }
  // With P the lower half of L^T G and S = L^-T P L^-1, the gradient of the symmetric matrix is (S + S^T) / 2
  // (Murray 2016, eq. 8); off the diagonal each number of the lower triangle stands for two.
  Gradients vjp(const Vjp& v) const {
    const Tensor& l = v.output;
    const Tensor product = matmul(mirrored(l), v.cotangent);
    const Tensor half = tril(product) - 0.5 * diagonal_part(product);
    const auto left = [&](const Tensor& x) {
      return apply(Solve{Triangle::lower, true}, {l, x}, Location::current());
    };
    const Tensor s = mirrored(left(mirrored(left(half))));
    return {tril(s + mirrored(s)) - diagonal_part(s)};
  }
  static Tensor diagonal_part(const Tensor& x) { return x * eye(x.size(-1), -1, x.dtype()); }
  void run(const Kernel& k) const {
    const std::int64_t n = k.output.shape.back(1);
    const auto matrix = [&](std::int64_t i) { return as_f64(k.inputs[0], i * n * n, n * n); };
    const std::int64_t count = matrices_in(k.output.shape, n * n);
    const std::int64_t failing = first_failing(count, n * n * n, [&](std::int64_t i) {
      std::vector<double> l(static_cast<std::size_t>(n * n));
      const bool done = kernels::cholesky(matrix(i).data(), n, l.data()) < 0;
      store(l, k.output, i * n * n);
      return done;
    });
    if (failing < 0) return;
    std::vector<double> l(static_cast<std::size_t>(n * n));
    const std::int64_t size = kernels::cholesky(matrix(failing).data(), n, l.data());
    throw op_error<ValueError>(113, cat("matrix ", failing, " is not positive definite: its first ", size,
                                        " x ", size, " elements are not."));
  }
  static std::vector<Sample> samples() {
    return {sample(Cholesky{}, {{{4, 4}, DType::f64, {}, positive_definite}}),
            sample(Cholesky{}, {{{2, 3, 3}, DType::f64, {}, positive_definite}}),
            sample(Cholesky{}, {{{1, 1}, DType::f64, {1, 2}}}), sample(Cholesky{}, {{{0, 0}}}),
            sample(Cholesky{}, {{{3, 2}}}, 111)};
  }
};

struct OrthonormalColumns {
  static constexpr OpInfo kInfo{.name = "orthonormal_columns",
                                .doc = "q of a = q r for M >= N, r upper triangular with a diagonal >= 0."};
  bool operator==(const OrthonormalColumns&) const = default;
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    const Shape& a = in[0].shape;
    if (a.ndim() < 2 || a.back(2) < a.back(1)) {
      throw op_error<ShapeError>(111, cat("a ", a, "; need (..., M, N), M >= N."));
    }
    return in[0];
  }
  // With M = -G^T Q, whose lower triangle is mirrored into the upper one: (G + Q M) R^-T   (Walter and
  // Lehmann 2012, for a gradient of q alone; that of r = q^T a follows). Where a column depends on those
  // before it but for rounding there is none.
  Gradients vjp(const Vjp& v) const {
    const Tensor& q = v.output;
    const Tensor r = triu(matmul(mirrored(q), v.inputs[0]));
    const Tensor m = -matmul(mirrored(v.cotangent), q);
    const Tensor symmetric = tril(m) + mirrored(tril(m, -1));
    const Tensor y = v.cotangent + matmul(q, symmetric);
    const double tolerance = rank_tolerance(r.size(-2), v.inputs[0].size(-2), r.dtype());
    return {mirrored(apply(Solve{Triangle::upper, false, tolerance}, {r, mirrored(y)}, Location::current()))};
  }
  void run(const Kernel& k) const {
    const std::int64_t m = k.output.shape.back(2), n = k.output.shape.back(1);
    first_failing(matrices_in(k.output.shape, m * n), m * n * n, [&](std::int64_t i) {
      const std::vector<double> a = as_f64(k.inputs[0], i * m * n, m * n);
      std::vector<double> q(a.size());
      kernels::orthonormal_columns(a.data(), m, n, q.data());
      store(q, k.output, i * m * n);
      return true;
    });
  }
  static std::vector<Sample> samples() {
    return {sample(OrthonormalColumns{}, {{{3, 3}, DType::f64, {}, dominant}}),
            sample(OrthonormalColumns{}, {{{2, 5, 3}, DType::f64, {}, dominant}}),
            sample(OrthonormalColumns{}, {{{4, 1}, DType::f64, {1, 2}}}),
            sample(OrthonormalColumns{}, {{{3, 0}}}),
            sample(OrthonormalColumns{}, {{{2, 3}}}, 111),
            sample(OrthonormalColumns{}, {{{3}}}, 111)};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Solve)
CHAINRULE_OP_ROW(Cholesky)
CHAINRULE_OP_ROW(OrthonormalColumns)

Tensor solve_matrices(const Tensor& a, const Tensor& b, kernels::Triangle triangle, bool transposed,
                      double rank_tolerance, Location where) {
  return apply(Solve{triangle, transposed, rank_tolerance}, {a, b}, where);
}
Tensor cholesky_factors(const Tensor& a, Location where) { return apply(Cholesky{}, {a}, where); }
Tensor orthonormal_columns(const Tensor& a, Location where) {
  return apply(OrthonormalColumns{}, {a}, where);
}

}  // namespace chainrule
