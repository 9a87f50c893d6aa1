// Pooling over windows, parts of images, and whole images.
#include "chainrule/nn/pool.h"

#include <array>

#include "chainrule/ops.h"
#include "nn/windows.h"

namespace chainrule::nn {
namespace {

/// By the number of axes, less one.
template <class Options>
using Pooling = Tensor (*)(const Tensor& x, Spatial kernel, const Options& options, Location where);
constexpr std::array<Pooling<PoolOptions>, 3> kMaxPools = {max_pool1d, max_pool2d, max_pool3d};
constexpr std::array<Pooling<AvgPoolOptions>, 3> kAvgPools = {avg_pool1d, avg_pool2d, avg_pool3d};

constexpr std::string_view kStride = "how far the window moves; empty: as far as it is large";
constexpr std::string_view kCeilMode = "whether a window that goes beyond the image counts";

}  // namespace

void PoolLayer::set(const Spatial& window, const Spatial& step, const Padding& around, bool rounds_up) {
  kernel = numbers(window);
  stride = numbers(step);
  padding = numbers(around, axes());
  ceil_mode = rounds_up;
}

void MaxPoolLayer::set(const Spatial& window, const PoolOptions& options) {
  PoolLayer::set(window, options.stride, options.padding, options.ceil_mode);
  dilation = numbers(options.dilation);
}

void MaxPoolLayer::fields(Fields& f) {
  window_fields(f, kernel, stride, kStride, padding);
  f("dilation", dilation, "distance of the elements that a window sees", at_least(1));
  f("ceil_mode", ceil_mode, kCeilMode);
}

Tensor MaxPoolLayer::compute(const Tensor& x, Pass&) const {
  const PoolOptions options{.stride = spatial(info(), "stride", stride, axes(), true),
                            .padding = padding_of(info(), "padding", padding, axes()),
                            .dilation = spatial(info(), "dilation", dilation, axes()),
                            .ceil_mode = ceil_mode};
  const auto pool = kMaxPools.at(static_cast<std::size_t>(axes() - 1));
  return pool(x, spatial(info(), "kernel", kernel, axes()), options, Location::current());
}

void AvgPoolLayer::set(const Spatial& window, const AvgPoolOptions& options) {
  PoolLayer::set(window, options.stride, options.padding, options.ceil_mode);
  count_include_pad = options.count_include_pad;
}

void AvgPoolLayer::fields(Fields& f) {
  window_fields(f, kernel, stride, kStride, padding);
  f("ceil_mode", ceil_mode, kCeilMode);
  f("count_include_pad", count_include_pad, "whether padding counts among the elements of a window");
}

Tensor AvgPoolLayer::compute(const Tensor& x, Pass&) const {
  const AvgPoolOptions options{.stride = spatial(info(), "stride", stride, axes(), true),
                               .padding = padding_of(info(), "padding", padding, axes()),
                               .ceil_mode = ceil_mode,
                               .count_include_pad = count_include_pad};
  const auto pool = kAvgPools.at(static_cast<std::size_t>(axes() - 1));
  return pool(x, spatial(info(), "kernel", kernel, axes()), options, Location::current());
}

Tensor GlobalAvgPool::compute(const Tensor& x, Pass&) const { return flatten(global_avg_pool(x), 1); }
Tensor GlobalMaxPool::compute(const Tensor& x, Pass&) const { return flatten(global_max_pool(x), 1); }

constexpr std::string_view kSize = "of the result along each axis, or one number for all";

AdaptiveAvgPool::AdaptiveAvgPool(const Spatial& wanted) : size(numbers(wanted)) {}
void AdaptiveAvgPool::fields(Fields& f) { f("size", size, kSize, at_least(1)); }
Tensor AdaptiveAvgPool::compute(const Tensor& x, Pass&) const { return adaptive_avg_pool(x, size); }

AdaptiveMaxPool::AdaptiveMaxPool(const Spatial& wanted) : size(numbers(wanted)) {}
void AdaptiveMaxPool::fields(Fields& f) { f("size", size, kSize, at_least(1)); }
Tensor AdaptiveMaxPool::compute(const Tensor& x, Pass&) const { return adaptive_max_pool(x, size); }

}  // namespace chainrule::nn
