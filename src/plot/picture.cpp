// Pictures of numbers, and PNGs of pictures.
#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "chainrule/error.h"
#include "core/text.h"
#include "plot/drawing.h"
#include "plot/palette.h"

namespace chainrule::plot {
namespace {

/// From dark blue over green to yellow, evenly brighter, also for the colour-blind: some colors of viridis
/// (S. van der Walt, N. Smith 2015), between which there are straight lines.
constexpr Rgb kShades[] = {{68, 1, 84},    {71, 45, 123}, {59, 82, 139},  {44, 114, 142}, {33, 144, 141},
                           {39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37}};
constexpr Rgb kWhite{247, 247, 247}, kBelow{200, 80, 0}, kAbove{0, 95, 160};

std::uint8_t byte_of(double share) {
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
}

Rgb between(Rgb a, Rgb b, double share) {
  const auto mix = [share](std::uint8_t x, std::uint8_t y) {
    return static_cast<std::uint8_t>(std::lround(x + share * (y - x)));
  };
  return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

Rgb shade(double share) {
  constexpr std::size_t kSteps = std::size(kShades) - 1;
  const double place = std::clamp(share, 0.0, 1.0) * kSteps;
  const std::size_t i = std::min(static_cast<std::size_t>(place), kSteps - 1);
  return between(kShades[i], kShades[i + 1], place - static_cast<double>(i));
}

/// Where a number lies between two; 0 where they are one.
double share_of(double number, double low, double high) {
  return high > low ? (number - low) / (high - low) : 0;
}

void check_count(std::string_view what, std::int64_t height, std::int64_t width, std::size_t count,
                 std::int64_t of_each) {
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  if (height < 0 || width < 0 || (width > 0 && height > kMost / width)) {
    throw ValueError(373, cat("[plot] a picture of ", height, " x ", width,
                              " pixels. Need at most 67108864 of them; draw a smaller one."));
  }
  const auto needed = static_cast<std::size_t>(height * width * of_each);
  if (count < needed) {
    throw ValueError(373, cat("[plot] a picture of ", height, " x ", width, " pixels has ", count, ' ', what,
                              "; need ", needed, ", ", of_each, " a pixel."));
  }
}

/// The mean of factor x factor pixels for each: more of them than can be seen are bytes for nothing.
Picture shrunk(const Picture& picture, std::int64_t factor) {
  Picture small{picture.height / factor, picture.width / factor, {}};
  for (std::int64_t row = 0; row < small.height; ++row) {
    for (std::int64_t at = 0; at < 4 * small.width; ++at) {
      std::int64_t sum = 0;
      for (std::int64_t i = 0; i < factor * factor; ++i) {
        const std::int64_t y = row * factor + i / factor, x = at / 4 * factor + i % factor;
        sum += picture.pixels[static_cast<std::size_t>(4 * (y * picture.width + x) + at % 4)];
      }
      small.pixels.push_back(static_cast<std::uint8_t>(sum / (factor * factor)));
    }
  }
  return small;
}

/// A picture whose pixels are a function of numbers. What is not finite is left transparent.
template <class F>
Picture colored(std::span<const double> numbers, std::int64_t height, std::int64_t width, F color) {
  check_count("numbers", height, width, numbers.size(), 1);
  Picture picture{height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width) * 4)};
  for (std::size_t i = 0; i < static_cast<std::size_t>(height * width); ++i) {
    if (!std::isfinite(numbers[i])) continue;
    const Rgb rgb = color(numbers[i]);
    const std::uint8_t pixel[] = {rgb.red, rgb.green, rgb.blue, 255};
    std::copy(std::begin(pixel), std::end(pixel), &picture.pixels[4 * i]);
  }
  return picture;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) made += j <= count ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
  }
  return made;
}

}  // namespace

Picture shades(std::span<const double> numbers, std::int64_t height, std::int64_t width, double low,
               double high) {
  return colored(numbers, height, width, [=](double number) { return shade(share_of(number, low, high)); });
}

Picture signs(std::span<const double> numbers, std::int64_t height, std::int64_t width, double most) {
  return colored(numbers, height, width, [=](double number) {
    return between(kWhite, number < 0 ? kBelow : kAbove, std::min(1.0, share_of(std::fabs(number), 0, most)));
  });
}

Picture image(std::span<const double> numbers, std::int64_t channels, std::int64_t height, std::int64_t width,
              double low, double high) {
  check_count("numbers", height, width, numbers.size(), channels == 3 ? 3 : 1);
  const auto area = static_cast<std::size_t>(height * width);
  Picture picture{height, width, std::vector<std::uint8_t>(4 * area, 255)};
  for (std::size_t i = 0; i < area; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const double number = numbers[(channels == 3 ? c : 0) * area + i];
      picture.pixels[4 * i + c] = std::isfinite(number) ? byte_of(share_of(number, low, high)) : 0;
    }
  }
  return picture;
}

void set_pixel(Picture& picture, std::int64_t row, std::int64_t column, int color, double opacity) {
  const Rgb rgb = kPalette[color % kColors].light;
  const std::uint8_t pixel[] = {rgb.red, rgb.green, rgb.blue, byte_of(opacity)};
  std::copy(std::begin(pixel), std::end(pixel),
            &picture.pixels[4 * static_cast<std::size_t>(row * picture.width + column)]);
}

std::string png_of(const Picture& picture, std::int64_t zoom) {
  check_count("bytes", picture.height, picture.width, picture.pixels.size(), 4);
  check_count("bytes", picture.height * zoom, picture.width * zoom, SIZE_MAX, 4);
  std::vector<std::uint8_t> large;
  for (std::int64_t row = 0; row < picture.height * zoom; ++row) {
    for (std::int64_t column = 0; column < picture.width * zoom; ++column) {
      const auto at = picture.pixels.begin() + 4 * (row / zoom * picture.width + column / zoom);
      large.insert(large.end(), at, at + 4);
    }
  }
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.format = PNG_FORMAT_RGBA;
  png.width = static_cast<png_uint_32>(picture.width * zoom);
  png.height = static_cast<png_uint_32>(picture.height * zoom);
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(png), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&png, bytes.data(), &size, 0, large.data(), 0, nullptr)) {
    throw ValueError(377,
                     cat("[plot] a picture of ", picture.height, " x ", picture.width,
                         " pixels cannot be written as PNG: ", png.message, ". Give it a pixel at least."));
  }
  bytes.resize(size);
  return bytes;
}

void Drawing::picture(double x, double y, double width, double height, const Picture& picture) {
  if (picture.height < 1 || picture.width < 1) return;
  check_count("bytes", picture.height, picture.width, picture.pixels.size(), 4);
  const auto factor = static_cast<std::int64_t>(static_cast<double>(picture.width) / (3 * width));
  if (factor > 1 && picture.height >= factor) {
    return this->picture(x, y, width, height, shrunk(picture, factor));
  }
  // Large pixels are sharp squares for all who draw them, also for those who smooth.
  const auto zoom = static_cast<std::int64_t>(
      std::clamp(std::round(3 * width / static_cast<double>(picture.width)), 1.0, 16.0));
  made_ += cat("<image x=\"", left + x, "\" y=\"", top + y, "\" width=\"", width, "\" height=\"", height,
               "\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
               "href=\"data:image/png;base64,",
               base64(png_of(picture, zoom)), "\"/>\n");
}

}  // namespace chainrule::plot
