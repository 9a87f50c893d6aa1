#include <algorithm>
#include <cmath>
#include <string_view>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "data/byte_source.h"
#include "data/picture.h"

namespace chainrule::data {

void check_pixels(const std::string& path, std::int64_t height, std::int64_t width) {
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  if (height < 1 || width < 1 || height > kMost / width) {
    throw FileError(291, cat("[read_image] ", path, ": ", height, " x ", width,
                             " pixels; need 1 to 2^26 in all. Make it smaller first."));
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

Picture decode(const std::string& path) {
  const auto bytes = bytes_of(path);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                               std::min<std::size_t>(bytes.size(), 8));
  if (start == "\x89PNG\r\n\x1A\n") return decode_png(path, bytes);
  if (start.size() > 2 && start[0] == 'P' &&
      std::string_view("2356").find(start[1]) != std::string_view::npos) {
    return decode_pnm(path, bytes);
  }
  throw FileError(291, cat("[read_image] ", path, " is no PNG, PGM or PPM file. Convert it to one."));
}

/// What each of `to` numbers takes of `from` numbers in a line: a triangle over them, as wide as two of the
/// coarser ones. f64, and a fixed order.
std::vector<float> resized_line(const std::vector<float>& from, std::int64_t to) {
  const auto count = static_cast<std::int64_t>(from.size());
  const double step = static_cast<double>(count) / static_cast<double>(to), reach = std::max(step, 1.0);
  std::vector<float> line;
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * step - 0.5;
    double sum = 0, weights = 0;
    const auto last = std::min(count - 1, static_cast<std::int64_t>(std::floor(centre + reach)));
    for (auto k = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(centre - reach))); k <= last;
         ++k) {
      const double weight = 1 - std::abs(static_cast<double>(k) - centre) / reach;
      sum += weight * static_cast<double>(from[static_cast<std::size_t>(k)]), weights += weight;
    }
    line.push_back(static_cast<float>(sum / weights));
  }
  return line;
}

/// A plane of numbers with other lengths of its lines, turned: rows become columns. Twice is another size.
std::vector<float> resized_turned(const std::vector<float>& plane, std::int64_t width, std::int64_t to) {
  const auto height = static_cast<std::int64_t>(plane.size()) / width;
  std::vector<float> turned(static_cast<std::size_t>(height * to));
  for (std::int64_t y = 0; y < height; ++y) {
    const std::vector<float> line =
        resized_line({plane.begin() + y * width, plane.begin() + (y + 1) * width}, to);
    for (std::int64_t x = 0; x < to; ++x) {
      turned[static_cast<std::size_t>(x * height + y)] = line[static_cast<std::size_t>(x)];
    }
  }
  return turned;
}

/// One channel, or all mixed to grey.
std::vector<float> plane_of(const Picture& picture, std::int64_t channel, bool grey) {
  std::vector<float> plane;
  plane.reserve(static_cast<std::size_t>(picture.height * picture.width));
  for (auto pixel = picture.numbers.begin(); pixel < picture.numbers.end(); pixel += picture.channels) {
    plane.push_back(grey && picture.channels == 3
                        ? std::min(0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2], 1.0f)
                        : pixel[channel]);
  }
  return plane;
}

}  // namespace

Tensor read_image(const std::string& path, const ReadImageOptions& options) {
  constexpr std::int64_t kMostSide = 1 << 14;
  const bool as_it_is = options.height == 0 && options.width == 0;
  if (!as_it_is &&
      (options.height < 1 || options.width < 1 || options.height > kMostSide || options.width > kMostSide)) {
    throw ValueError(292, cat("[read_image] to ", options.height, " x ", options.width,
                              " pixels; need height and width from 1 to ", kMostSide, ", or neither."));
  }
  const Picture picture = decode(path);
  const std::int64_t channels = options.grey ? 1 : picture.channels;
  std::vector<float> numbers;
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    std::vector<float> plane = plane_of(picture, channel, options.grey);
    if (!as_it_is)
      plane =
          resized_turned(resized_turned(plane, picture.width, options.width), picture.height, options.height);
    numbers.insert(numbers.end(), plane.begin(), plane.end());
  }
  if (options.invert) {
    for (float& x : numbers) x = 1 - x;
  }
  return from_data(numbers, {1, channels, as_it_is ? picture.height : options.height,
                             as_it_is ? picture.width : options.width});
}

}  // namespace chainrule::data
