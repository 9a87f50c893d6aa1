#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace chainrule::io {

/// The value of an IEEE 754 binary16: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction. Exact.
inline float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, rest = half & 0x7FFFu;
  if (rest >= 0x7C00u) return std::bit_cast<float>(sign | 0x7F800000u | (rest & 0x3FFu) << 13);  // inf, NaN
  if (rest >= 0x400u) return std::bit_cast<float>(sign | ((rest << 13) + (112u << 23)));  // 112: 127 - 15
  return std::copysign(static_cast<float>(rest) * 0x1p-24f, std::bit_cast<float>(sign));
}

/// A bfloat16 is the upper half of an f32.
inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// The nearest binary16, of two as near the even one; infinite from 65520 on.
inline std::uint16_t to_half(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x), rest = bits & 0x7FFFFFFFu;
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  std::uint32_t half = 0;
  if (rest > 0x7F800000u) {
    half = 0x7E00u | (rest >> 13 & 0x3FFu);  // NaN, quiet
  } else if (rest >= 0x477FF000u) {          // 65520
    half = 0x7C00u;
  } else if (rest >= 0x38800000u) {  // 2^-14: half-way cases up if the last bit that stays is odd
    half = (rest - (112u << 23) + 0xFFFu + (rest >> 13 & 1u)) >> 13;
  } else {
    half = static_cast<std::uint32_t>(std::nearbyint(std::bit_cast<float>(rest) * 0x1p24f));
  }
  return static_cast<std::uint16_t>(sign | half);
}

}  // namespace chainrule::io
