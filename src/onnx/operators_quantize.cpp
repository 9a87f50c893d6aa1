// Numbers in 8 bits: to and from them, products of them.
#include "core/text.h"
#include "onnx/numbers.h"
#include "onnx/windows.h"

namespace chainrule::onnx {
namespace {

/// A scale or a zero point along an axis of x.
Tensor along(const Call& c, const Tensor& values, const Tensor& x, int axis) {
  if (values.numel() == 1) return reshape(values, Shape{});
  c.axis_of(axis, x.ndim());  // a scalar has none
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim()), 1);
  sizes[static_cast<std::size_t>(axis)] = values.numel();
  return reshape(values, sizes);
}

/// The nearest whole number in the range of the zero point's type: u8, else int8.
Tensor saturated(const Tensor& x, DType like) {
  const double low = like == DType::u8 ? 0 : -128, high = like == DType::u8 ? 255 : 127;
  return cast(clip(x, low, high), like == DType::u8 ? DType::u8 : DType::i64);
}

Tensor quantized(const Tensor& x, const Tensor& scale, const Tensor& zero) {
  return saturated(round(x / scale) + cast(zero, x.dtype()), zero.dtype());
}

Tensor whole(const Call& c, std::size_t input, std::size_t zero) {
  const Tensor x = cast(c[input], i64);
  return c.has(zero) ? x - cast(c[zero], i64) : x;
}

Tensors quantize(const Call& c) {
  const int axis = c[0].ndim() > 1 ? c.axis("axis", 1, c[0].ndim()) : 0;
  const Tensor zero = c.has(2) ? c[2] : scalar(0, DType::u8);
  const Tensor x = is_floating(c[0].dtype()) ? c[0] : cast(c[0], c[1].dtype());
  return {quantized(x, along(c, c[1], x, axis), along(c, zero, x, axis))};
}

Tensors dequantize(const Call& c) {
  const int axis = c[0].ndim() > 1 ? c.axis("axis", 1, c[0].ndim()) : 0;
  const Tensor x = cast(c[0], c[1].dtype());
  const Tensor zero = c.has(2) ? cast(along(c, c[2], x, axis), x.dtype()) : number(0, x);
  return {(x - zero) * along(c, c[1], x, axis)};
}

Tensors dynamic_quantize(const Call& c) {
  const Tensor low = minimum(min(c[0]), 0), high = maximum(max(c[0]), 0);
  const Tensor scale = (high - low) / 255;
  const Tensor zero = cast(round(clip(-low / scale, 0, 255)), DType::u8);
  return {quantized(c[0], scale, zero), scale, zero};
}

Tensors matmul_integer(const Call& c) {
  Tensor a = cast(c[0], i64), b = whole(c, 1, 3);
  if (c.has(2)) {  // one zero point a row
    Tensor zero = cast(c[2], i64);
    if (zero.ndim() == 1 && zero.numel() > 1) zero = expand_dims(zero, 1);
    a = a - zero;
  }
  return {matmul(a, b)};
}

Tensors qlinear_matmul(const Call& c) {
  const Tensor product = cast(matmul(whole(c, 0, 2), whole(c, 3, 5)), c[6].dtype());
  return {quantized(product, c[6] / (c[1] * c[4]), c[7])};
}

Tensor conv_of(const Call& c, const Tensor& x, const Tensor& w, const Tensor& bias) {
  const WindowSettings s =
      window_settings(c, x.shape(),
                      w.ndim() < 2 ? std::vector<std::int64_t>()
                                   : std::vector<std::int64_t>(w.shape().begin() + 2, w.shape().end()));
  const ConvOptions options{
      .stride = s.stride, .padding = s.padding(), .dilation = s.dilation, .groups = c.integer("group", 1)};
  const Tensor y = conv(cast(x, f64), cast(w, f64), options);
  return bias.is_empty() ? y : y + cast(along(c, bias, y, 1), f64);
}

Tensors conv_integer(const Call& c) {
  Tensor w = cast(c[1], i64);
  if (c.has(3)) w = w - along(c, cast(c[3], i64), w, 0);
  return {cast(conv_of(c, whole(c, 0, 2), w, {}), i64)};
}

Tensors qlinear_conv(const Call& c) {
  const Tensor w = cast(c[3], i64) - along(c, cast(c[5], i64), c[3], 0);
  const Tensor y = conv_of(c, whole(c, 0, 2), w, c.has(8) ? c[8] : Tensor());
  const Tensor scale = cast(c[6], f64) / (cast(c[1], f64) * cast(along(c, c[4], y, 1), f64));
  return {quantized(y, scale, c[7])};
}

constexpr Operator kRows[] = {
    {"ConvInteger", 2, 4, conv_integer},
    {"DequantizeLinear", 2, 3, dequantize, 0b110, 0, false, "8-bit numbers that are not uint8 are i64."},
    {"DynamicQuantizeLinear", 1, 1, dynamic_quantize},
    {"MatMulInteger", 2, 4, matmul_integer},
    {"QLinearConv", 8, 9, qlinear_conv, 0b11010010},
    {"QLinearMatMul", 8, 8, qlinear_matmul, 0b11010010},
    {"QuantizeLinear", 2, 3, quantize, 0b110},
};

}  // namespace

std::span<const Operator> quantize_operators() { return kRows; }

}  // namespace chainrule::onnx
