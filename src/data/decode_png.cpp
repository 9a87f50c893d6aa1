#include <png.h>

#include "chainrule/error.h"
#include "core/text.h"
#include "data/picture.h"

namespace chainrule::data {
namespace {

/// Frees what libpng holds, also when something is thrown.
struct Png {
  png_image image{};
  Png() { image.version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(&image); }
};

}  // namespace

Picture decode_png(const std::string& path, std::span<const std::uint8_t> bytes) {
  Png png;
  const auto damaged = [&] {
    return FileError(
        290, cat("[read_image] ", path, ": damaged PNG: ", png.image.message, ". Fetch the file again."));
  };
  if (!png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size())) throw damaged();
  constexpr std::int64_t kMostEach = 1032 * 8;  // deflate's best case, and pixels of one bit
  check_pixels(path, png.image.height, png.image.width, bytes.size(), kMostEach);
  const bool colour = (png.image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png.image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(png.image));
  const png_color white{255, 255, 255};
  if (!png_image_finish_read(&png.image, &white, pixels.data(), 0, nullptr)) throw damaged();

  Picture picture{png.image.height, png.image.width, colour ? 3 : 1, {}};
  picture.numbers.reserve(pixels.size());
  for (const std::uint8_t byte : pixels) picture.numbers.push_back(static_cast<float>(byte) / 255);
  return picture;
}

}  // namespace chainrule::data
