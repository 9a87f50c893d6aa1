// Convolution with its options, as users call it.
#include "chainrule/conv.h"

#include "chainrule/ops.h"
#include "ops/composed.h"
#include "ops/conv.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

/// y + bias, one number a channel.
Tensor with_bias(const Tensor& y, const Tensor& bias) {
  if (bias.is_empty()) return y;
  if (bias.ndim() != 1 || bias.numel() != y.shape()[1]) {
    throw op_error<ShapeError>(
        125, cat("bias ", bias.shape(), " does not fit the ", y.shape()[1], " channels of the result ",
                 y.shape(), ". Need (", y.shape()[1], ",)."));
  }
  return y + reshape(bias, with_spatial(1, bias.numel(), all_axes(1), y.ndim() - 2));
}

/// Image and weights as floating numbers of one dtype.
std::array<Tensor, 2> as_images(const Tensor& x, const Tensor& w) {
  return same_dtype(as_image(x), as_image(w), "conv");
}

/// @param axes  that there must be; 0: as x has them.
Tensor convolve(const Tensor& image, const Tensor& weights, const Tensor& bias, const ConvOptions& options,
                int axes, Location where) {
  const auto [x, w] = as_images(image, weights);
  require_image(x.shape(), axes);
  axes = x.ndim() - 2;
  require_image(w.shape(), axes, "w");
  const ConvRule rule{window_rule(options.stride, options.padding, options.dilation, spatial_sizes(x.shape()),
                                  spatial_sizes(w.shape()), axes),
                      options.groups};
  check_conv(rule, x, w);
  return with_bias(conv(rule, x, w, where), bias);
}

/// Inputs of a transposed convolution. @throws ShapeError E121, ValueError E122
void check_channels_transposed(const Shape& x, const Shape& w, std::int64_t groups) {
  if (groups < 1 || x[1] % groups != 0) {
    throw op_error<ValueError>(
        122, cat("groups is ", groups, "; it must divide the ", x[1], " channels of x ", x, "."));
  }
  if (w[0] != x[1]) {
    throw op_error<ShapeError>(121, cat("channel numbers differ: x ", x, " has ", x[1], ", w ", w, " takes ",
                                        w[0], ". Need w's first axis = x's channels."));
  }
}

/// The size of a transposed convolution's result along an axis.
std::int64_t size_transposed(const WindowRule& rule, std::int64_t in, std::int64_t kernel, std::int64_t more,
                             int axis) {
  const std::int64_t size = checked(Checked(in - 1) * rule.stride[axis] - rule.low[axis] - rule.high[axis] +
                                    Checked(rule.dilation[axis]) * (kernel - 1) + 1 + more);
  if (more >= rule.stride[axis] && more > 0) {
    throw op_error<ValueError>(
        124, cat("output_padding is ", more, "; it must be less than the stride, ", rule.stride[axis], "."));
  }
  if (in < 1 || kernel < 1 || size < 1) {
    throw op_error<ShapeError>(
        123,
        cat("nothing is left of the result: along axis ", axis - 3, " the image has ", in, ", the kernel ",
            kernel, ", and the result would have ", size, ". Need less padding, or larger inputs."));
  }
  return size;
}

Tensor convolve_transposed(const Tensor& image, const Tensor& weights, const Tensor& bias,
                           const ConvTransposeOptions& options, int axes, Location where) {
  const auto [x, w] = as_images(image, weights);
  require_image(x.shape(), axes);
  axes = x.ndim() - 2;
  require_image(w.shape(), axes, "w");
  check_channels_transposed(x.shape(), w.shape(), options.groups);
  const Extents in = spatial_sizes(x.shape()), kernel = spatial_sizes(w.shape());
  const Extents more = checked_option(options.output_padding, "output_padding", axes, 0, 0);
  const Extents stride = checked_option(options.stride, "stride", axes, 1, 1);
  Extents size = all_axes(1);
  for (int i = 0; i < 3; ++i) size[i] = checked(Checked(in[i]) * stride[i]);
  const ConvRule rule{window_rule(options.stride, options.padding, options.dilation, size, kernel, axes),
                      options.groups};
  for (int i = 0; i < 3; ++i) {
    if (!options.padding.is_same || in[i] < 1 || kernel[i] < 1) {
      size[i] = size_transposed(rule.window, in[i], kernel[i], more[i], i);
    } else if (more[i] != 0) {
      throw op_error<ValueError>(124, cat("output_padding is ", more[i],
                                          "; padding \"same\" leaves no choice of ", "it. Leave it out."));
    }
  }
  return with_bias(conv_input(rule, size, x, w, where), bias);
}

}  // namespace

// One function for each number of spatial axes and one for any, with a bias and without.
#define CHAINRULE_CONV(name, work, Options, axes)                                           \
  Tensor name(const Tensor& x, const Tensor& w, const Options& options, Location where) {   \
    return name(x, w, Tensor(), options, where);                                            \
  }                                                                                         \
  Tensor name(const Tensor& x, const Tensor& w, const Tensor& bias, const Options& options, \
              Location where) {                                                             \
    const OpScope scope(#name, where);                                                      \
    return work(x, w, bias, options, axes, where);                                          \
  }

CHAINRULE_CONV(conv, convolve, ConvOptions, 0)
CHAINRULE_CONV(conv1d, convolve, ConvOptions, 1)
CHAINRULE_CONV(conv2d, convolve, ConvOptions, 2)
CHAINRULE_CONV(conv3d, convolve, ConvOptions, 3)
CHAINRULE_CONV(conv_transpose, convolve_transposed, ConvTransposeOptions, 0)
CHAINRULE_CONV(conv_transpose1d, convolve_transposed, ConvTransposeOptions, 1)
CHAINRULE_CONV(conv_transpose2d, convolve_transposed, ConvTransposeOptions, 2)
CHAINRULE_CONV(conv_transpose3d, convolve_transposed, ConvTransposeOptions, 3)

#undef CHAINRULE_CONV

std::vector<ComposedFunction> conv_functions() {
  using In = std::span<const Tensor>;
  return {
      {"conv",
       "conv + bias, of as many axes as x has.",
       {{"conv(x, w, b, {.stride = 2})",
         [](In in) { return conv(in[0], in[1], in[2], {.stride = 2}); },
         {{{2, 2, 3, 4}}, {{3, 2, 2, 1}}, {{3}}}}}},
      {"conv1d",
       "conv + bias.",
       {{"conv1d(x, w, b)",
         [](In in) { return conv1d(in[0], in[1], in[2]); },
         {{{2, 2, 5}}, {{3, 2, 2}}, {{3}}}}}},
      {"conv2d",
       "conv + bias.",
       {{"conv2d(x, w, b, {.stride = 2, .padding = 1})",
         [](In in) { return conv2d(in[0], in[1], in[2], {.stride = 2, .padding = 1}); },
         {{{1, 2, 5, 4}}, {{3, 2, 3, 3}}, {{3}}}},
        {"conv2d(x, w, {.padding = Padding::same(), .groups = 2})",
         [](In in) { return conv2d(in[0], in[1], {.padding = Padding::same(), .groups = 2}); },
         {{{1, 2, 4, 3}}, {{2, 1, 2, 3}}}}}},
      {"conv3d",
       "conv + bias.",
       {{"conv3d(x, w, {.dilation = {1, 1, 2}})",
         [](In in) {
           return conv3d(in[0], in[1], {.dilation = {1, 1, 2}});
         },
         {{{1, 2, 2, 3, 4}}, {{2, 2, 2, 2, 2}}}}}},
      {"conv_transpose",
       "conv_input + bias, of as many axes as x has.",
       {{"conv_transpose(x, w, b, {.stride = 2})",
         [](In in) { return conv_transpose(in[0], in[1], in[2], {.stride = 2}); },
         {{{2, 2, 2, 3}}, {{2, 3, 2, 1}}, {{3}}}}}},
      {"conv_transpose1d",
       "conv_input + bias.",
       {{"conv_transpose1d(x, w, b, {.stride = 2})",
         [](In in) { return conv_transpose1d(in[0], in[1], in[2], {.stride = 2}); },
         {{{2, 2, 4}}, {{2, 3, 3}}, {{3}}}}}},
      {"conv_transpose2d",
       "conv_input + bias.",
       {{"conv_transpose2d(x, w, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2})",
         [](In in) {
           return conv_transpose2d(in[0], in[1],
                                   {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2});
         },
         {{{1, 4, 3, 2}}, {{4, 1, 3, 3}}}},
        {"conv_transpose2d(x, w, {.stride = 3, .padding = Padding::same()})",
         [](In in) { return conv_transpose2d(in[0], in[1], {.stride = 3, .padding = Padding::same()}); },
         {{{1, 2, 2, 2}}, {{2, 1, 2, 4}}}}}},
      {"conv_transpose3d",
       "conv_input + bias.",
       {{"conv_transpose3d(x, w)",
         [](In in) { return conv_transpose3d(in[0], in[1]); },
         {{{1, 2, 2, 1, 2}}, {{2, 1, 2, 2, 2}}}}}},
  };
}

}  // namespace chainrule
