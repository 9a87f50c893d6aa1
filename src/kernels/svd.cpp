#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/decompose.h"
#include "kernels/eigen-inl.h"

namespace chainrule::kernels {

// A power of two before, so that neither the range's ends nor Eigen's own scale cost a digit.
void svd(const double* a, std::int64_t m, std::int64_t n, double* u, double* s, double* v) {
  fix_block_sizes();
  const std::int64_t k = std::min(m, n);
  Map left(u, m, k), right(v, n, k);
  eigen::Map<eigen::VectorXd> values(s, k);
  if (k == 0) return;
  Matrix matrix = ConstMap(a, m, n);
  if (!matrix.allFinite()) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    left.setConstant(kNaN), right.setConstant(kNaN), values.setConstant(kNaN);
    return;
  }
  const int exponent = exponent_of(matrix.reshaped());
  shift_columns(matrix, Shifts(static_cast<std::size_t>(n), -exponent));
  const eigen::BDCSVD<Matrix> decomposition(matrix, eigen::ComputeThinU | eigen::ComputeThinV);
  left = decomposition.matrixU();
  right = decomposition.matrixV();
  values = decomposition.singularValues();
  for (double& value : values) value = std::ldexp(value, exponent);
  for (std::int64_t j = 0; j < k; ++j) {
    const double enough = 0.5 * left.col(j).cwiseAbs().maxCoeff();
    std::int64_t i = 0;
    while (std::abs(left(i, j)) < enough) ++i;
    if (left(i, j) < 0) left.col(j) *= -1, right.col(j) *= -1;
  }
}

void pseudo_inverse(const double* u, const double* s, const double* v, std::int64_t m, std::int64_t n,
                    double rcond, double* p) {
  fix_block_sizes();
  const std::int64_t k = std::min(m, n);
  Map result(p, n, m);
  if (k == 0) return;
  Matrix scaled = ConstMap(v, n, k);
  for (std::int64_t j = 0; j < k; ++j) {
    if (s[j] <= rcond * s[0]) {  // not for NaN, which stays
      scaled.col(j).setZero();
    } else {
      scaled.col(j) /= s[j];
    }
  }
  result = scaled * ConstMap(u, m, k).transpose();
}

}  // namespace chainrule::kernels
