#pragma once

#include <cstdint>

#include "kernels/simd/channels_last.h"

// The transforms of Winograd's convolution F(2 x 2, 3 x 3), on images with their channels last.
//
// A tile is a square of 4 x 4 pixels, the next one 2 pixels further; it gives 2 x 2 results. Its transform is
// 16 points. In memory the points lie one after the other, `point_stride` numbers apart; of each point the
// tiles of an image row by row, and of each tile its channels.
namespace chainrule::kernels {

/// Some tiles of an image with so many columns of tiles.
struct TileRange {
  std::int64_t columns = 0, begin = 0, end = 0;
};

/// Some rows of the 4 x 4 points of a tile; the first of them is written first.
struct PointRows {
  int begin = 0, end = 4;
  int points() const { return 4 * (end - begin); }
};

/// Tiles d of an image, transformed: B' d B with B' = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 -1 0 1].
/// Of the first `channels` only.
void transform_image(const float* image, const ChannelsLast& shape, const TileRange& tiles, PointRows rows,
                     std::int64_t channels, float* points, std::int64_t point_stride);
/// Squares g of 2 x 2 pixels that lie side by side, transformed: A g A' with A' as below.
void transform_gradient(const float* image, const ChannelsLast& shape, const TileRange& tiles, PointRows rows,
                        float* points, std::int64_t point_stride);
/// At each of 16 points: a (tiles, channels) times b (channels, result_channels), both kinds of channels as
/// stored, of a's only the first `used`. Each result is one chain of multiply-adds in the order of the
/// channels, from 0.
struct PointProducts {
  std::int64_t tiles = 0, channels = 0, used = 0, result_channels = 0;
  const float* a = nullptr;
  std::int64_t a_stride = 0;  // from point to point
  const float* b = nullptr;
  std::int64_t b_stride = 0;
  float* c = nullptr;  // (tiles, result_channels)
  std::int64_t c_stride = 0;
};
void multiply_points(const PointProducts& products);

/// Points m to squares of 2 x 2 results that lie side by side: A' m A with A' = [1 1 1 0; 0 1 -1 1]; then
/// + bias, one number a stored channel, unless null; then y <= 0 ? 0 : y. Returns whether all results were
/// finite.
bool transform_back(const float* points, std::int64_t point_stride, const TileRange& tiles, const float* bias,
                    bool relu, const ChannelsLast& shape, float* image);

}  // namespace chainrule::kernels
