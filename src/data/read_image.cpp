#include <algorithm>
#include <string_view>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "data/byte_source.h"
#include "data/picture.h"
#include "data/resize.h"

namespace chainrule::data {

void check_pixels(const std::string& path, std::int64_t height, std::int64_t width, std::size_t bytes,
                  std::int64_t most_each) {
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  if (height < 1 || width < 1 || height > kMost / width) {
    throw FileError(291, cat("[read_image] ", path, ": ", height, " x ", width,
                             " pixels; need 1 to 2^26 in all. Make it smaller first."));
  }
  if (height * width / most_each > static_cast<std::int64_t>(bytes)) {
    throw FileError(290, cat("[read_image] ", path, ": damaged: ", height, " x ", width,
                             " pixels cannot lie in ", bytes, " bytes. Fetch the file again."));
  }
}

namespace {

std::vector<std::uint8_t> bytes_of(const std::string& path) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 29;
  ByteSource source(path);
  std::vector<std::uint8_t> bytes;
  for (std::size_t got = 1; got > 0;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + (std::size_t{1} << 16));
    got = source.read(bytes.data() + before, bytes.size() - before);
    bytes.resize(before + got);
    if (bytes.size() > kMostBytes) {
      throw FileError(291, cat("[read_image] ", path, ": more than 512 MiB. Make it smaller first."));
    }
  }
  return bytes;
}

/// One channel, or all mixed to grey.
std::vector<float> plane_of(const Picture& picture, std::int64_t channel, bool grey) {
  std::vector<float> plane;
  plane.reserve(static_cast<std::size_t>(picture.height * picture.width));
  for (auto pixel = picture.numbers.begin(); pixel < picture.numbers.end(); pixel += picture.channels) {
    plane.push_back(grey && picture.channels == 3
                        ? std::min(0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2], 1.0f)
                        : pixel[std::min(channel, picture.channels - 1)]);
  }
  return plane;
}

}  // namespace

void check_size(const char* who, std::int64_t height, std::int64_t width) {
  constexpr std::int64_t kMostSide = 1 << 14;
  if (height >= 1 && width >= 1 && height <= kMostSide && width <= kMostSide) return;
  throw ValueError(292, cat("[", who, "] to ", height, " x ", width,
                            " pixels; need height and width from 1 to ", kMostSide, ", or neither."));
}

Picture decode_picture(const std::string& path) {
  const auto bytes = bytes_of(path);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                               std::min<std::size_t>(bytes.size(), 8));
  if (start == "\x89PNG\r\n\x1A\n") return decode_png(path, bytes);
  if (start.starts_with("\xFF\xD8\xFF")) return decode_jpeg(path, bytes);
  if (start.size() > 2 && start[0] == 'P' &&
      std::string_view("2356").find(start[1]) != std::string_view::npos) {
    return decode_pnm(path, bytes);
  }
  throw FileError(291, cat("[read_image] ", path, " is no PNG, JPEG, PGM or PPM file. Convert it to one."));
}

void write_planes(const Picture& picture, std::int64_t channels, std::int64_t height, std::int64_t width,
                  float* out) {
  const bool as_it_is = height == picture.height && width == picture.width;
  const Resizer resize(picture.height, picture.width, height, width);
  std::vector<float> lines;
  for (std::int64_t channel = 0; channel < channels; ++channel, out += height * width) {
    const std::vector<float> plane = plane_of(picture, channel, channels == 1);
    if (as_it_is) {
      std::copy(plane.begin(), plane.end(), out);
    } else {
      resize(plane.data(), out, lines);
    }
  }
}

Tensor read_image(const std::string& path, const ReadImageOptions& options) {
  const bool as_it_is = options.height == 0 && options.width == 0;
  if (!as_it_is) check_size("read_image", options.height, options.width);
  const Picture picture = decode_picture(path);
  const std::int64_t channels = options.grey ? 1 : picture.channels,
                     height = as_it_is ? picture.height : options.height,
                     width = as_it_is ? picture.width : options.width;
  std::vector<float> numbers(static_cast<std::size_t>(channels * height * width));
  write_planes(picture, channels, height, width, numbers.data());
  if (options.invert) {
    for (float& x : numbers) x = 1 - x;
  }
  return from_data(numbers, {1, channels, height, width});
}

}  // namespace chainrule::data
