#include "write_png.h"

#include <png.h>

#include <limits>
#include <string>

#include "chainrule/error.h"

namespace chainrule::cli {

void write_png(const std::filesystem::path& path, const data::Image& image) {
  const auto fail = [&](const std::string& reason) -> FileError {
    return {70, "[data] " + path.string() + ": cannot be written: " + reason +
                    ". Check that the folder exists and has room."};
  };
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  if (image.height < 1 || image.width < 1 || image.height > kMost || image.width > kMost) {
    throw fail("a picture of " + std::to_string(image.height) + " x " + std::to_string(image.width) +
               " pixels");
  }
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.format = PNG_FORMAT_GRAY;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  if (!png_image_write_to_file(&png, path.c_str(), 0, image.pixels.data(), 0, nullptr))
    throw fail(png.message);
}

}  // namespace chainrule::cli
