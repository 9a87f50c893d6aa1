#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "chainrule/half.h"
#include "chainrule/number.h"

namespace chainrule {

template <class T>
concept Half = OneOf<T, Float16, BFloat16>;

/// A whole number as a double that rounds as it does to any type of fewer than 52 bits: what a double cannot
/// hold is left as one bit that says that there was more.
template <class X>
double rounded_once(X x) {
  if constexpr (std::is_same_v<X, std::int64_t>) {
    const bool is_negative = x < 0;
    const std::uint64_t size =
        is_negative ? 0 - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
    if (size >> 53 != 0) {
      const double near = static_cast<double>((size >> 12 | ((size & 0xFFF) != 0 ? 1 : 0)) << 12);
      return is_negative ? -near : near;
    }
  }
  return static_cast<double>(x);
}

/// A number in another type, by the rule that stands at Number. (C++ leaves what is out of range undefined.)
template <class Y, class X>
Y convert(X x) {
  if constexpr (std::is_same_v<X, Number>) {
    return x.is_whole() ? convert<Y>(x.whole()) : convert<Y>(x.real());
  } else if constexpr (Half<X>) {
    return convert<Y>(static_cast<float>(x));
  } else if constexpr (Half<Y>) {
    return Y::nearest(rounded_once(x));
  } else if constexpr (std::is_same_v<Y, bool>) {
    return x != X(0);
  } else if constexpr (std::is_floating_point_v<Y> || std::is_same_v<X, bool>) {
    return static_cast<Y>(x);
  } else if constexpr (std::is_floating_point_v<X>) {
    constexpr double kLow = static_cast<double>(std::numeric_limits<Y>::min());
    constexpr double kHigh = static_cast<double>(std::numeric_limits<Y>::max());
    const double wide = static_cast<double>(x);
    if (!(wide > kLow)) return std::isnan(wide) ? Y(0) : std::numeric_limits<Y>::min();
    return wide >= kHigh ? std::numeric_limits<Y>::max() : static_cast<Y>(wide);
  } else {
    if (std::in_range<Y>(x)) return static_cast<Y>(x);
    return x < X(0) ? std::numeric_limits<Y>::min() : std::numeric_limits<Y>::max();
  }
}

}  // namespace chainrule
