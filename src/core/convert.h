#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "chainrule/number.h"

namespace chainrule {

/// A number in another type, by the rule that stands at Number. (C++ leaves what is out of range undefined.)
template <class Y, class X>
Y convert(X x) {
  if constexpr (std::is_same_v<X, Number>) {
    return x.is_whole() ? convert<Y>(x.whole()) : convert<Y>(x.real());
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
