#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "chainrule/tensor.h"

// Convolution, pooling and resampling of images. Tensors are (N, C, L), (N, C, H, W) or (N, C, D, H, W): a
// batch, channels, and one to three spatial axes, over which the windows go. Integers become f64, mixed
// dtypes are promoted. Options take one number for all spatial axes or one for each: {.stride = 2}, {.stride
// = {2, 1}}.
namespace chainrule {

/// A number for all spatial axes, or one for each.
class Spatial {
 public:
  Spatial() = default;
  template <std::integral T>
  Spatial(T all) : values_{static_cast<std::int64_t>(all)}, count_(1) {}
  Spatial(std::initializer_list<std::int64_t> values) : Spatial(std::span(values.begin(), values.size())) {}
  explicit Spatial(std::span<const std::int64_t> values) : count_(static_cast<int>(values.size())) {
    for (int i = 0; i < count_ && i < kMaxAxes; ++i) values_[i] = values[static_cast<std::size_t>(i)];
  }
  template <std::integral T>
  Spatial(const std::vector<T>& values)
      : Spatial(std::span<const std::int64_t>(std::vector<std::int64_t>(values.begin(), values.end()))) {}

  static constexpr int kMaxAxes = 3;
  int count() const { return count_; }
  /// That of an axis.
  std::int64_t operator[](int axis) const { return values_[count_ == 1 ? 0 : axis]; }

 private:
  std::int64_t values_[kMaxAxes] = {};
  int count_ = 0;  // 0: not given
};

/// How far windows reach beyond the image, before and after each axis.
struct Padding {
  Spatial low = 0, high = 0;
  /// As much as makes the output ceil(in / stride) large; an odd one has more after (ONNX's SAME_UPPER).
  bool is_same = false;

  Padding() = default;
  template <std::integral T>
  Padding(T all) : low(all), high(all) {}
  /// One number an axis, for both sides.
  Padding(std::initializer_list<std::int64_t> both) : low(both), high(both) {}
  template <std::integral T>
  Padding(const std::vector<T>& both) : low(both), high(both) {}
  static Padding of(Spatial low, Spatial high) {
    Padding padding;
    padding.low = low, padding.high = high;
    return padding;
  }
  static Padding same() {
    Padding padding;
    padding.is_same = true;
    return padding;
  }
};

/// @name Convolution, as neural networks have it: the kernel is not turned round (cross-correlation).
///
///     y[n, o, i] = bias[o] + sum over c, j of x[n, c, i stride - low + j dilation] w[o, c, j]
///
/// with zeros where x has no element; of size floor((in + low + high - dilation (k - 1) - 1) / stride) + 1.
/// @param x     (N, C, spatial...).
/// @param w     (O, C / groups, kernel...).
/// @param bias  (O).
/// @return  (N, O, spatial...).
/// @throws ShapeError  for another number of axes (E120), channels that do not fit (E121), a kernel larger
/// than the padded image (E123), another bias (E125).
/// @throws ValueError  for groups that do not divide the channels (E122), or a bad option (E124).
/// @{
struct ConvOptions {
  Spatial stride = 1;
  Padding padding = 0;
  Spatial dilation = 1;
  std::int64_t groups = 1;
};
/// Of as many spatial axes as x has; conv1d, conv2d and conv3d take no other number.
Tensor conv(const Tensor& x, const Tensor& w, const ConvOptions& options = {},
            Location where = Location::current());
Tensor conv(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& options = {},
            Location where = Location::current());
Tensor conv1d(const Tensor& x, const Tensor& w, const ConvOptions& options = {},
              Location where = Location::current());
Tensor conv2d(const Tensor& x, const Tensor& w, const ConvOptions& options = {},
              Location where = Location::current());
Tensor conv3d(const Tensor& x, const Tensor& w, const ConvOptions& options = {},
              Location where = Location::current());
Tensor conv1d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& options = {},
              Location where = Location::current());
Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& options = {},
              Location where = Location::current());
Tensor conv3d(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& options = {},
              Location where = Location::current());
/// @}

/// @name Transposed convolution: the adjoint of convolution in x, which spreads each element over a window.
///
/// Of size (in - 1) stride - low - high + dilation (k - 1) + 1 + output_padding; `same` makes it in stride.
/// @param x     (N, C, spatial...).
/// @param w     (C, O / groups, kernel...), the weights of the convolution whose adjoint it is.
/// @param bias  (O).
/// @return  (N, O, spatial...). Errors: as of convolution; E123 where nothing is left of the result.
/// @{
struct ConvTransposeOptions {
  Spatial stride = 1;
  Padding padding = 0;
  Spatial output_padding = 0;  ///< Elements more at the end, fewer than the stride.
  Spatial dilation = 1;
  std::int64_t groups = 1;
};
/// Of as many spatial axes as x has.
Tensor conv_transpose(const Tensor& x, const Tensor& w, const ConvTransposeOptions& options = {},
                      Location where = Location::current());
Tensor conv_transpose(const Tensor& x, const Tensor& w, const Tensor& bias,
                      const ConvTransposeOptions& options = {}, Location where = Location::current());
Tensor conv_transpose1d(const Tensor& x, const Tensor& w, const ConvTransposeOptions& options = {},
                        Location where = Location::current());
Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const ConvTransposeOptions& options = {},
                        Location where = Location::current());
Tensor conv_transpose3d(const Tensor& x, const Tensor& w, const ConvTransposeOptions& options = {},
                        Location where = Location::current());
Tensor conv_transpose1d(const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvTransposeOptions& options = {}, Location where = Location::current());
Tensor conv_transpose2d(const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvTransposeOptions& options = {}, Location where = Location::current());
Tensor conv_transpose3d(const Tensor& x, const Tensor& w, const Tensor& bias,
                        const ConvTransposeOptions& options = {}, Location where = Location::current());
/// @}

/// @name Pooling over windows: of size floor((in + low + high - dilation (kernel - 1) - 1) / stride) + 1.
///
/// With `ceil_mode` it is rounded up, but every window starts inside the image or before it (as PyTorch and
/// ONNX from opset 19 have it): a window may then be larger than the padded image, by less than the stride.
/// @throws ShapeError  for another number of axes (E120), or a window larger than that (E123).
/// @throws ValueError  for a bad option (E124), or if a window has nothing but padding (E126).
/// @{
struct PoolOptions {
  Spatial stride = {};  ///< Left out: the kernel.
  Padding padding = 0;
  Spatial dilation = 1;
  bool ceil_mode = false;
};
/// The largest of each window, NaN if it has one. Padding is never the largest. The first of several equal
/// ones gets the whole gradient. The first function pools as many spatial axes as x has.
Tensor max_pool(const Tensor& x, Spatial kernel, const PoolOptions& options = {},
                Location where = Location::current());
Tensor max_pool1d(const Tensor& x, Spatial kernel, const PoolOptions& options = {},
                  Location where = Location::current());
Tensor max_pool2d(const Tensor& x, Spatial kernel, const PoolOptions& options = {},
                  Location where = Location::current());
Tensor max_pool3d(const Tensor& x, Spatial kernel, const PoolOptions& options = {},
                  Location where = Location::current());

/// The largest elements, and where each lies in its image: i64, the place among the image's elements in
/// memory order, as PyTorch's return_indices has it.
struct MaxPoolResult {
  Tensor values, indices;
};
MaxPoolResult max_pool_with_indices(const Tensor& x, Spatial kernel, const PoolOptions& options = {},
                                    Location where = Location::current());

struct AvgPoolOptions {
  Spatial stride = {};  ///< Left out: the kernel.
  Padding padding = 0;
  bool ceil_mode = false;
  /// Whether the sum is divided by the elements of the window in the padded image, or in the image alone.
  /// (What `ceil_mode` adds beyond the padding never counts.)
  bool count_include_pad = false;
};
/// The mean of each window. The first function pools as many spatial axes as x has.
Tensor avg_pool(const Tensor& x, Spatial kernel, const AvgPoolOptions& options = {},
                Location where = Location::current());
Tensor avg_pool1d(const Tensor& x, Spatial kernel, const AvgPoolOptions& options = {},
                  Location where = Location::current());
Tensor avg_pool2d(const Tensor& x, Spatial kernel, const AvgPoolOptions& options = {},
                  Location where = Location::current());
Tensor avg_pool3d(const Tensor& x, Spatial kernel, const AvgPoolOptions& options = {},
                  Location where = Location::current());
/// @}

/// @name Pooling to one element, or to a given size; any number of spatial axes from one to three.
///
/// Window i of an axis goes from floor(i in / out) to ceil((i + 1) in / out).
/// @throws ShapeError  for another number of axes (E120), or an image without an element (E123).
/// @throws ValueError  for a size below 1, or sizes for another number of axes (E127).
/// @{
/// (N, C, 1, ...).
Tensor global_avg_pool(const Tensor& x, Location where = Location::current());
/// (N, C, 1, ...). The first of several equal elements gets the whole gradient.
Tensor global_max_pool(const Tensor& x, Location where = Location::current());
/// The mean of each window.
Tensor adaptive_avg_pool(const Tensor& x, Spatial size, Location where = Location::current());
/// The first of several equal elements gets the whole gradient.
Tensor adaptive_max_pool(const Tensor& x, Spatial size, Location where = Location::current());
/// @}

/// @name Resampling to a given size; any number of spatial axes from one to three. Errors: as of adaptive
/// pooling.
/// @{
/// y[i] = x[floor(i in / out)] along each axis.
Tensor upsample_nearest(const Tensor& x, Spatial size, Location where = Location::current());
/// Each element `scale` times along each axis.
Tensor upsample_nearest_by(const Tensor& x, Spatial scale, Location where = Location::current());
/// Straight lines between neighbours, along each axis in turn: bilinear for images. Element i lies at
/// (i + 1/2) in / out - 1/2 (ONNX's half_pixel), or with `align_corners` at i (in - 1) / (out - 1), so that
/// the first and the last element keep their values. Beyond the ends the last element goes on.
Tensor upsample_bilinear(const Tensor& x, Spatial size, bool align_corners = false,
                         Location where = Location::current());
/// @}

/// @name Windows as columns, in PyTorch's layout.
/// @throws ShapeError  for another number of axes (E120), a window larger than the padded image (E123), or
/// columns that do not fit (E128).
/// @throws ValueError  for a bad option (E124).
/// @{
struct UnfoldOptions {
  Spatial stride = 1;
  Padding padding = 0;
  Spatial dilation = 1;
};
/// The elements under each window: (N, C, spatial...) to (N, C kernel, windows), zeros for padding.
Tensor unfold(const Tensor& x, Spatial kernel, const UnfoldOptions& options = {},
              Location where = Location::current());
/// The adjoint of unfold: adds columns up where unfold to images of that size would have read them.
/// @param columns  (N, C kernel, windows).
/// @param size     the spatial size of the result, one number an axis.
/// @return  (N, C, size...).
Tensor fold(const Tensor& columns, Spatial size, Spatial kernel, const UnfoldOptions& options = {},
            Location where = Location::current());
/// @}

}  // namespace chainrule
