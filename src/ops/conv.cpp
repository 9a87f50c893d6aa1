// Convolution and its two adjoints. It is linear in x and in w; each derivative of one of the three is
// another of the three, so that derivatives of any order are exact.
#include "ops/conv.h"

#include <cassert>

#include "chainrule/array.h"
#include "kernels/conv.h"
#include "kernels/ref/conv.h"
#include "ops/meta.h"

namespace chainrule {
namespace {

kernels::ConvShape shape_of(const ConvRule& rule, const Shape& x, const Shape& w) {
  return {rule.window.over(spatial_sizes(x), spatial_sizes(w)), x[0], rule.groups, w[1], w[0] / rule.groups};
}

/// A number of the image, or of the padding around it.
template <class T>
double at_or_zero(const T* x, std::int64_t at) {
  return at < 0 ? 0 : static_cast<double>(x[at]);
}

template <class T>
kernels::ConvPiece<T> piece_of(const Kernel& k) {
  return {k.piece.first, k.piece.last, static_cast<T*>(k.piece.kept)};
}

/// Of a convolution with result y: a multiplication and an addition for each weight of a place.
double flops_of(const kernels::ConvShape& shape, const Shape& y) {
  return 2.0 * static_cast<double>(y.numel()) * static_cast<double>(shape.depth());
}

/// @throws ShapeError E120, E121; ValueError E122  unless the weights (O, C / groups, kernel...) fit C
/// channels.
void check_channels(const Shape& x, const Shape& w, std::int64_t groups) {
  require_image(x, 0);
  require_image(w, x.ndim() - 2, "w");
  const std::int64_t channels = x[1], outputs = w[0];
  if (groups < 1 || channels % groups != 0 || outputs % groups != 0) {
    throw op_error<ValueError>(
        122, cat("groups is ", groups, "; it must divide the ", channels, " channels of x ", x, " and the ",
                 outputs, " outputs of w ", w, "."));
  }
  if (w[1] * groups != channels) {
    const bool last = x.ndim() == 4 && x.back() == w[1] * groups;
    throw op_error<ShapeError>(
        121, cat("channel numbers differ: x ", x, " has ", channels, ", w ", w, " takes ", w[1] * groups,
                 groups > 1 ? cat(" in ", groups, " groups") : "", ". Need w's second axis = ",
                 channels / groups, ", x's channels", groups > 1 ? " of one group." : ".",
                 last ? " If x has its channels last: permute(x, {0, 3, 1, 2})." : ""));
  }
}

struct Conv {
  ConvRule rule;

  static constexpr OpInfo kInfo{
      .name = "conv", .arity = 2, .doc = "Convolution over one to three axes; the kernel is not turned."};
  static constexpr bool kTakesEpilogue = true;
  bool operator==(const Conv&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit);
  }
  Meta infer(std::span<const Meta> in) const {
    require_same_dtype(in);
    require_floating(in[0]);
    const Shape& x = in[0].shape;
    const Shape& w = in[1].shape;
    check_channels(x, w, rule.groups);
    return {in[0].dtype, with_spatial(x[0], w[0], shape_of(rule, x, w).windows.out, x.ndim() - 2)};
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    const Tensor& w = v.inputs[1];
    return {v.needs(0) ? conv_input(rule, spatial_sizes(x.shape()), v.cotangent, w) : Tensor(),
            v.needs(1) ? conv_weight(rule, spatial_sizes(w.shape()), x, v.cotangent) : Tensor()};
  }
  Split split(std::span<const Shape> in) const {
    return {0b01, false, kernels::conv_kept(shape_of(rule, in[0], in[1]))};
  }
  double flops(std::span<const Shape> in, const Shape& out) const {
    return flops_of(shape_of(rule, in[0], in[1]), out);
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      const T* w = k.inputs[1].as<T>();
      kernels::sum_terms(shape_of(rule, k.inputs[0].shape, k.inputs[1].shape), k.output.as<T>(),
                         k.output.numel(), [=](double* sums, auto at_x, auto at_w, auto at_y) {
                           sums[at_y] += at_or_zero(x, at_x) * static_cast<double>(w[at_w]);
                         });
    });
  }
  void run_fast(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::conv(shape_of(rule, k.inputs[0].shape, k.inputs[1].shape), k.inputs[0].as<T>(),
                    k.inputs[1].as<T>(), k.output.as<T>(),
                    {static_cast<const T*>(k.epilogue.bias), k.epilogue.relu}, piece_of<T>(k));
    });
  }
  static std::vector<Sample> samples();
};

/// The adjoint in x, of images of size `in`: inputs y, w.
struct ConvInput {
  ConvRule rule;
  Extents in = all_axes(1);

  static constexpr OpInfo kInfo{
      .name = "conv_input", .arity = 2, .doc = "Transposed convolution: the adjoint of convolution in x."};
  bool operator==(const ConvInput&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit), visit("in", in);
  }
  Meta infer(std::span<const Meta> inputs) const {
    require_same_dtype(inputs);
    require_floating(inputs[0]);
    const Shape& y = inputs[0].shape;
    const Shape& w = inputs[1].shape;
    assert(y[1] == w[0] && rule.window.over(in, spatial_sizes(w)).out == spatial_sizes(y));
    return {inputs[0].dtype, image(y, w)};
  }
  Shape image(const Shape& y, const Shape& w) const {
    return with_spatial(y[0], w[1] * rule.groups, in, y.ndim() - 2);
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor& y = v.inputs[0];
    const Tensor& w = v.inputs[1];
    return {v.needs(0) ? conv(rule, v.cotangent, w) : Tensor(),
            v.needs(1) ? conv_weight(rule, spatial_sizes(w.shape()), v.cotangent, y) : Tensor()};
  }
  Split split(std::span<const Shape> inputs) const {
    return {0b01, false, kernels::conv_input_kept(shape_of(rule, image(inputs[0], inputs[1]), inputs[1]))};
  }
  double flops(std::span<const Shape> inputs, const Shape& out) const {
    return flops_of(shape_of(rule, out, inputs[1]), inputs[0]);
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* y = k.inputs[0].as<T>();
      const T* w = k.inputs[1].as<T>();
      kernels::sum_terms(shape_of(rule, k.output.shape, k.inputs[1].shape), k.output.as<T>(),
                         k.output.numel(), [=](double* sums, auto at_x, auto at_w, auto at_y) {
                           if (at_x < 0) return;
                           sums[at_x] += static_cast<double>(y[at_y]) * static_cast<double>(w[at_w]);
                         });
    });
  }
  void run_fast(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::conv_input(shape_of(rule, k.output.shape, k.inputs[1].shape), k.inputs[0].as<T>(),
                          k.inputs[1].as<T>(), k.output.as<T>(), piece_of<T>(k));
    });
  }
  static std::vector<Sample> samples();
};

/// The adjoint in w, of kernels of size `kernel`: inputs x, y.
struct ConvWeight {
  ConvRule rule;
  Extents kernel = all_axes(1);

  static constexpr OpInfo kInfo{
      .name = "conv_weight", .arity = 2, .doc = "Gradient of the weights: the adjoint of convolution in w."};
  bool operator==(const ConvWeight&) const = default;
  template <class V>
  void fields(V visit) const {
    rule.fields(visit), visit("kernel", kernel);
  }
  Meta infer(std::span<const Meta> in) const {
    require_same_dtype(in);
    require_floating(in[0]);
    const Shape& x = in[0].shape;
    const Shape& y = in[1].shape;
    assert(x[0] == y[0] && rule.window.over(spatial_sizes(x), kernel).out == spatial_sizes(y));
    return {in[0].dtype, with_spatial(y[1], x[1] / rule.groups, kernel, x.ndim() - 2)};
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    const Tensor& y = v.inputs[1];
    return {v.needs(0) ? conv_input(rule, spatial_sizes(x.shape()), y, v.cotangent) : Tensor(),
            v.needs(1) ? conv(rule, x, v.cotangent) : Tensor()};
  }
  Split split(std::span<const Shape> in) const {
    const Shape weights = with_spatial(in[1][1], in[0][1] / rule.groups, kernel, in[0].ndim() - 2);
    return {0b11, true, kernels::conv_weight_kept(shape_of(rule, in[0], weights))};
  }
  double flops(std::span<const Shape> in, const Shape& out) const {
    return flops_of(shape_of(rule, in[0], out), in[1]);
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      const T* y = k.inputs[1].as<T>();
      kernels::sum_terms(shape_of(rule, k.inputs[0].shape, k.output.shape), k.output.as<T>(),
                         k.output.numel(), [=](double* sums, auto at_x, auto at_w, auto at_y) {
                           sums[at_w] += at_or_zero(x, at_x) * static_cast<double>(y[at_y]);
                         });
    });
  }
  void run_fast(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::conv_weight(shape_of(rule, k.inputs[0].shape, k.output.shape), k.inputs[0].as<T>(),
                           k.inputs[1].as<T>(), k.output.as<T>(), piece_of<T>(k));
    });
  }
  static std::vector<Sample> samples();
};

/// Good cases for all three: one axis; stride, padding and dilation that differ by axis and leave a rest;
/// groups; three axes; nothing in the batch.
struct Case {
  ConvRule rule;
  Shape x, w;
};
std::vector<Case> cases() {
  const WindowRule uneven{{1, 2, 1}, {1, 1, 2}, {0, 1, 2}, {0, 0, 1}};
  const WindowRule cube{{1, 2, 1}, {2, 1, 1}, {1, 0, 1}, {1, 0, 0}};
  return {{{}, {2, 3, 9}, {4, 3, 3}},
          {{{{1, 1, 3}}, 1}, {2, 1, 11}, {2, 1, 2}},
          {{}, {2, 2, 5, 6}, {3, 2, 3, 2}},
          {{uneven, 1}, {2, 2, 6, 5}, {3, 2, 3, 3}},
          {{uneven, 2}, {1, 4, 6, 5}, {6, 2, 2, 3}},
          {{{}, 3}, {2, 3, 4, 4}, {3, 1, 2, 2}},
          {{}, {2, 3, 4, 5}, {4, 3, 1, 1}},
          {{cube, 1}, {1, 2, 4, 5, 3}, {2, 2, 2, 2, 2}},
          {{}, {0, 2, 4, 4}, {3, 2, 3, 3}}};
}
Shape output_shape(const Case& c) {
  return with_spatial(c.x[0], c.w[0], shape_of(c.rule, c.x, c.w).windows.out, c.x.ndim() - 2);
}

std::vector<Sample> Conv::samples() {
  std::vector<Sample> list;
  for (const Case& c : cases()) list.push_back(sample(Conv{c.rule}, {{c.x}, {c.w}}));
  const Shape x{1, 4, 5, 5};
  list.push_back(sample(Conv{}, {{x}, {{2, 4, 3}}}, 120));
  list.push_back(sample(Conv{}, {{{4, 5}}, {{4, 5}}}, 120));
  list.push_back(sample(Conv{}, {{x}, {{2, 3, 3, 3}}}, 121));
  list.push_back(sample(Conv{{{}, 3}}, {{x}, {{3, 1, 3, 3}}}, 122));
  list.push_back(sample(Conv{}, {{x}, {{2, 4, 6, 3}}}, 123));
  list.push_back(sample(Conv{}, {{x}, {{2, 4, 3, 0}}}, 123));
  return list;
}
std::vector<Sample> ConvInput::samples() {
  std::vector<Sample> list;
  for (const Case& c : cases())
    list.push_back(sample(ConvInput{c.rule, spatial_sizes(c.x)}, {{output_shape(c)}, {c.w}}));
  return list;
}
std::vector<Sample> ConvWeight::samples() {
  std::vector<Sample> list;
  for (const Case& c : cases())
    list.push_back(sample(ConvWeight{c.rule, spatial_sizes(c.w)}, {{c.x}, {output_shape(c)}}));
  return list;
}

}  // namespace

CHAINRULE_OP_ROW(Conv)
CHAINRULE_OP_ROW(ConvInput)
CHAINRULE_OP_ROW(ConvWeight)

void check_conv(const ConvRule& rule, const Tensor& x, const Tensor& w) {
  const Meta metas[] = {{computed_as(x.dtype()), x.shape()}, {computed_as(w.dtype()), w.shape()}};
  Conv{rule}.infer(metas);
}
Tensor conv(const ConvRule& rule, const Tensor& x, const Tensor& w, Location where) {
  return apply(Conv{rule}, {x, w}, where);
}
Tensor conv_input(const ConvRule& rule, const Extents& in, const Tensor& y, const Tensor& w, Location where) {
  return apply(ConvInput{rule, in}, {y, w}, where);
}
Tensor conv_weight(const ConvRule& rule, const Extents& kernel, const Tensor& x, const Tensor& y,
                   Location where) {
  return apply(ConvWeight{rule, kernel}, {x, y}, where);
}

}  // namespace chainrule
