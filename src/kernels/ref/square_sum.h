#pragma once

#include <cmath>
#include <concepts>

namespace chainrule::kernels {

/// A sum of squares of any numbers, for its root: those of large and of small ones are added up apart, times
/// powers of two that keep them in range (Blue 1978, "A Portable Fortran Program to Find the Euclidean Norm
/// of a Vector"). Infinite for infinite numbers, NaN where there is one.
class SquareSum {
 public:
  SquareSum() = default;
  explicit SquareSum(double x) {
    const double size = std::abs(x);
    if (size > kLarge) {
      large_ = square(size * kDown);
    } else if (size < kSmall) {
      small_ = square(size * kUp);
    } else {
      middle_ = square(x);  // of NaN, too
    }
  }
  friend SquareSum operator+(const SquareSum& a, const SquareSum& b) {
    SquareSum sum;
    sum.large_ = a.large_ + b.large_, sum.middle_ = a.middle_ + b.middle_, sum.small_ = a.small_ + b.small_;
    return sum;
  }

  /// The root.
  template <std::floating_point T>
  explicit operator T() const {
    if (large_ > 0) return static_cast<T>(std::sqrt(large_ + middle_ * kDown * kDown) / kDown);
    if (middle_ == 0) return static_cast<T>(std::sqrt(small_) / kUp);
    return static_cast<T>(std::sqrt(middle_ + small_ / kUp / kUp));
  }

 private:
  // Squares of numbers in between have all their digits, and 2^31 of them are finite.
  static constexpr double kLarge = 0x1p490, kDown = 0x1p-600, kSmall = 0x1p-400, kUp = 0x1p600;
  static double square(double x) { return x * x; }

  double large_ = 0, middle_ = 0, small_ = 0;
};

}  // namespace chainrule::kernels
