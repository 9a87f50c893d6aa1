#pragma once

#include <cstdint>

#include "data/digit_hand.h"

namespace chainrule::data {

inline constexpr int kDigitSize = 28;

/// Draws a written digit into a 28 x 28 image, ink 255 on 0, its centre of mass in the middle.
void draw_digit(const WrittenDigit& digit, std::uint8_t* image);

}  // namespace chainrule::data
