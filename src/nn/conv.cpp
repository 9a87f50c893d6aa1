// Convolutions.
#include "chainrule/nn/conv.h"

#include "nn/windows.h"

namespace chainrule::nn {

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

}  // namespace chainrule::nn
