#pragma once

#include <concepts>
#include <cstdint>

namespace chainrule {

template <class T, class... Ts>
concept OneOf = (std::same_as<T, Ts> || ...);

/// The C++ types that numbers are given and read in: float, double, bool, and the integers.
template <class T>
concept Numeric = OneOf<T, float, double, bool, signed char, unsigned char, short, unsigned short, int,
                        unsigned, long, unsigned long, long long, unsigned long long>;

/// A number as it was written, with all its digits: true, a whole number, or one with a fraction.
///
/// Numbers go into a dtype by one rule, here, in `cast` and in `to_vector`: to the nearest number that the
/// dtype has. A whole number beyond the range of an integer dtype becomes its least or largest one, a
/// fraction is cut off towards zero, and NaN becomes 0. Floating dtypes round to nearest, ties to even;
/// beyond their range is infinity. As a boolean whatever is not 0 is true, NaN too.
class Number {
 public:
  enum class Kind : std::uint8_t { truth, whole, real };

  template <std::same_as<bool> T>  // a template: nothing is converted to bool
  constexpr Number(T value) : whole_(value), kind_(Kind::truth) {}
  template <std::floating_point T>
  constexpr Number(T value) : real_(static_cast<double>(value)), kind_(Kind::real) {}
  /// An unsigned number beyond the largest std::int64_t counts as one with a fraction.
  template <std::integral T>
  requires(!std::same_as<T, bool>) constexpr Number(T value)
      : whole_(static_cast<std::int64_t>(value)), kind_(Kind::whole) {
    if (value > T(0) && whole_ < 0) *this = Number(static_cast<double>(value));
  }

  constexpr Kind kind() const { return kind_; }
  constexpr bool is_whole() const { return kind_ != Kind::real; }
  /// Exact unless is_whole() is false.
  constexpr std::int64_t whole() const { return is_whole() ? whole_ : static_cast<std::int64_t>(real_); }
  constexpr double real() const { return is_whole() ? static_cast<double>(whole_) : real_; }
  constexpr bool operator==(const Number& other) const {
    return is_whole() && other.is_whole() ? whole_ == other.whole_ : real() == other.real();
  }

 private:
  union {
    std::int64_t whole_;
    double real_;
  };
  Kind kind_;
};

}  // namespace chainrule
