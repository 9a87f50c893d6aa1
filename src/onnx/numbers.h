#pragma once

#include "chainrule/chainrule.h"
#include "onnx/operator.h"

// What the families of operators share.
namespace chainrule::onnx {

/// A function of one input.
template <Tensor (*kFunction)(const Tensor&, Location)>
Tensors unary(const Call& call) {
  return {kFunction(call[0], Location::current())};
}

/// The result in the dtype of an input: the format knows no promotion.
inline Tensor as(const Tensor& x, const Tensor& like) {
  return x.dtype() == like.dtype() ? x : cast(x, like.dtype());
}

/// A number of the input's dtype.
inline Tensor number(double value, const Tensor& like) { return scalar(value, like.dtype()); }

/// a / b of whole numbers, cut off towards zero.
inline Tensor cut_quotient(const Tensor& a, const Tensor& b) { return floor_divide(a - fmod(a, b), b); }

/// The dtype of a type code. @throws ValueError E508
DType dtype_of_code(const Call& call, std::int64_t code);

/// The shape that a list of numbers says. @throws ValueError E508, E524
Shape shape_of(const Call& call, std::span<const std::int64_t> sizes);

/// A vector in i64.
inline Tensor vector_of(const std::vector<std::int64_t>& values) {
  return from_data(values, Shape{static_cast<std::int64_t>(values.size())});
}

inline std::vector<std::int64_t> sizes_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

}  // namespace chainrule::onnx
