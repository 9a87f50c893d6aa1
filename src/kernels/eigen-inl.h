// What the files with matrix decompositions share: Eigen under a name of ours, so that what is set here
// changes nothing for a program that uses Eigen as well.
#pragma once

#include <cassert>
#include <string_view>

#include "core/interruption.h"

namespace chainrule::kernels {
/// Whether Eigen asserts something in this file once a product, or once a block of one.
constexpr bool is_of_products(std::string_view file) {
  return file.ends_with("/Core/Product.h") || file.ends_with("/GeneralBlockPanelKernel.h");
}
/// Between two products of a decomposition, which takes long for a large matrix, and can be ended here.
inline void between_products() {
  static constinit thread_local unsigned count = 0;
  if (interruption != nullptr && (++count & 7) == 0) ask_interruption();
}
}  // namespace chainrule::kernels
#define eigen_assert(...)                                                                               \
  (assert((__VA_ARGS__)), [] {                                                                          \
    if constexpr (chainrule::kernels::is_of_products(__FILE__)) chainrule::kernels::between_products(); \
  }())
#define Eigen chainrule_eigen
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#undef Eigen

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace chainrule::kernels {

namespace eigen = chainrule_eigen;
using Matrix = eigen::Matrix<double, eigen::Dynamic, eigen::Dynamic, eigen::RowMajor>;
using ConstMap = eigen::Map<const Matrix>;
using Map = eigen::Map<Matrix>;

/// Eigen sizes the blocks of its products after the caches of the machine, which would change the order of
/// additions from one machine to another.
inline void fix_block_sizes() {
  static const bool done = [] {
    eigen::setCpuCacheSizes(32 * 1024, 512 * 1024, 4 * 1024 * 1024);
    return true;
  }();
  static_cast<void>(done);
}

using Shifts = std::vector<int>;

/// e with the largest magnitude of some numbers in [2^(e-1), 2^e); 0 where it is 0 or not finite.
template <class Numbers>
int exponent_of(const Numbers& numbers) {
  double largest = 0;
  for (std::int64_t i = 0; i < numbers.size(); ++i) largest = std::max(largest, std::abs(numbers(i)));
  int exponent = 0;
  if (largest > 0 && std::isfinite(largest)) std::frexp(largest, &exponent);
  return exponent;
}

/// Multiplies column j by 2^by[j].
template <class M>
void shift_columns(M& x, const Shifts& by) {
  for (std::int64_t j = 0; j < x.cols(); ++j) {
    const int shift = by[static_cast<std::size_t>(j)];
    if (shift == 0) continue;
    for (std::int64_t i = 0; i < x.rows(); ++i) x(i, j) = std::ldexp(x(i, j), shift);
  }
}

}  // namespace chainrule::kernels
