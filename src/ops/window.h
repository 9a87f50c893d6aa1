#pragma once

#include <string_view>

#include "chainrule/conv.h"
#include "kernels/windows.h"
#include "ops/meta.h"

// Options of convolution and pooling, checked and worked out for the image at hand. Messages speak of the
// current operation.
namespace chainrule {

using kernels::Extents;
using kernels::Windows;

/// The tensor as floating numbers: integers become f64.
Tensor as_image(const Tensor& x);
/// @throws ShapeError E120  unless the tensor has a batch, channels and so many spatial axes; 0: 1 to 3.
void require_image(const Shape& shape, int axes, std::string_view name = "x");

/// The sizes of the spatial axes, all from the third on; 1 for those that are not there.
Extents spatial_sizes(const Shape& shape);
/// (first, second, spatial sizes...), of `axes` spatial axes.
Shape with_spatial(std::int64_t first, std::int64_t second, const Extents& sizes, int axes);

/// An option for `axes` spatial axes; those that are not there get `other`.
/// @throws ValueError E124  for another number of values, or one below `least`.
Extents checked_option(const Spatial& option, std::string_view name, int axes, std::int64_t least,
                       std::int64_t other);

/// The sizes wanted of a result, or how much larger it is to be. @throws ValueError E127
Extents checked_size(const Spatial& size, int axes, std::string_view name = "size");

/// floor(part * of / whole), for part < whole, without overflow.
inline std::int64_t share(std::int64_t part, std::int64_t of, std::int64_t whole) {
  __extension__ using Wide = __int128;
  return static_cast<std::int64_t>(static_cast<Wide>(part) * of / whole);
}

/// The same for all spatial axes.
constexpr Extents all_axes(std::int64_t value) { return {value, value, value}; }

/// How windows lie, but for the sizes of image and kernel: the attributes of convolution and pooling.
struct WindowRule {
  Extents stride = all_axes(1), dilation = all_axes(1), low = all_axes(0), high = all_axes(0);

  bool operator==(const WindowRule&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("stride", stride), visit("dilation", dilation), visit("low", low), visit("high", high);
  }
  /// The windows over an image. @throws ShapeError E123  if not one fits in.
  Windows over(const Extents& in, const Extents& kernel) const;
  /// With so much more padding behind that windows reach beyond it, though they do not start there: one at
  /// least, unless it is larger than the padded image by a stride or more.
  WindowRule rounded_up(const Extents& in, const Extents& kernel) const;
};

/// @throws ValueError E124
WindowRule window_rule(const Spatial& stride, const Padding& padding, const Spatial& dilation,
                       const Extents& in, const Extents& kernel, int axes);

/// @throws ValueError E126  if a window has nothing but padding.
void require_elements_in(const Windows& windows);

}  // namespace chainrule
