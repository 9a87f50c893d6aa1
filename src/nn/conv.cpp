// Convolutions and transposed convolutions of one to three axes.
#include "chainrule/nn/conv.h"

#include <algorithm>
#include <array>

#include "nn/windows.h"

namespace chainrule::nn {
namespace {

/// By the number of axes, less one.
using Convolution = Tensor (*)(const Tensor& x, const Tensor& w, const Tensor& bias,
                               const ConvOptions& options, Location where);
constexpr std::array<Convolution, 3> kConvolutions = {conv1d, conv2d, conv3d};
using Transposed = Tensor (*)(const Tensor& x, const Tensor& w, const Tensor& bias,
                              const ConvTransposeOptions& options, Location where);
constexpr std::array<Transposed, 3> kTransposed = {conv_transpose1d, conv_transpose2d, conv_transpose3d};

/// (first, second, kernel...), which may be too large (E001).
Shape weight_shape(std::int64_t first, std::int64_t second, const Spatial& kernel, int axes) {
  std::vector<std::int64_t> sizes{first, second};
  for (int i = 0; i < axes; ++i) sizes.push_back(kernel[i]);
  return Shape(sizes);
}

/// Of a weight that is not too large.
std::int64_t area_of(const Shape& weight) {
  std::int64_t area = 1;
  for (int axis = 2; axis < weight.ndim(); ++axis) area *= weight[axis];
  return area;
}

/// How many parts there are: what is not positive is refused later, by the function.
std::int64_t divided(std::int64_t count, std::int64_t groups) { return groups > 0 ? count / groups : count; }

void list_rest(Fields& f, ConvLayer& layer) {
  f("dilation", layer.dilation, "distance of the elements that a window sees", at_least(1));
  f("groups", layer.groups, "parts of the channels that do not see each other", at_least(1));
  f("bias", layer.has_bias, "whether a number is added to each channel");
  f("weight_init", layer.weight_init.handle(), "first values of the filters; biases start at 0");
}

}  // namespace

void ConvLayer::set(std::int64_t outputs, const Spatial& window, const ConvLayerOptions& options) {
  filters = outputs;
  kernel = numbers(window);
  stride = numbers(options.stride);
  padding = numbers(options.padding, axes());
  dilation = numbers(options.dilation);
  groups = options.groups;
  has_bias = options.bias;
  weight_init = options.weight_init;
}

void ConvLayer::fields(Fields& f) {
  f("filters", filters, "channels that come out", at_least(1));
  window_fields(f, kernel, stride, "how far the window moves", padding);
  list_rest(f, *this);
}

void ConvLayer::members(Members& m) {
  m("weight", weight);
  if (has_bias) m("bias", bias);
}

void ConvLayer::init(Init& init) {
  const std::int64_t channels = divided(init.size(1), groups);
  const Shape shape = weight_shape(filters, channels, spatial(info(), "kernel", kernel, axes()), axes());
  const std::int64_t area = area_of(shape);
  init("weight", weight, shape, weight_init, {.in = channels * area, .out = divided(filters, groups) * area});
  if (has_bias) init("bias", bias, {filters}, 0);
}

Tensor ConvLayer::compute(const Tensor& x, Pass&) const {
  const ConvOptions options{.stride = spatial(info(), "stride", stride, axes()),
                            .padding = padding_of(info(), "padding", padding, axes()),
                            .dilation = spatial(info(), "dilation", dilation, axes()),
                            .groups = groups};
  const Convolution convolve = kConvolutions.at(static_cast<std::size_t>(axes() - 1));
  return convolve(x, weight, has_bias ? bias.value() : Tensor(), options, Location::current());
}

void ConvTransposeLayer::set(std::int64_t outputs, const Spatial& window,
                             const ConvTransposeLayerOptions& options) {
  ConvLayer::set(outputs, window,
                 {.stride = options.stride,
                  .padding = options.padding,
                  .dilation = options.dilation,
                  .groups = options.groups,
                  .bias = options.bias,
                  .weight_init = options.weight_init});
  output_padding = numbers(options.output_padding);
}

void ConvTransposeLayer::fields(Fields& f) {
  f("filters", filters, "channels that come out", at_least(1));
  window_fields(f, kernel, stride, "how far apart numbers of the input lie in the output", padding);
  f("output_padding", output_padding, "numbers more at the end of the output, fewer than the stride",
    at_least(0));
  list_rest(f, *this);
}

// A number of the output is reached through every stride-th element of a window.
void ConvTransposeLayer::init(Init& init) {
  const std::int64_t channels = init.size(1), outputs = divided(filters, groups);
  const Shape shape = weight_shape(channels, outputs, spatial(info(), "kernel", kernel, axes()), axes());
  const Spatial step = spatial(info(), "stride", stride, axes());
  const std::int64_t area = area_of(shape);
  std::int64_t reached = area;
  for (int i = 0; i < axes(); ++i)
    reached = std::max<std::int64_t>(1, reached / std::max<std::int64_t>(1, step[i]));
  init("weight", weight, shape, weight_init,
       {.in = divided(channels, groups) * reached, .out = outputs * area});
  if (has_bias) init("bias", bias, {filters}, 0);
}

Tensor ConvTransposeLayer::compute(const Tensor& x, Pass&) const {
  const ConvTransposeOptions options{
      .stride = spatial(info(), "stride", stride, axes()),
      .padding = padding_of(info(), "padding", padding, axes()),
      .output_padding = spatial(info(), "output_padding", output_padding, axes()),
      .dilation = spatial(info(), "dilation", dilation, axes()),
      .groups = groups};
  const Transposed spread = kTransposed.at(static_cast<std::size_t>(axes() - 1));
  return spread(x, weight, has_bias ? bias.value() : Tensor(), options, Location::current());
}

}  // namespace chainrule::nn
