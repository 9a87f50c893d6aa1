// f16 and bf16: every value there and back, and rounding against a search among the values themselves.
#include "chainrule/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/ops.h"

namespace chainrule {
namespace {

/// IEEE 754-2019, 3.4: sign, exponent, fraction. bfloat16 is laid out in the same way, with other widths.
double value_of(unsigned bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = static_cast<int>((bits & 0x7FFF) >> fraction_bits);
  const double fraction = std::ldexp(bits & ((1u << fraction_bits) - 1), -fraction_bits);
  if (exponent == (1 << exponent_bits) - 1) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias));
}

template <class T>
constexpr int kExponentBits = std::is_same_v<T, Float16> ? 5 : 8;

template <class T>
class HalfTest : public ::testing::Test {};
using Halves = ::testing::Types<Float16, BFloat16>;
TYPED_TEST_SUITE(HalfTest, Halves);

TYPED_TEST(HalfTest, HasTheValueOfItsBitsAndComesBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const TypeParam half{static_cast<std::uint16_t>(bits)};
    const float x = half;
    const double expected = value_of(bits, kExponentBits<TypeParam>);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(x)) << bits;
      ASSERT_TRUE(std::isnan(static_cast<float>(TypeParam::nearest(x)))) << bits;
      ASSERT_EQ(TypeParam::nearest(x).bits & 0x8000, bits & 0x8000) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(x), expected) << bits;
      ASSERT_EQ(std::signbit(x), (bits & 0x8000) != 0) << bits;
      ASSERT_EQ(TypeParam::nearest(x).bits, bits);
    }
  }
}

TYPED_TEST(HalfTest, IsTheNearestAndOfTwoTheEven) {
  constexpr int kBits = kExponentBits<TypeParam>;
  constexpr unsigned kInfinite = ((1u << kBits) - 1) << (15 - kBits);
  for (unsigned bits = 0; bits < kInfinite; ++bits) {
    const double low = value_of(bits, kBits);
    // What would be next to the largest one, were there no end.
    const double high =
        bits + 1 < kInfinite ? value_of(bits + 1, kBits) : 2 * low - value_of(bits - 1, kBits);
    const double middle = (low + high) / 2;  // exact: one bit more
    ASSERT_EQ(TypeParam::nearest(middle).bits, bits + (bits & 1)) << bits;
    ASSERT_EQ(TypeParam::nearest(std::nextafter(middle, 0.0)).bits, bits) << bits;
    ASSERT_EQ(TypeParam::nearest(std::nextafter(middle, INFINITY)).bits, bits + 1) << bits;
    ASSERT_EQ(TypeParam::nearest(-middle).bits, 0x8000u | (bits + (bits & 1))) << bits;
    ASSERT_EQ(TypeParam::nearest(std::nextafter(-middle, 0.0)).bits, 0x8000u | bits) << bits;
  }
  EXPECT_EQ(TypeParam::nearest(std::numeric_limits<double>::max()).bits, kInfinite);
  EXPECT_EQ(TypeParam::nearest(std::numeric_limits<double>::denorm_min()).bits, 0);
  EXPECT_EQ(TypeParam::nearest(-std::numeric_limits<double>::denorm_min()).bits, 0x8000);
}

TEST(Half, KnownNumbers) {
  // IEEE 754's binary16: 65504 is the largest, 2^-14 the least normal, 2^-24 the least above 0.
  EXPECT_EQ(Float16::nearest(1).bits, 0x3C00);
  EXPECT_EQ(Float16::nearest(65504).bits, 0x7BFF);
  EXPECT_EQ(Float16::nearest(65519.999).bits, 0x7BFF);
  EXPECT_EQ(Float16::nearest(65520).bits, 0x7C00);
  EXPECT_EQ(Float16::nearest(0x1p-14).bits, 0x0400);
  EXPECT_EQ(Float16::nearest(0x1p-24).bits, 0x0001);
  EXPECT_EQ(Float16::nearest(0x1p-25).bits, 0x0000);
  EXPECT_EQ(static_cast<float>(BFloat16{0x3F80}), 1.0f);
  EXPECT_EQ(static_cast<float>(BFloat16{0xC049}), -3.140625f);  // 1.5703125 * 2
}

TEST(Half, RoundsOnceFromEveryDType) {
  // Just above half-way between 1 and 1 + 2^-10: f32 would round it to half-way, and that to 1.
  const double x = 1 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(cast(scalar(x, f64), f16).item(), 1 + 0x1p-10);
  EXPECT_EQ(cast(cast(scalar(x, f64), f32), f16).item(), 1);
  // The same for whole numbers: a double has 53 bits, this one has 63.
  const std::int64_t whole = (std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1;
  EXPECT_EQ(cast(tensor({whole}, i64), bf16).item(), 0x1p62 + 0x1p55);
  EXPECT_EQ(cast(tensor({-whole}, i64), bf16).item(), -0x1p62 - 0x1p55);
  EXPECT_EQ(cast(tensor({whole - 1}, i64), bf16).item(), 0x1p62);
  EXPECT_EQ(cast(tensor({std::numeric_limits<std::int64_t>::min()}, i64), bf16).item(), -0x1p63);
  EXPECT_EQ(tensor({whole}, bf16).item(), 0x1p62 + 0x1p55);
}

}  // namespace
}  // namespace chainrule
