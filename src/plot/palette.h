#pragma once

#include <cstdint>

namespace chainrule::plot {

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
};
/// Colors that people with each kind of colour blindness tell apart   (Okabe and Ito 2008), as they look on a
/// light page, and on a dark one. The last is a grey.
struct Color {
  Rgb light, dark;
};
inline constexpr Color kPalette[] = {
    {{0, 114, 178}, {86, 180, 233}},    {{213, 94, 0}, {255, 145, 77}},  {{0, 140, 105}, {46, 200, 155}},
    {{178, 90, 145}, {232, 160, 204}},  {{176, 122, 0}, {240, 190, 70}}, {{60, 150, 205}, {150, 210, 245}},
    {{110, 110, 110}, {185, 185, 185}},
};
inline constexpr int kColors = sizeof(kPalette) / sizeof(kPalette[0]);

}  // namespace chainrule::plot
