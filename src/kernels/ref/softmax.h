#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace chainrule::kernels {

/// The sum of exp(z) of one row by plain loops: the reference. Shifted by the maximum, so that nothing
/// overflows (Goodfellow et al. 2016, section 4.1).
class ExpSum {
 public:
  template <class T>
  ExpSum(const T* z, std::int64_t length) {
    for (std::int64_t j = 0; j < length; ++j) {
      const auto number = static_cast<double>(z[j]);
      if (number > top_ || std::isnan(number)) top_ = number;
    }
    for (std::int64_t j = 0; j < length; ++j) sum_ += std::exp(static_cast<double>(z[j]) - top_);
  }

  /// The largest number, or a NaN; -infinity of none.
  double top() const { return top_; }
  /// The logarithm of the sum is top() + log(); an infinite or NaN top() says all.
  double log() const { return std::isfinite(top_) ? std::log(sum_) : 0; }
  /// exp(z) / sum.
  template <class T>
  double share(T z) const {
    return std::exp(static_cast<double>(z) - top_) / sum_;
  }

 private:
  double top_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
};

}  // namespace chainrule::kernels
