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

/// A picture from a file, its format told by content.
/// @throws FileError  as read_image.
Picture decode_picture(const std::string& path);

/// The picture in its places in a tensor, (channels, height, width): colours mixed to grey or grey repeated,
/// and brought to this size.
/// @param out  channels x height x width numbers.
void write_planes(const Picture& picture, std::int64_t channels, std::int64_t height, std::int64_t width,
                  float* out);

/// @throws ValueError  for a size that no picture is brought to (E292).
void check_size(const char* who, std::int64_t height, std::int64_t width);

/// @name By format. `path` is for messages.
/// @throws FileError  for a damaged file (E290), or one that is too large or of a kind that is not read
/// (E291).
/// @{
Picture decode_png(const std::string& path, std::span<const std::uint8_t> bytes);
/// P2, P3, P5 or P6.
Picture decode_pnm(const std::string& path, std::span<const std::uint8_t> bytes);
Picture decode_jpeg(const std::string& path, std::span<const std::uint8_t> bytes);
/// @}

/// @param bytes      of the file.
/// @param most_each  pixels that a byte of this format can stand for.
/// @throws FileError  for more than 2^26 pixels (E291), or more than the file can hold (E290).
void check_pixels(const std::string& path, std::int64_t height, std::int64_t width, std::size_t bytes,
                  std::int64_t most_each);

}  // namespace chainrule::data
