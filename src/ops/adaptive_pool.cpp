// Pooling to a given size, or to one element: the windows along one axis after the other.
#include <algorithm>

#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "core/memory.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/window.h"

namespace chainrule {
namespace {

/// @throws ShapeError E123
void require_pixels(const Shape& shape) {
  if (spatial_sizes(shape).product() > 0) return;
  throw op_error<ShapeError>(123, cat("the image ", shape, " has no element to pool."));
}

/// Window i of an axis: from floor(i in / out) to ceil((i + 1) in / out).
struct AdaptiveWindows {
  std::int64_t in, out;

  std::int64_t begin(std::int64_t i) const { return share(i, in, out); }
  std::int64_t end(std::int64_t i) const { return in - share(out - 1 - i, in, out); }
  bool are_equal() const { return in % out == 0; }
  std::int64_t longest() const {
    std::int64_t length = 0;
    for (std::int64_t i = 0; i < out; ++i) length = std::max(length, end(i) - begin(i));
    return length;
  }
};

/// The axis as two: windows, and the elements of each. What shorter windows lack is place `missing`, or the
/// window's last element again where that is negative.
Tensor split_windows(const Tensor& x, int axis, const AdaptiveWindows& w, std::int64_t missing) {
  if (w.are_equal()) {
    std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().end());
    sizes[static_cast<std::size_t>(axis)] = w.in / w.out;
    sizes.insert(sizes.begin() + axis, w.out);
    return reshape(x, sizes);
  }
  auto places = vector_with_room<std::int64_t>(w.out);
  const std::int64_t length = w.longest();
  for (std::int64_t i = 0; i < w.out; ++i) {
    for (std::int64_t j = w.begin(i); j < w.begin(i) + length; ++j) {
      places.push_back(j < w.end(i) ? j : missing < 0 ? w.end(i) - 1 : missing);
    }
  }
  return take(x, from_data(places, Shape{w.out, length}), axis);
}

Tensor mean_along(const Tensor& x, int axis, const AdaptiveWindows& w) {
  if (w.are_equal()) return mean(split_windows(x, axis, w, -1), axis + 1);
  const Tensor total = sum(split_windows(pad(x, axis, 0, 1), axis, w, w.in), axis + 1);
  auto scale = vector_with_room<double>(w.out);
  for (std::int64_t i = 0; i < w.out; ++i) scale.push_back(1 / static_cast<double>(w.end(i) - w.begin(i)));
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim() - axis), 1);
  sizes[0] = w.out;
  return total * cast(from_data(scale, Shape(std::span<const std::int64_t>(sizes))), x.dtype());
}

/// The first largest element along an axis, which goes away.
Tensor first_largest(const Tensor& x, int axis) {
  return squeeze(take_along_axis(x, argmax(x, axis, true), axis), axis);
}

Tensor max_along(const Tensor& x, int axis, const AdaptiveWindows& w) {
  return first_largest(split_windows(x, axis, w, -1), axis + 1);
}

template <class F>
Tensor adaptive_pool(const Tensor& image, const Spatial& size, F pool_along) {
  Tensor x = as_image(image);
  require_image(x.shape(), 0);
  require_pixels(x.shape());
  const Extents in = spatial_sizes(x.shape()), out = checked_size(size, x.ndim() - 2);
  static_cast<void>(with_spatial(x.shape()[0], x.shape()[1], out, x.ndim() - 2));  // can be held, or E001
  // The last axis first: of equal elements the first in memory order stays.
  for (int axis = x.ndim() - 1, i = 2; axis >= 2; --axis, --i) {
    if (in[i] != out[i]) x = pool_along(x, axis, AdaptiveWindows{in[i], out[i]});
  }
  return x;
}

}  // namespace

Tensor adaptive_avg_pool(const Tensor& x, Spatial size, Location where) {
  const OpScope scope("adaptive_avg_pool", where);
  return adaptive_pool(x, size, mean_along);
}

Tensor adaptive_max_pool(const Tensor& x, Spatial size, Location where) {
  const OpScope scope("adaptive_max_pool", where);
  return adaptive_pool(x, size, max_along);
}

Tensor global_avg_pool(const Tensor& x, Location where) {
  const OpScope scope("global_avg_pool", where);
  require_image(x.shape(), 0);
  require_pixels(x.shape());
  const Tensor means =
      mean(reshape(as_image(x), {x.shape()[0], x.shape()[1], spatial_sizes(x.shape()).product()}), 2);
  return reshape(means, with_spatial(x.shape()[0], x.shape()[1], all_axes(1), x.ndim() - 2));
}

Tensor global_max_pool(const Tensor& x, Location where) {
  const OpScope scope("global_max_pool", where);
  require_image(x.shape(), 0);
  require_pixels(x.shape());
  const Tensor rows = reshape(as_image(x), {x.shape()[0], x.shape()[1], spatial_sizes(x.shape()).product()});
  return reshape(first_largest(rows, 2), with_spatial(x.shape()[0], x.shape()[1], all_axes(1), x.ndim() - 2));
}

std::vector<ComposedFunction> adaptive_pool_functions() {
  using In = std::span<const Tensor>;
  const SampleInput image{{2, 2, 5, 4}}, distinct{{2, 2, 5, 4}, DType::f64, {-40, 40}};
  return {
      {"global_avg_pool",
       "The mean of each image.",
       {{"global_avg_pool(x)", [](In in) { return global_avg_pool(in[0]); }, {image}}}},
      {"global_max_pool",
       "The largest element of each image.",
       {{"global_max_pool(x)", [](In in) { return global_max_pool(in[0]); }, {distinct}}}},
      {"adaptive_avg_pool",
       "The mean of x from floor(i in / out) to ceil((i + 1) in / out) along each axis.",
       {{"adaptive_avg_pool(x, {3, 2})",
         [](In in) {
           return adaptive_avg_pool(in[0], {3, 2});
         },
         {image}}}},
      {"adaptive_max_pool",
       "The largest of x from floor(i in / out) to ceil((i + 1) in / out) along each axis.",
       {{"adaptive_max_pool(x, {3, 2})",
         [](In in) {
           return adaptive_max_pool(in[0], {3, 2});
         },
         {distinct}}}},
  };
}

}  // namespace chainrule
