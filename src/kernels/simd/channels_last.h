#pragma once

#include <cstdint>

// Images with their channels last, for kernels whose vectors are channels of a pixel.
namespace chainrule::kernels {

/// Channels are stored in multiples of this, the rest are zeros: whole vectors on every instruction set.
inline constexpr std::int64_t kChannelUnit = 16;

/// Pixels (height, width) with a border, each its `channels` (a multiple of kChannelUnit) numbers.
struct ChannelsLast {
  std::int64_t height = 0, width = 0, channels = 0;
  std::int64_t size() const { return height * width * channels; }
};

/// Planes x (channels, height, width) into an image, the first pixel at (top, left), with zeros around.
/// Returns whether all numbers are finite.
bool to_channels_last(const float* x, std::int64_t channels, std::int64_t height, std::int64_t width,
                      const ChannelsLast& image, std::int64_t top, std::int64_t left, float* to);
/// The upper left (height, width) pixels of an image as planes y (channels, height, width).
void from_channels_last(const float* from, const ChannelsLast& image, std::int64_t channels,
                        std::int64_t height, std::int64_t width, float* y);

}  // namespace chainrule::kernels
