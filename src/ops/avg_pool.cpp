// Average pooling: sums of strided slices, one axis after the other, divided by the number of elements.
#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "core/memory.h"
#include "ops/composed.h"
#include "ops/op.h"
#include "ops/window.h"

namespace chainrule {
namespace {

/// 1 / the number of elements of each window along an axis, of the image and of so many places around it.
Tensor reciprocal_counts(const Windows& w, int axis, std::int64_t before, std::int64_t after, DType dtype) {
  auto counts = vector_with_room<double>(w.out[axis]);
  for (std::int64_t o = 0; o < w.out[axis]; ++o) {
    const std::int64_t begin = std::max(w.place(axis, o, 0), -before);
    const std::int64_t end = std::min(w.place(axis, o, w.kernel[axis]), w.in[axis] + after);
    counts.push_back(1 / static_cast<double>(end - begin));
  }
  Extents sizes = all_axes(1);
  sizes[axis] = w.out[axis];
  return cast(from_data(counts, Shape{sizes[0], sizes[1], sizes[2]}), dtype);
}

/// Windows along an axis that are longer are summed by halves, in fewer steps and with smaller errors.
constexpr std::int64_t kLongWindow = 64;

/// The sum of each window along a spatial axis of a padded image.
Tensor window_sums(const Tensor& x, const Windows& w, int axis) {
  const int along = x.ndim() - 3 + axis;
  const std::int64_t step = w.stride[axis], last = (w.out[axis] - 1) * step, kernel = w.kernel[axis];
  Tensor total;
  const auto add = [&](const Tensor& sums, std::int64_t j) {
    const Tensor part = slice(sums, along, j, j + last + 1, step);
    total = total.is_empty() ? part : total + part;
  };
  if (kernel <= kLongWindow) {
    for (std::int64_t j = 0; j < kernel; ++j) add(x, j);
    return total;
  }
  Tensor sums = x;  // of so many elements from each place on
  std::int64_t done = 0;
  for (std::int64_t length = 1; length <= kernel; length *= 2) {
    if ((kernel & length) != 0) {
      add(sums, done);
      done += length;
    }
    const std::int64_t places = sums.shape()[along] - length;
    if (2 * length <= kernel)
      sums = slice(sums, along, 0, places) + slice(sums, along, length, places + length);
  }
  return total;
}

/// @param axes  that there must be; 0: as the image has them.
Tensor pooled_mean(const Tensor& image, const Spatial& size, const AvgPoolOptions& options, int axes) {
  Tensor x = as_image(image);
  require_image(x.shape(), axes);
  axes = x.ndim() - 2;
  const Extents in = spatial_sizes(x.shape()), kernel = checked_option(size, "kernel", axes, 1, 1);
  const WindowRule rule =
      window_rule(options.stride.count() == 0 ? size : options.stride, options.padding, 1, in, kernel, axes);
  const WindowRule reach = options.ceil_mode ? rule.rounded_up(in, kernel) : rule;
  const Windows windows = reach.over(in, kernel);
  require_elements_in(windows);
  for (int axis = 3 - axes; axis < 3; ++axis) {  // the last axis last: its slices are the slowest
    const int along = x.ndim() - 3 + axis;
    if (reach.low[axis] > 0 || reach.high[axis] > 0) x = pad(x, along, reach.low[axis], reach.high[axis]);
    x = window_sums(x, windows, axis);
  }
  const bool padded = options.count_include_pad;
  Tensor scale;
  for (int axis = 3 - axes; axis < 3; ++axis) {
    const Tensor of_axis = reciprocal_counts(windows, axis, padded ? rule.low[axis] : 0,
                                             padded ? rule.high[axis] : 0, x.dtype());
    scale = scale.is_empty() ? of_axis : scale * of_axis;
  }
  return x * reshape(scale, with_spatial(1, 1, windows.out, axes));
}

}  // namespace

#define CHAINRULE_POOL(axes)                                                                                 \
  Tensor avg_pool##axes##d(const Tensor& x, Spatial kernel, const AvgPoolOptions& options, Location where) { \
    const OpScope scope("avg_pool" #axes "d", where);                                                        \
    return pooled_mean(x, kernel, options, axes);                                                            \
  }

CHAINRULE_POOL(1)
CHAINRULE_POOL(2)
CHAINRULE_POOL(3)

#undef CHAINRULE_POOL

Tensor avg_pool(const Tensor& x, Spatial kernel, const AvgPoolOptions& options, Location where) {
  const OpScope scope("avg_pool", where);
  return pooled_mean(x, kernel, options, 0);
}

std::vector<ComposedFunction> avg_pool_functions() {
  using In = std::span<const Tensor>;
  return {
      {"avg_pool",
       "The sum of each window / its elements, of as many axes as x has.",
       {{"avg_pool(x, 2)", [](In in) { return avg_pool(in[0], 2); }, {{{2, 2, 4, 5}}}}}},
      {"avg_pool1d",
       "The sum of each window / its elements.",
       {{"avg_pool1d(x, 3, {.stride = 2, .padding = 1})",
         [](In in) { return avg_pool1d(in[0], 3, {.stride = 2, .padding = 1}); },
         {{{2, 2, 7}}}}}},
      {"avg_pool2d",
       "The sum of each window / its elements.",
       {{"avg_pool2d(x, 2)", [](In in) { return avg_pool2d(in[0], 2); }, {{{2, 2, 4, 5}}}},
        {"avg_pool2d(x, {3, 2}, {.stride = 2, .padding = {1, 0}, .ceil_mode = true, .count_include_pad = "
         "true})",
         [](In in) {
           return avg_pool2d(in[0], {3, 2},
                             {.stride = 2, .padding = {1, 0}, .ceil_mode = true, .count_include_pad = true});
         },
         {{{1, 2, 6, 5}}}}}},
      {"avg_pool3d",
       "The sum of each window / its elements.",
       {{"avg_pool3d(x, {1, 2, 2}, {.stride = 1})",
         [](In in) {
           return avg_pool3d(in[0], {1, 2, 2}, {.stride = 1});
         },
         {{{1, 2, 2, 3, 3}}}}}},
  };
}

}  // namespace chainrule
