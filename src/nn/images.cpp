// Layers of images (N, C, H, W).
#include "chainrule/error.h"
#include "chainrule/nn/layers.h"
#include "chainrule/normalize.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "ops/internal.h"

namespace chainrule::nn {
namespace {

std::vector<std::int64_t> numbers(const Spatial& spatial) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < spatial.count(); ++i) all.push_back(spatial[i]);
  return all;
}

/// A setting of height and width, or one number for both.
Spatial two(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given,
            bool may_be_empty = false) {
  if ((!given.empty() && given.size() <= 2) || (given.empty() && may_be_empty)) return Spatial(given);
  throw ValueError(
      250, cat("[", info.name, "] ", setting, " has ", given.size(),
               " numbers; need one, or two: height and width.", OriginScope::current({}).to_string()));
}

void window_fields(Fields& f, std::vector<std::int64_t>& kernel, std::vector<std::int64_t>& stride,
                   std::string_view of_stride, std::vector<std::int64_t>& padding) {
  f("kernel", kernel, "height and width of the window, or one number for both", at_least(1));
  f("stride", stride, of_stride, at_least(1));
  f("padding", padding, "zeros around the image", at_least(0));
}

}  // namespace

Conv2d::Conv2d(std::int64_t outputs, Spatial window, const Conv2dOptions& options)
    : filters(outputs),
      kernel(numbers(window)),
      stride(numbers(options.stride)),
      padding(numbers(options.padding)),
      dilation(numbers(options.dilation)),
      groups(options.groups),
      has_bias(options.bias),
      weight_init(options.weight_init) {}

void Conv2d::fields(Fields& f) {
  f("filters", filters, "channels that come out", at_least(1));
  window_fields(f, kernel, stride, "how far the window moves", padding);
  f("dilation", dilation, "distance of the elements that a window sees", at_least(1));
  f("groups", groups, "parts of the channels that do not see each other", at_least(1));
  f("bias", has_bias, "whether a number is added to each channel");
  f("weight_init", weight_init.handle(), "first values of the filters; biases start at 0");
}

void Conv2d::members(Members& m) {
  m("weight", weight);
  if (has_bias) m("bias", bias);
}

void Conv2d::init(Init& init) {
  const std::int64_t channels = groups > 0 ? init.size(1) / groups : init.size(1);
  const Spatial window = two(kInfo, "kernel", kernel);
  const Shape shape{filters, channels, window[0], window[1]};  // not too large: nor is what follows
  const std::int64_t area = window[0] * window[1];
  init("weight", weight, shape, weight_init,
       {.in = channels * area, .out = groups > 0 ? filters / groups * area : filters * area});
  if (has_bias) init("bias", bias, {filters}, 0);
}

Tensor Conv2d::compute(const Tensor& x, Pass&) const {
  const Spatial zeros = two(kInfo, "padding", padding);
  const ConvOptions options{.stride = two(kInfo, "stride", stride),
                            .padding = Padding::of(zeros, zeros),
                            .dilation = two(kInfo, "dilation", dilation),
                            .groups = groups};
  return has_bias ? conv2d(x, weight, bias, options) : conv2d(x, weight, options);
}

MaxPool2d::MaxPool2d(Spatial window, const PoolOptions& options)
    : kernel(numbers(window)),
      stride(numbers(options.stride)),
      padding(numbers(options.padding.low)),
      ceil_mode(options.ceil_mode) {}

void MaxPool2d::fields(Fields& f) {
  window_fields(f, kernel, stride, "how far the window moves; empty: as far as it is large", padding);
  f("ceil_mode", ceil_mode, "whether a window that goes beyond the image counts");
}

Tensor MaxPool2d::compute(const Tensor& x, Pass&) const {
  const Spatial around = two(kInfo, "padding", padding);
  return max_pool2d(x, two(kInfo, "kernel", kernel),
                    {.stride = two(kInfo, "stride", stride, true),
                     .padding = Padding::of(around, around),
                     .ceil_mode = ceil_mode});
}

Tensor GlobalAvgPool::compute(const Tensor& x, Pass&) const { return flatten(global_avg_pool(x), 1); }

void BatchNorm::fields(Fields& f) {
  f("momentum", options.momentum, "share of the new batch in the running statistics", between(0, 1));
  f("eps", options.eps, "added to the variance", at_least(0));
  f("affine", options.affine, "whether the result is scaled and shifted by parameters");
}

void BatchNorm::members(Members& m) {
  if (options.affine) {
    m("scale", scale);
    m("shift", shift);
  }
  m("mean", mean);
  m("variance", variance);
}

void BatchNorm::init(Init& init) {
  const Shape channels{init.size(1)};
  if (options.affine) {
    init("scale", scale, channels, 1);
    init("shift", shift, channels, 0);
  }
  init("mean", mean, channels, 0);
  init("variance", variance, channels, 1);
}

Tensor BatchNorm::compute(const Tensor& x, Pass& pass) const {
  const Tensor s = options.affine ? scale.value() : Tensor(), b = options.affine ? shift.value() : Tensor();
  if (!pass.is_training()) return batch_norm_inference(x, mean, variance, s, b, options.eps);
  const BatchNormResult now = batch_norm(x, s, b, options.eps);
  // Statistics are no way for gradients, and an empty or single-element channel has no variance of a sample.
  const std::int64_t channels = x.shape()[1], count = channels > 0 ? x.numel() / channels : 0;
  if (count == 0) return now.output;
  const double of_sample = count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1;
  const Tensor share = scalar(options.momentum, x.dtype());
  pass.set(mean, approach(mean, share, now.mean));
  pass.set(variance, approach(variance, share, now.variance * of_sample));
  return now.output;
}

}  // namespace chainrule::nn
