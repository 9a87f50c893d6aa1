#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "chainrule/tensor.h"

// Linear algebra beyond matmul. Matrices are the last two axes; axes before them are a batch. Products and
// parts of matrices of integers are integers, exact; elsewhere integers become f64. Decompositions compute in
// f64 whatever the dtype, and take numbers of any size: also those whose squares or determinant are out of
// range. Each has its derivatives as graph, to any order.
namespace chainrule {

/// @name Products and parts of matrices
/// @{
/// NumPy's dot: the sum of products for two vectors, the matrix product for two matrices, a product for a
/// scalar; else the sum over a's last and b's second-last axis.
/// @throws ShapeError  if the sizes differ (E012).
Tensor dot(const Tensor& a, const Tensor& b, Location where = Location::current());
/// All products of an element of a and one of b: shape (a.numel(), b.numel()).
Tensor outer(const Tensor& a, const Tensor& b, Location where = Location::current());
/// Einstein's summation, as NumPy's einsum:  einsum("ij,jk->ik", {a, b}).
///
/// A letter for each axis; letters that the output lacks are summed over. Without "->" the output has the
/// letters that stand once, in alphabetical order. A letter twice in one operand takes its diagonal; "..."
/// stands for any further axes, which broadcast. Operands are multiplied from left to right, by matmul where
/// something is summed.
/// @throws ValueError  for an equation that cannot be read (E115).
/// @throws ShapeError  if it does not fit the operands (E116).
Tensor einsum(std::string_view equation, std::span<const Tensor> operands,
              Location where = Location::current());
Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands,
              Location where = Location::current());
/// The elements (i, i) of the last two axes: shape (..., min(M, N)).
Tensor diagonal(const Tensor& x, Location where = Location::current());
/// The sum of the diagonal.
Tensor trace(const Tensor& x, Location where = Location::current());
/// 1 on the diagonal, else 0: shape (rows, columns), or square.
Tensor eye(std::int64_t rows, std::int64_t columns = -1, DType dtype = f32,
           Location where = Location::current());
/// What lies on and below the k-th diagonal, or on and above it; the rest is 0.
Tensor tril(const Tensor& x, std::int64_t k = 0, Location where = Location::current());
Tensor triu(const Tensor& x, std::int64_t k = 0, Location where = Location::current());
/// @}

/// @name Square matrices
/// @throws ShapeError  for matrices that are not square or do not fit (E111).
/// @{
/// x with a x = b, by LU decomposition with row exchanges.
/// @param a  shape (..., N, N).
/// @param b  shape (N), a vector, or (..., N, K); the batches broadcast.
/// @throws ValueError  when evaluated, if a matrix is singular: names the first (E112).
Tensor solve(const Tensor& a, const Tensor& b, Location where = Location::current());
/// The inverse of each matrix (..., N, N). Errors: see solve, which costs less where it is only to be
/// multiplied with.
Tensor inverse(const Tensor& a, Location where = Location::current());
/// Of a 0 x 0 matrix: 1. Its gradient is det(a) a^-T: where a is singular, an error (E112).
Tensor determinant(const Tensor& a, Location where = Location::current());
struct SignAndLog {
  Tensor sign, logarithm;
};
/// Sign and logarithm of the determinant's magnitude, which itself may be out of range; of a singular matrix
/// 0 and -infinity. The sign has no gradient (E032), that of the logarithm is a^-T: where a is singular, an
/// error (E112).
SignAndLog log_determinant(const Tensor& a, Location where = Location::current());
/// L, lower triangular with a positive diagonal, with L L^T = (a + a^T) / 2: a itself if it is symmetric. The
/// gradient is symmetric.
/// @throws ValueError  when evaluated, if a matrix is not positive definite (E113).
Tensor cholesky(const Tensor& a, Location where = Location::current());
/// @}

/// @name Any matrices
/// @{
struct QR {
  Tensor q, r;
};
/// a = q r with orthonormal columns in q, shape (..., M, K), and r upper triangular, shape (..., K, N), K =
/// min(M, N), with a diagonal that is not negative: so that there is one answer. Where one of a's first K
/// columns depends on those before it, but for rounding, it has no derivative (E112).
QR qr(const Tensor& a, Location where = Location::current());
/// x with the least |a x - b|, and if there are many, of those the least |x|.
/// @param a  shape (..., M, N), of full rank: no column (row, if there are fewer) depends on those before it,
/// but for
///           rounding.
/// @param b  shape (M), a vector, or (..., M, K).
/// @throws ShapeError  if the rows differ (E111).
/// @throws ValueError  when evaluated, if a has not full rank (E112).
Tensor lstsq(const Tensor& a, const Tensor& b, Location where = Location::current());
struct SVD {
  Tensor u, s, vt;
};
/// a = u diag(s) vt with orthonormal columns in u, shape (..., M, K), and rows in vt, shape (..., K, N), K =
/// min(M, N); s, shape (..., K), falls from the largest to the smallest and is not negative. So that there is
/// one answer, the first element of a column of u with at least half its largest magnitude is positive.
///
/// s alone has first derivatives everywhere: of equal values those of their sum, of 0 a subgradient. Vectors,
/// and second derivatives, have none where singular values are equal or 0, but for rounding (E112).
SVD svd(const Tensor& a, Location where = Location::current());
/// @}

/// @name Any matrices, of any rank
/// Singular values up to `rcond` times the largest count as 0; of a negative rcond, up to what rounding makes
/// of 0: max(M, N) times the distance from 1 to the next number of the dtype. Derivatives are those among
/// matrices of the same rank, with zeros for the values that count as 0: rank itself jumps.
/// @{
/// The number of singular values that count, i64.
Tensor matrix_rank(const Tensor& a, double rcond = -1, Location where = Location::current());
/// The matrix p of shape (..., N, M) with a p a = a and p a p = p for which a p and p a are symmetric: Moore
/// and Penrose's.
Tensor pseudo_inverse(const Tensor& a, double rcond = -1, Location where = Location::current());
/// x with the least |a x - b|, and of those the least |x|, as NumPy's lstsq; costs more than the one above.
/// @throws ShapeError  if the rows differ (E111).
Tensor lstsq(const Tensor& a, const Tensor& b, double rcond, Location where = Location::current());
/// @}

}  // namespace chainrule
