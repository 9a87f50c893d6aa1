#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace chainrule::data {

/// A picture as its file has it: numbers in [0, 1], row by row, one or three (red, green, blue) a pixel.
struct Picture {
  std::int64_t height = 0, width = 0, channels = 1;
  std::vector<float> numbers;
};

/// @name By format. `path` is for messages.
/// @throws FileError  for a damaged file (E290), or one that is too large (E291).
/// @{
Picture decode_png(const std::string& path, std::span<const std::uint8_t> bytes);
/// P2, P3, P5 or P6.
Picture decode_pnm(const std::string& path, std::span<const std::uint8_t> bytes);
/// @}

/// @throws FileError  for more than 2^26 pixels (E291).
void check_pixels(const std::string& path, std::int64_t height, std::int64_t width);

}  // namespace chainrule::data
