#include "write_png.h"

#include <fmt/format.h>
#include <png.h>

#include <limits>

#include "chainrule/error.h"
#include "chainrule/io.h"

namespace chainrule::cli {

void write_png(const std::string& path, const data::Image& image) {
  const auto fail = [&](const std::string& reason) {
    return FileError(83, fmt::format("[write] {}: {}. Draw a smaller picture.", path, reason));
  };
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  if (image.height < 1 || image.width < 1 || image.height > kMost || image.width > kMost) {
    throw fail(fmt::format("a picture of {} x {} pixels", image.height, image.width));
  }
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  // In memory: libpng's writer of files removes what it could not write, be it a device.
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr)) {
    throw fail(png.message);
  }
  bytes.resize(size);
  io::replace_file(path, bytes);
}

}  // namespace chainrule::cli
