// Resampling: elements taken along one axis after the other, and mixed. Taking, and no matrix product: a NaN
// or an infinity reaches its neighbours only.
#include <algorithm>
#include <cmath>

#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "core/memory.h"
#include "ops/composed.h"
#include "ops/op.h"
#include "ops/window.h"

namespace chainrule {
namespace {

Tensor nearest_along(const Tensor& x, int axis, std::int64_t out) {
  const std::int64_t in = x.shape()[axis];
  auto places = vector_with_room<std::int64_t>(out);
  for (std::int64_t i = 0; i < out; ++i) places.push_back(share(i, in, out));
  return take(x, from_data(places, Shape{out}), axis);
}

/// Where element i of `out` lies among `in` elements.
double place_among(std::int64_t i, std::int64_t in, std::int64_t out, bool align_corners) {
  const auto d = [](std::int64_t n) { return static_cast<double>(n); };
  const double place = !align_corners ? (d(i) + 0.5) * d(in) / d(out) - 0.5
                       : out > 1      ? d(i) * d(in - 1) / d(out - 1)
                                      : 0;
  return std::clamp(place, 0.0, d(in - 1));
}

Tensor linear_along(const Tensor& x, int axis, std::int64_t out, bool align_corners) {
  const std::int64_t in = x.shape()[axis];
  auto lower = vector_with_room<std::int64_t>(out), upper = vector_with_room<std::int64_t>(out);
  auto parts = vector_with_room<double>(out);  // how far from the lower to the upper one
  for (std::int64_t i = 0; i < out; ++i) {
    const double place = place_among(i, in, out, align_corners);
    lower.push_back(static_cast<std::int64_t>(place));
    upper.push_back(std::min(lower.back() + 1, in - 1));
    parts.push_back(place - std::floor(place));
  }
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim() - axis), 1);
  sizes[0] = out;
  const Tensor part = cast(from_data(parts, Shape(std::span<const std::int64_t>(sizes))), x.dtype());
  return take(x, from_data(lower, Shape{out}), axis) * (1 - part) +
         take(x, from_data(upper, Shape{out}), axis) * part;
}

template <class F>
Tensor resample(const Tensor& image, const Extents& size, F along) {
  Tensor x = as_image(image);
  const Extents in = spatial_sizes(x.shape());
  if (in.product() == 0) {
    throw op_error<ShapeError>(123, cat("the image ", x.shape(), " has no element to take."));
  }
  static_cast<void>(with_spatial(x.shape()[0], x.shape()[1], size, x.ndim() - 2));  // can be held, or E001
  // The last axis first: its elements are taken one by one, and there are fewer of them then.
  for (int axis = x.ndim() - 1, i = 2; axis >= 2; --axis, --i) {
    if (in[i] != size[i]) x = along(x, axis, size[i]);
  }
  return x;
}

}  // namespace

Tensor upsample_nearest(const Tensor& x, Spatial size, Location where) {
  const OpScope scope("upsample_nearest", where);
  require_image(x.shape(), 0);
  return resample(x, checked_size(size, x.ndim() - 2), nearest_along);
}

Tensor upsample_nearest_by(const Tensor& x, Spatial scale, Location where) {
  const OpScope scope("upsample_nearest_by", where);
  require_image(x.shape(), 0);
  const Extents in = spatial_sizes(x.shape()), times = checked_size(scale, x.ndim() - 2, "scale");
  Extents size = all_axes(1);
  for (int i = 0; i < 3; ++i) size[i] = checked(Checked(in[i]) * times[i]);
  return resample(x, size, nearest_along);
}

Tensor upsample_bilinear(const Tensor& x, Spatial size, bool align_corners, Location where) {
  const OpScope scope("upsample_bilinear", where);
  require_image(x.shape(), 0);
  return resample(x, checked_size(size, x.ndim() - 2), [=](const Tensor& part, int axis, std::int64_t out) {
    return linear_along(part, axis, out, align_corners);
  });
}

std::vector<ComposedFunction> upsample_functions() {
  using In = std::span<const Tensor>;
  return {
      {"upsample_nearest",
       "x[floor(i in / out)] along each axis.",
       {{"upsample_nearest(x, {5, 4})",
         [](In in) {
           return upsample_nearest(in[0], {5, 4});
         },
         {{{2, 2, 3, 2}}}}}},
      {"upsample_nearest_by",
       "Each element so many times along each axis.",
       {{"upsample_nearest_by(x, 2)", [](In in) { return upsample_nearest_by(in[0], 2); }, {{{2, 2, 3}}}}}},
      {"upsample_bilinear",
       "(1 - p) x[k] + p x[k + 1] along each axis, k + p = (i + 1/2) in / out - 1/2.",
       {{"upsample_bilinear(x, {5, 3})",
         [](In in) {
           return upsample_bilinear(in[0], {5, 3});
         },
         {{{2, 2, 3, 4}}}},
        {"upsample_bilinear(x, 5, true)",
         [](In in) { return upsample_bilinear(in[0], 5, true); },
         {{{1, 2, 3, 2, 1}}}}}},
  };
}

}  // namespace chainrule
