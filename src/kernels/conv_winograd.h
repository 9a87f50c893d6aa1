#pragma once

#include <cstdint>

#include "kernels/conv.h"
#include "kernels/simd/winograd.h"

namespace chainrule::kernels {

/// Convolution with kernels of 3 x 3 by Winograd's F(2 x 2, 3 x 3): 16 multiplications for 4 results, where
/// the definition has 36. In single precision.
///
/// Image and weights are transformed, at each of 16 points a matrix product over the channels is computed,
/// and the results are transformed back (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
/// 2015; here the last point has the other sign). The sum of the weights' gradients is the adjoint of that in
/// the weights: its products are added up over all images before they are transformed back, once.
///
/// Where an infinity or NaN meets the transforms, or numbers so large that their sums overflow, it spreads
/// over a whole tile. Images in which that may have happened are named, and have to be computed in another
/// way. (In the weights' gradient only what is not finite itself is looked for.)
class WinogradConv {
 public:
  /// Whether it applies, and is worth it: stride 1, 3 x 3, and enough channels.
  static bool fits(const ConvShape& shape);
  explicit WinogradConv(const ConvShape& shape);

  /// Numbers that the transformed weights have.
  std::int64_t transformed() const { return s_.groups * 16 * point_; }

  /// Weights as conv has them, transformed.
  void transform_weights(const float* w, float* to) const;
  /// Those of the convolution whose adjoint in x this is: (in_channels, out_channels) with the last j first.
  void transform_turned_weights(const float* w, float* to) const;
  /// y from x, as conv has them, for each image of which `done` then says so.
  void forward(const float* x, const float* transformed, float* y, const ConvFinish<float>& finish,
               bool* done) const;

  /// Numbers of memory for the sums of transformed gradients, in chains over the tiles (chain_sums.h).
  std::int64_t transformed_sums() const;
  /// Adds to the sums of transformed gradients, or begins them, for each image of which `done` then says so.
  void add_up_weights(const float* x, const float* y, float* memory, bool begin, bool* done) const;
  /// Adds the weights' gradient to w.
  void transform_back_weights(float* memory, float* w) const;

 private:
  struct Task;
  struct Prepared;
  ChannelsLast image_shape() const { return {2 * rows_ + 2, 2 * columns_ + 2, x_channels_}; }
  ChannelsLast gradient_shape() const { return {2 * rows_, 2 * columns_, y_channels_}; }
  template <class At>
  void transform(At at, float* to) const;
  void forward_task(const Task& task, const float* transformed, const ConvFinish<float>& finish) const;
  void add_up_points(const Prepared& prepared, Range tiles, PointRows rows, Range channels, float* sums,
                     bool accumulate) const;

  ConvShape s_;
  std::int64_t rows_, columns_, tiles_;   // of tiles of an image
  std::int64_t x_channels_, y_channels_;  // as stored
  std::int64_t point_;  // numbers of a group's weights at one point, and a cache line (see stride_of)
};

}  // namespace chainrule::kernels
