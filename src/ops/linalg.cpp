// Linear algebra made of other operations.
#include "chainrule/linalg.h"

#include "ops/composed.h"
#include "ops/decompositions.h"
#include "ops/matrices.h"
#include "ops/meta.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

using kernels::Triangle;

/// @throws ShapeError E111
void require_matrix(const Tensor& x, const char* name) {
  if (x.ndim() >= 2) return;
  throw op_error<ShapeError>(111, cat(name, " ", x.shape(), " is no matrix; need (..., M, N)."));
}

Shape with_matrix(std::span<const std::int64_t> batch, std::int64_t rows, std::int64_t columns) {
  std::vector<std::int64_t> sizes(batch.begin(), batch.end());
  sizes.push_back(rows);
  sizes.push_back(columns);
  return Shape(std::span<const std::int64_t>(sizes));
}

std::span<const std::int64_t> batch_of(const Tensor& x) {
  return x.shape().sizes().first(static_cast<std::size_t>(x.ndim() - 2));
}

/// A matrix and a right side, a vector or a matrix, of one dtype and with equal batches.
struct System {
  Tensor a, b;
  bool vector = false;

  /// The solution in the form of the right side.
  Tensor shaped(const Tensor& x) const { return vector ? squeeze(x, -1) : x; }
};

System system_of(const Tensor& a, const Tensor& b) {
  require_matrix(a, "a");
  if (b.ndim() == 0) throw op_error<ShapeError>(111, "b () is a scalar; need (M) or (..., M, K).");
  const DType dtype = promote(as_floating(a).dtype(), as_floating(b).dtype());
  System system{cast(a, dtype), cast(b, dtype), b.ndim() == 1};
  if (system.vector) system.b = expand_dims(system.b, 1);
  if (system.b.shape().back(2) != a.shape().back(2)) {
    throw op_error<ShapeError>(111, cat("b ", b.shape(), " does not fit a ", a.shape(), "; need ",
                                        a.shape().back(2), " rows in both."));
  }
  const Meta batches[] = {{dtype, Shape(batch_of(system.a))}, {dtype, Shape(batch_of(system.b))}};
  const Shape batch = broadcast_shape(batches);
  system.a = broadcast_to(system.a, with_matrix(batch.sizes(), a.shape().back(2), a.shape().back(1)));
  system.b =
      broadcast_to(system.b, with_matrix(batch.sizes(), system.b.shape().back(2), system.b.shape().back(1)));
  return system;
}

/// 1 where column - row is at least k, as numbers of x's dtype.
Tensor from_diagonal(const Tensor& x, std::int64_t k) {
  const Tensor rows = expand_dims(arange(x.size(-2)), 1), columns = arange(x.size(-1));
  return columns - rows >= k;
}

}  // namespace

Tensor dot(const Tensor& a, const Tensor& b, Location where) {
  const OpScope scope("dot", where);
  if (a.ndim() == 0 || b.ndim() == 0) return a * b;
  if (b.ndim() == 1 || (a.ndim() <= 2 && b.ndim() == 2)) return matmul(a, b, where);
  if (a.shape().back(1) != b.shape().back(2)) {
    throw op_error<ShapeError>(12, cat("inner sizes differ: a ", a.shape(), ", b ", b.shape(),
                                       ". Need a's last axis = b's second-last."));
  }
  // b's second-last axis in front: then it is one product of two matrices.
  std::vector<int> order{b.ndim() - 2};
  for (int axis = 0; axis < b.ndim(); ++axis) {
    if (axis != b.ndim() - 2) order.push_back(axis);
  }
  const std::int64_t inner = a.shape().back(1);
  const std::int64_t rows = inner == 0 ? 0 : a.numel() / inner, columns = inner == 0 ? 0 : b.numel() / inner;
  const Tensor product =
      matmul(reshape(a, Shape{rows, inner}), reshape(permute(b, order), Shape{inner, columns}));
  std::vector<std::int64_t> sizes(a.shape().begin(), a.shape().end() - 1);
  sizes.insert(sizes.end(), b.shape().begin(), b.shape().end() - 2);
  sizes.push_back(b.shape().back(1));
  return reshape(product, Shape(std::span<const std::int64_t>(sizes)));
}

Tensor outer(const Tensor& a, const Tensor& b, Location where) {
  const OpScope scope("outer", where);
  return expand_dims(flatten(a), 1) * flatten(b);
}

// Of a square matrix in row-major order every (N + 1)-th element lies on the diagonal.
Tensor diagonal(const Tensor& x, Location where) {
  const OpScope scope("diagonal", where);
  require_matrix(x, "x");
  const std::int64_t n = std::min(x.size(-1), x.size(-2));
  const Tensor square = slice(slice(x, -1, 0, n), -2, 0, n);
  std::vector<std::int64_t> sizes(batch_of(x).begin(), batch_of(x).end());
  sizes.push_back(n * n);
  return slice(reshape(square, Shape(std::span<const std::int64_t>(sizes))), -1, 0, n * n, n + 1);
}

Tensor trace(const Tensor& x, Location where) {
  const OpScope scope("trace", where);
  return sum(diagonal(x), -1);
}

Tensor eye(std::int64_t rows, std::int64_t columns, DType dtype, Location where) {
  const OpScope scope("eye", where);
  return cast(equal(expand_dims(arange(rows), 1), arange(columns < 0 ? rows : columns)), dtype);
}

Tensor tril(const Tensor& x, std::int64_t k, Location where) {
  const OpScope scope("tril", where);
  require_matrix(x, "x");
  const std::int64_t above = std::min(k, x.size(-1)) + 1;  // cut, so that it cannot overflow
  return chainrule::where(from_diagonal(x, above), scalar(0, x.dtype()), x);
}

Tensor triu(const Tensor& x, std::int64_t k, Location where) {
  const OpScope scope("triu", where);
  require_matrix(x, "x");
  return chainrule::where(from_diagonal(x, k), x, scalar(0, x.dtype()));
}

Tensor solve(const Tensor& a, const Tensor& b, Location where) {
  const OpScope scope("solve", where);
  require_square(a.shape());
  const System system = system_of(a, b);
  return system.shaped(solve_matrices(system.a, system.b, Triangle::none, false, 0, where));
}

Tensor inverse(const Tensor& a, Location where) {
  const OpScope scope("inverse", where);
  require_square(a.shape());
  return solve(a, eye(a.size(-1), -1, as_floating(a).dtype()));
}

Tensor determinant(const Tensor& a, Location where) {
  const OpScope scope("determinant", where);
  return determinants(as_floating(a), where);
}

SignAndLog log_determinant(const Tensor& a, Location where) {
  const OpScope scope("log_determinant", where);
  const Tensor real = as_floating(a);
  return {determinant_signs(real, where), determinant_logs(real, where)};
}

Tensor cholesky(const Tensor& a, Location where) {
  const OpScope scope("cholesky", where);
  require_square(a.shape());
  const Tensor real = as_floating(a);
  return cholesky_factors(real + 0.5 * (mirrored(real) - real), where);  // a + a^T might overflow
}

QR qr(const Tensor& a, Location where) {
  const OpScope scope("qr", where);
  require_matrix(a, "a");
  const Tensor real = as_floating(a);
  const std::int64_t rows = a.size(-2), columns = a.size(-1);
  const Tensor q = orthonormal_columns(rows < columns ? slice(real, -1, 0, rows) : real, where);
  return {q, triu(matmul(mirrored(q), real))};
}

Tensor lstsq(const Tensor& a, const Tensor& b, Location where) {
  const OpScope scope("lstsq", where);
  const System system = system_of(a, b);
  const std::int64_t rows = a.size(-2), columns = a.size(-1);
  const double tolerance = rank_tolerance(rows, columns, system.a.dtype());
  if (rows >= columns) {
    const QR parts = qr(system.a);
    const Tensor projected = matmul(mirrored(parts.q), system.b);
    return system.shaped(solve_matrices(parts.r, projected, Triangle::upper, false, tolerance, where));
  }
  // a = r^T q^T: of all solutions the one in the space that q spans is the shortest.
  const QR parts = qr(mirrored(system.a));
  const Tensor inside = solve_matrices(parts.r, system.b, Triangle::upper, true, tolerance, where);
  return system.shaped(matmul(parts.q, inside));
}

Tensor lstsq(const Tensor& a, const Tensor& b, double rcond, Location where) {
  const OpScope scope("lstsq", where);
  const System system = system_of(a, b);
  return system.shaped(matmul(pseudo_inverse(system.a, rcond), system.b));
}

std::vector<ComposedFunction> linear_algebra_functions() {
  using In = std::span<const Tensor>;
  const SampleInput vector{{4}}, matrix{{3, 4}}, other{{4, 2}}, batch{{2, 3, 4}};
  const SampleInput square{{4, 4}, DType::f64, {}, dominant}, tall{{5, 3}, DType::f64, {}, dominant},
      wide{{3, 5}, DType::f64, {}, dominant}, squares{{2, 3, 3}, DType::f64, {}, dominant},
      apart{{2, 4, 3}, DType::f64, {}, spread};
  return {
      {"dot",
       "Sum of products over a's last and b's second-last axis.",
       {{"dot(vector, vector)", [](In in) { return dot(in[0], in[1]); }, {vector, vector}},
        {"dot(batch, batch)", [](In in) { return dot(in[0], in[1]); }, {batch, {{2, 4, 2}}}}}},
      {"outer",
       "All products of two elements.",
       {{"outer(a, b)", [](In in) { return outer(in[0], in[1]); }, {vector, matrix}}}},
      {"diagonal", "Elements (i, i).", {{"diagonal(x)", [](In in) { return diagonal(in[0]); }, {batch}}}},
      {"trace", "The sum of the diagonal.", {{"trace(x)", [](In in) { return trace(in[0]); }, {batch}}}},
      {"tril",
       "What lies on and below a diagonal.",
       {{"tril(x, 1)", [](In in) { return tril(in[0], 1); }, {batch}}}},
      {"triu",
       "What lies on and above a diagonal.",
       {{"triu(x)", [](In in) { return triu(in[0]); }, {batch}}}},
      {"inverse",
       "The solution of a x = 1.",
       {{"inverse(a)", [](In in) { return inverse(in[0]); }, {squares}}}},
      {"log_determinant",
       "Sign and log of the magnitude.",
       {{"log_determinant(a).logarithm", [](In in) { return log_determinant(in[0]).logarithm; }, {square}}}},
      {"qr",
       "Orthonormal columns q, and r = q^T a.",
       {{"qr(tall).q", [](In in) { return qr(in[0]).q; }, {tall}},
        {"qr(tall).r", [](In in) { return qr(in[0]).r; }, {tall}},
        {"qr(wide).q", [](In in) { return qr(in[0]).q; }, {wide}},
        {"qr(wide).r", [](In in) { return qr(in[0]).r; }, {wide}}}},
      {"lstsq",
       "r^-1 q^T b, or the shortest solution.",
       {{"lstsq(tall, vector)", [](In in) { return lstsq(in[0], in[1]); }, {tall, {{5}}}},
        {"lstsq(wide, matrix)", [](In in) { return lstsq(in[0], in[1]); }, {wide, {{3, 2}}}},
        {"lstsq(tall, vector, 1e-9)", [](In in) { return lstsq(in[0], in[1], 1e-9); }, {tall, {{5}}}},
        {"lstsq(wide, matrix, 1e-9)", [](In in) { return lstsq(in[0], in[1], 1e-9); }, {wide, {{3, 2}}}}}},
      {"svd",
       "Orthonormal u and vt with a = u diag(s) vt.",
       {{"svd(apart).u", [](In in) { return svd(in[0]).u; }, {apart}},
        {"svd(apart).s", [](In in) { return svd(in[0]).s; }, {apart}},
        {"svd(apart).vt", [](In in) { return svd(in[0]).vt; }, {apart}}}},
      {"matrix_rank",
       "How many singular values count.",
       {{"matrix_rank(tall)", [](In in) { return matrix_rank(in[0]); }, {tall}, "ranks are whole numbers"}}},
      {"einsum",
       "Sums of products by letters.",
       {{"einsum(\"ij,jk->ik\")", [](In in) { return einsum("ij,jk->ik", in); }, {matrix, other}},
        {"einsum(\"ii->i\")", [](In in) { return einsum("ii->i", in); }, {{{3, 3}}}},
        {"einsum(\"bij,bjk,k->b\")",
         [](In in) { return einsum("bij,bjk,k->b", in); },
         {batch, {{2, 4, 2}}, {{2}}}},
        {"einsum(\"...i,i\")", [](In in) { return einsum("...i,i", in); }, {batch, vector}}}},
  };
}

}  // namespace chainrule
