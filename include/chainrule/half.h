#pragma once

#include <bit>
#include <cstdint>

namespace chainrule {

/// The bits of the nearest number with so many bits of exponent and of fraction, as IEEE 754 lays them out;
/// of two as near the even one, beyond the range infinity. NaN stays NaN.
template <int exponent_bits, int fraction_bits>
constexpr std::uint16_t nearest_bits(double x) {
  constexpr int kBias = (1 << (exponent_bits - 1)) - 1, kDropped = 52 - fraction_bits;
  constexpr std::uint64_t kInfinite = ((std::uint64_t{1} << exponent_bits) - 1) << fraction_bits;
  constexpr std::uint64_t kLeastNormal = static_cast<std::uint64_t>(1023 - kBias + 1) << 52;
  constexpr double kStepsInOne = std::bit_cast<double>(
      static_cast<std::uint64_t>(1023 + kBias - 1 + fraction_bits) << 52);  // of the numbers below the normal
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t rest = bits & ~(std::uint64_t{1} << 63);
  std::uint64_t found = kInfinite;
  if (rest > std::uint64_t{0x7FF} << 52) {
    found |= std::uint64_t{1} << (fraction_bits - 1) | (rest >> kDropped & (kInfinite ^ 0x7FFF));
  } else if (rest < kLeastNormal) {
    // From 2^52 on a double has no fraction: the sum rounds to a whole number of steps.
    found = std::bit_cast<std::uint64_t>(std::bit_cast<double>(rest) * kStepsInOne + 0x1p52) -
            std::bit_cast<std::uint64_t>(0x1p52);
  } else {
    const std::uint64_t exponent = static_cast<std::uint64_t>(1023 - kBias) << 52;
    const std::uint64_t is_odd = rest >> kDropped & 1;
    const std::uint64_t up = ((std::uint64_t{1} << (kDropped - 1)) - 1) + is_odd;
    const std::uint64_t rounded = (rest - exponent + up) >> kDropped;
    if (rounded < kInfinite) found = rounded;
  }
  return static_cast<std::uint16_t>(found | bits >> 63 << 15);
}

/// An element of an f16 tensor, IEEE 754's binary16: 11 bits of precision, 6e-8 to 65504.
struct Float16 {
  std::uint16_t bits = 0;

  static constexpr Float16 nearest(double x) { return {nearest_bits<5, 10>(x)}; }
  /// Exact.
  constexpr operator float() const {
    const std::uint32_t sign = (bits & 0x8000u) << 16, rest = bits & 0x7FFFu;
    if (rest >= 0x7C00u) return std::bit_cast<float>(sign | 0x7F800000u | (rest & 0x3FFu) << 13);  // inf, NaN
    if (rest >= 0x400u) return std::bit_cast<float>(sign | ((rest << 13) + (112u << 23)));  // 112: 127 - 15
    const float below_normal = static_cast<float>(rest) * 0x1p-24f;
    return sign != 0 ? -below_normal : below_normal;
  }
};

/// An element of a bf16 tensor, the upper half of an f32: 8 bits of precision, the range of f32.
struct BFloat16 {
  std::uint16_t bits = 0;

  static constexpr BFloat16 nearest(double x) { return {nearest_bits<8, 7>(x)}; }
  /// Exact.
  constexpr operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

}  // namespace chainrule
