#include "kernels/decompose.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/eigen-inl.h"

namespace chainrule::kernels {
namespace {

/// Multiplies row i by 2^by[i].
template <class M>
void shift_rows(M& x, const Shifts& by) {
  auto transposed = x.transpose();
  shift_columns(transposed, by);
}

/// A matrix whose columns lie between `low` and `high`, as powers of two, and what they were multiplied by.
struct Levelled {
  Matrix matrix;
  Shifts shifts;

  Levelled(const ConstMap& a, int low, int high) : matrix(a), shifts(static_cast<std::size_t>(a.cols())) {
    for (std::int64_t j = 0; j < a.cols(); ++j) {
      const int exponent = exponent_of(a.col(j));
      shifts[static_cast<std::size_t>(j)] = exponent < low    ? -exponent
                                            : exponent > high ? high - exponent
                                                              : 0;
    }
    shift_columns(matrix, shifts);
  }
};

/// For LU decompositions: they multiply numbers by others of at most 1, and add them up. That no row is
/// scaled leaves the choice of pivots as it is.
Levelled for_lu(const ConstMap& a) { return {a, -500, 900}; }
/// For what adds up squares.
Levelled for_squares(const ConstMap& a) { return {a, -400, 400}; }

/// x = t^-1 x. Eigen multiplies by the reciprocals of the diagonal, which are infinite for the smallest
/// numbers.
template <unsigned kMode, class T, class X>
void solve_triangle(const T& t, X& x) {
  constexpr double kUp = 0x1p100;
  if (t.diagonal().cwiseAbs().minCoeff() < 0x1p-1020) {
    const Matrix larger = kUp * t;
    larger.template triangularView<kMode>().solveInPlace(x);
    x *= kUp;
  } else {
    t.template triangularView<kMode>().solveInPlace(x);
  }
}

/// Whether a diagonal element is 0, or a part of its column's largest number that is too small to tell from
/// it.
bool is_singular(const ConstMap& a, bool lower, double tolerance) {
  for (std::int64_t j = 0; j < a.cols(); ++j) {
    const std::int64_t begin = lower ? j : 0, end = lower ? a.rows() : j + 1;
    double largest = 0;
    for (std::int64_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(a(i, j)));
    if (std::abs(a(j, j)) <= tolerance * largest) return true;
  }
  return false;
}

/// P a = L U with row exchanges, of a matrix with levelled columns.
class Lu {
 public:
  explicit Lu(const ConstMap& a) : levelled_(for_lu(a)), lu_(levelled_.matrix) {}

  bool is_singular() const { return (lu_.matrixLU().diagonal().array() == 0).any(); }

  /// x = a^-1 x.
  void solve(Matrix& x) const {
    x = (lu_.permutationP() * x).eval();
    lu_.matrixLU().template triangularView<eigen::UnitLower>().solveInPlace(x);
    solve_triangle<eigen::Upper>(lu_.matrixLU(), x);
    shift_rows(x, levelled_.shifts);
  }
  /// x = a^-T x.
  void solve_transposed(Matrix& x) const {
    shift_rows(x, levelled_.shifts);
    solve_levelled_transposed(x);
  }
  /// The same for the levelled matrix.
  void solve_levelled_transposed(Matrix& x) const {
    const auto transposed = lu_.matrixLU().transpose();
    solve_triangle<eigen::Lower>(transposed, x);
    transposed.template triangularView<eigen::UnitUpper>().solveInPlace(x);
    x = (lu_.permutationP().transpose() * x).eval();
  }

  Scaled determinant() const {
    Scaled product{static_cast<double>(lu_.permutationP().determinant()), 0};
    for (std::int64_t j = 0; j < lu_.rows(); ++j) {
      int exponent = 0;
      product.fraction = std::frexp(product.fraction * lu_.matrixLU()(j, j), &exponent);
      if (product.fraction == 0 || !std::isfinite(product.fraction)) return {product.fraction, 0};
      product.exponent += exponent - levelled_.shifts[static_cast<std::size_t>(j)];
    }
    return product;
  }

  const Shifts& shifts() const { return levelled_.shifts; }

 private:
  Levelled levelled_;
  eigen::PartialPivLU<Matrix> lu_;
};

}  // namespace

bool solve(const double* a, std::int64_t n, Triangle triangle, bool transposed, double rank_tolerance,
           const double* b, std::int64_t k, double* x) {
  fix_block_sizes();
  const ConstMap matrix(a, n, n);
  Map result(x, n, k);
  result = ConstMap(b, n, k);
  if (n == 0 || k == 0) return true;
  const bool lower = triangle == Triangle::lower;
  if (triangle == Triangle::none) {
    const Lu lu(matrix);
    if (lu.is_singular()) return false;
    Matrix solution = result;
    transposed ? lu.solve_transposed(solution) : lu.solve(solution);
    result = solution;
    return true;
  }
  if (is_singular(matrix, lower, rank_tolerance)) return false;
  const auto mirrored = matrix.transpose();
  if (transposed) {
    lower ? solve_triangle<eigen::Upper>(mirrored, result) : solve_triangle<eigen::Lower>(mirrored, result);
  } else {
    lower ? solve_triangle<eigen::Lower>(matrix, result) : solve_triangle<eigen::Upper>(matrix, result);
  }
  return true;
}

double Scaled::value() const {
  return std::ldexp(fraction, static_cast<int>(std::clamp<std::int64_t>(exponent, -5000, 5000)));
}

// Near 1 log(fraction) + exponent log(2) would cancel: there the fraction is taken above 1.
double Scaled::log() const {
  const bool low = std::abs(fraction) < std::sqrt(0.5);
  return std::log(std::abs(low ? 2 * fraction : fraction)) +
         static_cast<double>(low ? exponent - 1 : exponent) * std::log(2.0);
}

Scaled determinant(const double* a, std::int64_t n) {
  fix_block_sizes();
  return n == 0 ? Scaled{0.5, 1} : Lu(ConstMap(a, n, n)).determinant();
}

// With D the shifts: det(a) a^-T = det(a) (a D)^-T D.
bool cofactors(const double* a, std::int64_t n, double* c) {
  fix_block_sizes();
  if (n == 0) return true;
  const Lu lu(ConstMap(a, n, n));
  if (lu.is_singular()) return false;
  const Scaled determinant = lu.determinant();
  Matrix inverse = Matrix::Identity(n, n);
  lu.solve_levelled_transposed(inverse);
  Map result(c, n, n);
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = 0; i < n; ++i) {
      const Scaled element{determinant.fraction * inverse(i, j),
                           determinant.exponent + lu.shifts()[static_cast<std::size_t>(j)]};
      result(i, j) = element.value();
    }
  }
  return true;
}

// Row and column i are multiplied by one power of two where the diagonal is small, so that products of
// numbers of l, which are of its size, are not rounded away.
std::int64_t cholesky(const double* a, std::int64_t n, double* l) {
  fix_block_sizes();
  Map result(l, n, n);
  if (n == 0) return -1;
  Matrix matrix = ConstMap(a, n, n);
  Shifts shifts(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const int exponent = exponent_of(matrix.diagonal().segment(i, 1));
    shifts[static_cast<std::size_t>(i)] = exponent < -500 ? -exponent / 2 : 0;
  }
  shift_rows(matrix, shifts);
  shift_columns(matrix, shifts);
  // Eigen takes NaN for positive.
  const auto succeeds = [&](std::int64_t size) {
    const eigen::LLT<Matrix, eigen::Lower> llt(matrix.topLeftCorner(size, size));
    if (llt.info() != eigen::Success || !(llt.matrixLLT().diagonal().array() > 0).all()) return false;
    if (size == n) result = llt.matrixL();
    return true;
  };
  if (succeeds(n)) {
    for (int& shift : shifts) shift = -shift;
    shift_rows(result, shifts);
    return -1;
  }
  std::int64_t size = 1;
  while (size < n && succeeds(size)) ++size;
  return size;
}

// Multiplying a's columns leaves q as it is.
void orthonormal_columns(const double* a, std::int64_t m, std::int64_t n, double* q) {
  fix_block_sizes();
  Map result(q, m, n);
  if (m == 0 || n == 0) return;
  const eigen::HouseholderQR<Matrix> decomposition(for_squares(ConstMap(a, m, n)).matrix);
  result = decomposition.householderQ() * Matrix::Identity(m, n);
  for (std::int64_t j = 0; j < n; ++j) {
    if (decomposition.matrixQR()(j, j) < 0) result.col(j) *= -1;
  }
}

}  // namespace chainrule::kernels
