// Convolution and pooling.
#include <algorithm>
#include <numeric>

#include "core/text.h"
#include "onnx/numbers.h"
#include "onnx/windows.h"

namespace chainrule::onnx {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 31;

/// A few bytes say how large the padded image and its windows are.
void check_work(const Call& c, const Shape& x, const WindowSettings& w) {
  std::vector<std::int64_t> padded{x[0], x[1]};
  double steps = static_cast<double>(x[0]) * static_cast<double>(x[1]);
  for (std::size_t i = 0; i < w.kernel.size(); ++i) {
    const std::int64_t in = x[static_cast<int>(i) + 2];
    for (const std::int64_t pad : {w.low[i], w.high[i]}) {
      if (pad > kLargest || pad < -kLargest) throw c.error(cat("pads of ", pad, "."));
    }
    padded.push_back(std::max<std::int64_t>(in + w.low[i] + w.high[i], 0));
    const auto windows = (padded.back() - (w.kernel[i] - 1) * w.dilation[i] - 1) / w.stride[i] + 1;
    steps *= static_cast<double>(std::max<std::int64_t>(windows, 0)) * static_cast<double>(w.kernel[i]);
  }
  c.check_size(padded);  // more than it gives; no net pads so far
  c.check_steps(steps);
}

}  // namespace

WindowSettings window_settings(const Call& c, const Shape& x, std::vector<std::int64_t> kernel) {
  if (x.ndim() < 3 || x.ndim() > 2 + Spatial::kMaxAxes)
    throw c.error(
        cat("an image of shape ", x, "; need (N, C, ...) with 1 to ", Spatial::kMaxAxes, " axes behind."));
  const auto axes = static_cast<std::size_t>(x.ndim() - 2);
  const std::vector<std::int64_t> ones(axes, 1), zeros(2 * axes, 0);
  WindowSettings w{c.integers("kernel_shape", std::move(kernel)),
                   c.integers("strides", ones),
                   c.integers("dilations", ones),
                   {},
                   {}};
  const std::vector<std::int64_t> pads = c.integers("pads", zeros);
  if (w.kernel.size() != axes || w.stride.size() != axes || w.dilation.size() != axes ||
      pads.size() != 2 * axes)
    throw c.error(cat("kernel, strides, dilations or pads are not of ", axes, " axes."));
  for (const auto* list : {&w.kernel, &w.stride, &w.dilation}) {
    if (std::any_of(list->begin(), list->end(), [](std::int64_t i) { return i < 1 || i > kLargest; }))
      throw c.error("kernel, strides and dilations must be 1 or more.");
  }
  w.low.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  w.high.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  const std::string automatic = c.text("auto_pad", "NOTSET");
  if (automatic == "NOTSET") return check_work(c, x, w), w;
  if (automatic != "VALID" && automatic != "SAME_UPPER" && automatic != "SAME_LOWER")
    throw c.error("auto_pad \"" + automatic + "\"; need NOTSET, VALID, SAME_UPPER or SAME_LOWER.");
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t in = x[static_cast<int>(i) + 2], out = (in + w.stride[i] - 1) / w.stride[i];
    const std::int64_t wanted = (out - 1) * w.stride[i] + (w.kernel[i] - 1) * w.dilation[i] + 1 - in;
    const std::int64_t all = automatic == "VALID" ? 0 : std::max<std::int64_t>(wanted, 0);
    w.low[i] = automatic == "SAME_LOWER" ? all - all / 2 : all / 2;
    w.high[i] = all - w.low[i];
  }
  return check_work(c, x, w), w;
}

namespace {

std::vector<std::int64_t> spatial(const Shape& shape) {
  if (shape.ndim() < 2) return {};
  return {shape.begin() + 2, shape.end()};
}

Tensors conv_of(const Call& c) {
  const WindowSettings w = window_settings(c, c[0].shape(), spatial(c[1].shape()));
  const ConvOptions options{
      .stride = w.stride, .padding = w.padding(), .dilation = w.dilation, .groups = c.integer("group", 1)};
  return {as(c.has(2) ? conv(c[0], c[1], c[2], options) : conv(c[0], c[1], options), c[0])};
}

Tensors conv_transpose_of(const Call& c) {
  const Shape& x = c[0].shape();
  WindowSettings w = window_settings(c, x, spatial(c[1].shape()));
  const std::size_t axes = w.kernel.size();
  std::vector<std::int64_t> extra = c.integers("output_padding", std::vector<std::int64_t>(axes, 0));
  std::vector<std::int64_t> wanted = c.integers("output_shape");
  if (wanted.size() == axes + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  const std::string automatic = c.text("auto_pad", "NOTSET");
  const bool is_same = automatic.starts_with("SAME");
  if (extra.size() != axes || (!wanted.empty() && wanted.size() != axes))
    throw c.error(cat("output_padding or output_shape are not of ", axes, " axes."));
  for (const auto* list : {&extra, &wanted}) {
    if (std::any_of(list->begin(), list->end(), [](std::int64_t i) { return i < 0 || i > kLargest; }))
      throw c.error("output_padding and output_shape must be 0 or more.");
  }
  for (std::size_t i = 0; i < axes; ++i) {
    if (wanted.empty() && !is_same) break;
    const std::int64_t in = x[static_cast<int>(i) + 2];
    const std::int64_t out = wanted.empty() ? in * w.stride[i] : wanted[i];
    const std::int64_t all = w.stride[i] * (in - 1) + extra[i] + (w.kernel[i] - 1) * w.dilation[i] + 1 - out;
    if (all < 0) extra[i] -= all;
    const std::int64_t cut = std::max<std::int64_t>(all, 0);
    w.low[i] = automatic == "SAME_UPPER" ? cut / 2 : cut - cut / 2;
    w.high[i] = cut - w.low[i];
  }
  const ConvTransposeOptions options{.stride = w.stride,
                                     .padding = w.padding(),
                                     .output_padding = extra,
                                     .dilation = w.dilation,
                                     .groups = c.integer("group", 1)};
  return {c.has(2) ? conv_transpose(c[0], c[1], c[2], options) : conv_transpose(c[0], c[1], options)};
}

/// Places in images as the format counts them: through the whole tensor, and by columns if `column_first`.
Tensor counted(const Tensor& places, const Shape& x, bool column_first) {
  std::vector<std::int64_t> sizes = spatial(x);
  Tensor place = places;
  if (column_first) {
    Tensor rest = places;
    place = scalar(0, i64);
    std::int64_t step = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
    for (std::size_t i = sizes.size(); i-- > 0;) {
      step /= sizes[i];
      place = place + remainder(rest, sizes[i]) * step;
      rest = floor_divide(rest, sizes[i]);
    }
  }
  const std::int64_t image =
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
  std::vector<std::int64_t> planes(static_cast<std::size_t>(x.ndim()), 1);
  planes[0] = x[0], planes[1] = x[1];
  return place + reshape(arange(x[0] * x[1]) * image, planes);
}

Tensors max_pool_of(const Call& c) {
  const Tensor& x = c[0];
  const WindowSettings w = window_settings(c, x.shape(), {});
  const PoolOptions options{
      .stride = w.stride, .padding = w.padding(), .dilation = w.dilation, .ceil_mode = c.flag("ceil_mode")};
  if (!c.wants_output(1)) return {as(max_pool(x, w.kernel, options), x)};
  const MaxPoolResult found = max_pool_with_indices(x, w.kernel, options);
  return {as(found.values, x), counted(found.indices, x.shape(), c.flag("storage_order"))};
}

Tensors average_pool(const Call& c) {
  const WindowSettings w = window_settings(c, c[0].shape(), {});
  return {avg_pool(c[0], w.kernel,
                   {.stride = w.stride,
                    .padding = w.padding(),
                    .ceil_mode = c.flag("ceil_mode"),
                    .count_include_pad = c.flag("count_include_pad")})};
}

Tensors lp_pool(const Call& c) {
  const WindowSettings w = window_settings(c, c[0].shape(), {});
  const auto p = static_cast<double>(c.integer("p", 2));
  const double count = std::accumulate(w.kernel.begin(), w.kernel.end(), 1.0, std::multiplies<>());
  const Tensor means = avg_pool(pow(abs(c[0]), p), w.kernel,
                                {.stride = w.stride, .padding = w.padding(), .count_include_pad = true});
  return {pow(means * count, 1 / p)};
}

Axes spatial_axes(const Call& c) {
  if (c[0].ndim() < 3) throw c.error(cat("an image of shape ", c[0].shape(), "; need (N, C, ...)."));
  std::vector<int> axes;
  for (int i = 2; i < c[0].ndim(); ++i) axes.push_back(i);
  return Axes(axes);
}
Tensors global_average(const Call& c) { return {mean(c[0], spatial_axes(c), true)}; }
Tensors global_max(const Call& c) { return {max(c[0], spatial_axes(c), true)}; }
Tensors global_lp(const Call& c) {
  const auto p = static_cast<double>(c.integer("p", 2));
  return {pow(sum(pow(abs(c[0]), p), spatial_axes(c), true), 1 / p)};
}

Tensors max_unpool(const Call& c) {
  const Shape& x = c[0].shape();
  const WindowSettings w = window_settings(c, x, {});
  std::vector<std::int64_t> sizes{x[0], x[1]};
  for (std::size_t i = 0; i < w.kernel.size(); ++i) {
    sizes.push_back((x[static_cast<int>(i) + 2] - 1) * w.stride[i] + w.kernel[i] - w.low[i] - w.high[i]);
  }
  const std::int64_t count = shape_of(c, sizes).numel();
  Tensor y =
      reshape(scatter_add(zeros({count}, c[0].dtype()), flatten(cast(c[1], i64)), flatten(c[0]), 0), sizes);
  if (!c.has(2)) return {y};
  const std::vector<std::int64_t> wanted = c.integers_at(2);
  std::vector<std::int64_t> to = sizes;
  for (std::size_t i = 0; i < wanted.size() && i < sizes.size(); ++i) to[i] = std::max(sizes[i], wanted[i]);
  shape_of(c, to);
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] > sizes[i]) y = pad(y, static_cast<int>(i), 0, to[i] - sizes[i]);
  }
  return {y};
}

constexpr Operator kRows[] = {
    {"AveragePool", 1, 1, average_pool},
    {"Conv", 2, 3, conv_of, 0, 0, false, "1 to 3 spatial axes, as all that follow."},
    {"ConvTranspose", 2, 3, conv_transpose_of},
    {"GlobalAveragePool", 1, 1, global_average},
    {"GlobalLpPool", 1, 1, global_lp},
    {"GlobalMaxPool", 1, 1, global_max},
    {"LpPool", 1, 1, lp_pool},
    {"MaxPool", 1, 1, max_pool_of},
    {"MaxUnpool", 2, 3, max_unpool, 0b110},
};

}  // namespace

std::span<const Operator> window_operators() { return kRows; }

}  // namespace chainrule::onnx
