#include "io/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace chainrule::io {
namespace {

/// IEEE 754-2019, 3.4: sign, exponent with bias 15, fraction of 10 bits.
double value_of(unsigned half) {
  const double sign = half & 0x8000 ? -1 : 1;
  const int exponent = static_cast<int>(half >> 10 & 31);
  const double fraction = (half & 0x3FF) / 1024.0;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15));
}

TEST(Half, HasTheValueOfItsBits) {
  for (unsigned half = 0; half < 0x10000; ++half) {
    const float x = from_half(static_cast<std::uint16_t>(half));
    const double expected = value_of(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(x)) << half;
      EXPECT_EQ(to_half(x) | 0x200, half | 0x200) << half;  // made quiet
    } else {
      EXPECT_EQ(static_cast<double>(x), expected) << half;
      EXPECT_EQ(std::signbit(x), (half & 0x8000) != 0) << half;
      EXPECT_EQ(to_half(x), half);
    }
  }
}

TEST(Half, IsTheNearestAndOfTwoTheEven) {
  for (unsigned half = 0; half < 0x7BFF; ++half) {  // neighbours, both finite
    const double low = value_of(half), high = value_of(half + 1), middle = (low + high) / 2;
    const auto at = static_cast<float>(middle);
    ASSERT_EQ(static_cast<double>(at), middle);
    EXPECT_EQ(to_half(at), half + (half & 1)) << half;
    EXPECT_EQ(to_half(std::nextafter(at, 0.0f)), half) << half;
    EXPECT_EQ(to_half(std::nextafter(at, 1e9f)), half + 1) << half;
    EXPECT_EQ(to_half(-at), 0x8000u | (half + (half & 1))) << half;
  }
  EXPECT_EQ(to_half(65519.996f), 0x7BFF);
  EXPECT_EQ(to_half(65520.0f), 0x7C00);
  EXPECT_EQ(to_half(std::numeric_limits<float>::max()), 0x7C00);
  EXPECT_EQ(to_half(std::numeric_limits<float>::denorm_min()), 0);
}

TEST(Half, Bfloat16IsTheUpperHalf) {
  EXPECT_EQ(from_bfloat16(0x3F80), 1.0f);
  EXPECT_EQ(from_bfloat16(0xC049), -3.140625f);  // 1.5703125 * 2
  EXPECT_TRUE(std::isnan(from_bfloat16(0x7FC0)));
}

}  // namespace
}  // namespace chainrule::io
