// Windows as columns, and back: elements of each image taken by their places, and added to their places.
#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "core/memory.h"
#include "ops/composed.h"
#include "ops/op.h"
#include "ops/window.h"

namespace chainrule {
namespace {

/// Windows over images of a size, with padding.
struct Columns {
  int axes;
  WindowRule rule;
  Windows windows;
  Extents padded;

  Columns(const Extents& in, const Spatial& size, const UnfoldOptions& options, int axis_count)
      : axes(axis_count) {
    const Extents kernel = checked_option(size, "kernel", axes, 1, 1);
    rule = window_rule(options.stride, options.padding, options.dilation, in, kernel, axes);
    windows = rule.over(in, kernel);
    for (int i = 0; i < 3; ++i) padded[i] = in[i] + rule.low[i] + rule.high[i];
    static_cast<void>(Shape{padded[0], padded[1], padded[2]});  // its places can be counted
  }

  /// Of each element of each window, those of the first element of all windows first: its place in the padded
  /// image.
  Tensor places() const {
    const Extents &k = windows.kernel, &out = windows.out;
    const Shape all{k.product(), out[0], out[1], out[2]};
    auto list = vector_with_room<std::int64_t>(all.numel());
    for (std::int64_t j = 0; j < k.product(); ++j) {
      for (std::int64_t l = 0; l < out.product(); ++l) {
        const std::int64_t d = windows.place(0, l / (out[1] * out[2]), j / (k[1] * k[2])) + rule.low[0];
        const std::int64_t h = windows.place(1, l / out[2] % out[1], j / k[2] % k[1]) + rule.low[1];
        const std::int64_t w = windows.place(2, l % out[2], j % k[2]) + rule.low[2];
        list.push_back((d * padded[1] + h) * padded[2] + w);
      }
    }
    return from_data(list, Shape{all.numel()});
  }
};

}  // namespace

Tensor unfold(const Tensor& image, Spatial kernel, const UnfoldOptions& options, Location where) {
  const OpScope scope("unfold", where);
  Tensor x = as_image(image);
  require_image(x.shape(), 0);
  const std::int64_t n = x.shape()[0], c = x.shape()[1];
  const Columns columns(spatial_sizes(x.shape()), kernel, options, x.ndim() - 2);
  for (int axis = 2, i = 5 - x.ndim(); axis < x.ndim(); ++axis, ++i) {
    if (columns.rule.low[i] > 0 || columns.rule.high[i] > 0) {
      x = pad(x, axis, columns.rule.low[i], columns.rule.high[i]);
    }
  }
  const Tensor taken = take(reshape(x, {n * c, columns.padded.product()}), columns.places(), 1);
  return reshape(taken, {n, c * columns.windows.kernel.product(), columns.windows.out.product()});
}

Tensor fold(const Tensor& values, Spatial size, Spatial kernel, const UnfoldOptions& options,
            Location where) {
  const OpScope scope("fold", where);
  const int axes = size.count();
  if (axes < 1 || axes > Spatial::kMaxAxes) {
    throw op_error<ValueError>(127, cat("a size has one number for each of 1 to 3 axes, got ", axes, "."));
  }
  const Extents in = checked_size(size, axes);
  const Columns columns(in, kernel, options, axes);
  const std::int64_t elements = columns.windows.kernel.product(), count = columns.windows.out.product();
  const Shape& have = values.shape();
  if (have.ndim() != 3 || have[1] % elements != 0 || have[2] != count) {
    throw op_error<ShapeError>(128,
                               cat("columns ", have, " do not fit; windows of ", elements,
                                   " elements over that size need (N, C * ", elements, ", ", count, ")."));
  }
  const std::int64_t n = have[0], c = have[1] / elements;
  const Tensor rows = reshape(as_image(values), {n * c, elements * count});
  const Tensor sums =
      index_add(zeros({n * c, columns.padded.product()}, rows.dtype()), columns.places(), rows, 1);
  Tensor x = reshape(sums, with_spatial(n, c, columns.padded, axes));
  for (int axis = 2, i = 3 - axes; axis < x.ndim(); ++axis, ++i) {
    const std::int64_t low = columns.rule.low[i];
    if (columns.padded[i] != in[i]) x = slice(x, axis, low, low + in[i]);
  }
  return x;
}

std::vector<ComposedFunction> unfold_functions() {
  using In = std::span<const Tensor>;
  return {
      {"unfold",
       "x[stride i - low + dilation j] at (j, i).",
       {{"unfold(x, {2, 3}, {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}})",
         [](In in) {
           return unfold(in[0], {2, 3}, {.stride = {2, 1}, .padding = 1, .dilation = {1, 2}});
         },
         {{{2, 2, 4, 5}}}}}},
      {"fold",
       "The adjoint of unfold.",
       {{"fold(columns, {4, 3}, 2, {.padding = 1})",
         [](In in) {
           return fold(in[0], {4, 3}, 2, {.padding = 1});
         },
         {{{2, 8, 20}}}}}},
  };
}

}  // namespace chainrule
