#pragma once

#include <cstdint>

// Decompositions of one matrix, row-major, in f64, by Eigen. Their results depend on nothing but the numbers:
// Eigen runs on the calling thread, with SSE2 on any x86-64, and with blocks of a fixed size. Numbers near
// the ends of the range are first multiplied by powers of two, which changes no bit but keeps their squares
// and products within it: what comes out is right for numbers of any size.
namespace chainrule::kernels {

enum class Triangle : std::uint8_t { none, lower, upper };

/// x = op(a)^-1 b, where op is the transpose or nothing. Of a triangular matrix the other triangle is not
/// read.
/// @param a     n x n.
/// @param b, x  n x k; may be the same.
/// @param rank_tolerance  a diagonal element of a triangular matrix counts as 0 up to this part of the
/// largest
///                        number in its column.
/// @return  false, and x undefined, if a is singular.
bool solve(const double* a, std::int64_t n, Triangle triangle, bool transposed, double rank_tolerance,
           const double* b, std::int64_t k, double* x);

/// fraction 2^exponent: a number that may lie beyond the range of f64.
struct Scaled {
  double fraction = 0;
  std::int64_t exponent = 0;

  double value() const;
  /// Of its magnitude.
  double log() const;
};
/// With a fraction of magnitude in [0.5, 1), or 0, or not finite.
Scaled determinant(const double* a, std::int64_t n);

/// c = det(a) a^-T, n x n.
/// @return  false, and c undefined, if a is singular.
bool cofactors(const double* a, std::int64_t n, double* c);

/// l l^T = a, of which the lower triangle is read.
/// @return  -1, or the size of the first leading square that is not positive definite.
std::int64_t cholesky(const double* a, std::int64_t n, double* l);

/// q of a = q r, m x n for m >= n, where r has no negative number on its diagonal.
void orthonormal_columns(const double* a, std::int64_t m, std::int64_t n, double* q);

/// a = u diag(s) v^T for k = min(m, n): u m x k, s of k numbers that fall, v n x k. The first number of a
/// column of u with at least half its largest magnitude is positive. All NaN where a has a number that is not
/// finite.
void svd(const double* a, std::int64_t m, std::int64_t n, double* u, double* s, double* v);

/// p = v diag(1 / s) u^T, n x m, over those s above rcond times the first.
void pseudo_inverse(const double* u, const double* s, const double* v, std::int64_t m, std::int64_t n,
                    double rcond, double* p);

}  // namespace chainrule::kernels
