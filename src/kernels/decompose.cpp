#include "kernels/decompose.h"

// In a namespace of ours, so that what is set here changes nothing for a program that uses Eigen as well.
#define Eigen chainrule_eigen
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/QR>
#undef Eigen

namespace chainrule::kernels {
namespace {

namespace eigen = chainrule_eigen;
using Matrix = eigen::Matrix<double, eigen::Dynamic, eigen::Dynamic, eigen::RowMajor>;
using ConstMap = eigen::Map<const Matrix>;
using Map = eigen::Map<Matrix>;

/// Eigen sizes the blocks of its products after the caches of the machine, which would change the order of
/// additions from one machine to another.
void fix_block_sizes() {
  static const bool done = [] {
    eigen::setCpuCacheSizes(32 * 1024, 512 * 1024, 4 * 1024 * 1024);
    return true;
  }();
  static_cast<void>(done);
}

/// Whether a number among the diagonal is 0, or a part of the largest that is too small to tell from it.
template <class Diagonal>
bool has_zero(const Diagonal& diagonal, double tolerance) {
  if (diagonal.size() == 0) return false;
  const double largest = diagonal.cwiseAbs().maxCoeff();
  return diagonal.cwiseAbs().minCoeff() <= tolerance * largest;
}

}  // namespace

bool solve(const double* a, std::int64_t n, Triangle triangle, bool transposed, double rank_tolerance,
           const double* b, std::int64_t k, double* x) {
  fix_block_sizes();
  const ConstMap matrix(a, n, n);
  Map result(x, n, k);
  result = ConstMap(b, n, k);
  if (n == 0 || k == 0) return true;
  if (triangle != Triangle::none && has_zero(matrix.diagonal(), rank_tolerance)) return false;
  const bool lower = triangle == Triangle::lower;
  if (triangle == Triangle::none) {
    const eigen::PartialPivLU<Matrix> lu(matrix);
    if (has_zero(lu.matrixLU().diagonal(), rank_tolerance)) return false;
    const Matrix solution = transposed ? Matrix(lu.transpose().solve(result)) : Matrix(lu.solve(result));
    result = solution;
  } else if (transposed) {
    if (lower) {
      matrix.transpose().triangularView<eigen::Upper>().solveInPlace(result);
    } else {
      matrix.transpose().triangularView<eigen::Lower>().solveInPlace(result);
    }
  } else if (lower) {
    matrix.triangularView<eigen::Lower>().solveInPlace(result);
  } else {
    matrix.triangularView<eigen::Upper>().solveInPlace(result);
  }
  return true;
}

double determinant(const double* a, std::int64_t n) {
  fix_block_sizes();
  return n == 0 ? 1 : eigen::PartialPivLU<Matrix>(ConstMap(a, n, n)).determinant();
}

std::int64_t cholesky(const double* a, std::int64_t n, double* l) {
  fix_block_sizes();
  Map result(l, n, n);
  if (n == 0) return -1;
  // Eigen takes NaN for positive.
  const auto succeeds = [&](std::int64_t size) {
    const eigen::LLT<Matrix, eigen::Lower> llt(ConstMap(a, n, n).topLeftCorner(size, size));
    if (llt.info() != eigen::Success || !(llt.matrixLLT().diagonal().array() > 0).all()) return false;
    if (size == n) result = llt.matrixL();
    return true;
  };
  if (succeeds(n)) return -1;
  std::int64_t size = 1;
  while (size < n && succeeds(size)) ++size;
  return size;
}

void orthonormal_columns(const double* a, std::int64_t m, std::int64_t n, double* q) {
  fix_block_sizes();
  Map result(q, m, n);
  if (m == 0 || n == 0) return;
  const eigen::HouseholderQR<Matrix> decomposition(ConstMap(a, m, n));
  result = decomposition.householderQ() * Matrix::Identity(m, n);
  for (std::int64_t j = 0; j < n; ++j) {
    if (decomposition.matrixQR()(j, j) < 0) result.col(j) *= -1;
  }
}

}  // namespace chainrule::kernels
