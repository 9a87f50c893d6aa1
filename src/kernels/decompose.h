#pragma once

#include <cstdint>

// Decompositions of one matrix, row-major, in f64, by Eigen. Their results depend on nothing but the numbers:
// Eigen runs on the calling thread, with SSE2 on any x86-64, and with blocks of a fixed size.
namespace chainrule::kernels {

enum class Triangle : std::uint8_t { none, lower, upper };

/// x = op(a)^-1 b, where op is the transpose or nothing. Of a triangular matrix the other triangle is not
/// read.
/// @param a     n x n.
/// @param b, x  n x k; may be the same.
/// @param rank_tolerance  a pivot (of a triangular matrix: a diagonal element) counts as 0 up to this part of
///                        the largest.
/// @return  false, and x undefined, if a is singular.
bool solve(const double* a, std::int64_t n, Triangle triangle, bool transposed, double rank_tolerance,
           const double* b, std::int64_t k, double* x);

double determinant(const double* a, std::int64_t n);

/// l l^T = a, of which the lower triangle is read.
/// @return  -1, or the size of the first leading square that is not positive definite.
std::int64_t cholesky(const double* a, std::int64_t n, double* l);

/// q of a = q r, m x n for m >= n, where r has no negative number on its diagonal.
void orthonormal_columns(const double* a, std::int64_t m, std::int64_t n, double* q);

}  // namespace chainrule::kernels
