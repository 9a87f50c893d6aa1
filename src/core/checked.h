#pragma once

#include <cstdint>

namespace chainrule {

/// A size in arithmetic that notices when it leaves the range of std::int64_t: whatever is made of a number
/// that did is too large as well. For sizes that callers can choose; the places where they end ask once.
class Checked {
 public:
  constexpr Checked(std::int64_t value) : value_(value) {}

  constexpr bool is_too_large() const { return is_too_large_; }
  /// Meaningless if it is too large.
  constexpr std::int64_t value() const { return value_; }

  friend constexpr Checked operator+(Checked a, Checked b) {
    return {a, b, [](auto... all) { return __builtin_add_overflow(all...); }};
  }
  friend constexpr Checked operator-(Checked a, Checked b) {
    return {a, b, [](auto... all) { return __builtin_sub_overflow(all...); }};
  }
  friend constexpr Checked operator*(Checked a, Checked b) {
    return {a, b, [](auto... all) { return __builtin_mul_overflow(all...); }};
  }

 private:
  template <class F>
  constexpr Checked(Checked a, Checked b, F overflows)
      : is_too_large_(a.is_too_large_ || b.is_too_large_ || overflows(a.value_, b.value_, &value_)) {}

  std::int64_t value_ = 0;
  bool is_too_large_ = false;
};

}  // namespace chainrule
