#pragma once

#include <limits>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "kernels/ref/map.h"
#include "ops/fast.h"
#include "ops/meta.h"
#include "ops/op.h"
#include "ops/operands.h"

// What the families of elementwise operations share.
namespace chainrule {

/// The largest finite number of a floating dtype.
inline double largest_number(DType dtype) {
  return dtype == DType::f32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
}

/// The smallest number above 0 with all digits.
inline double smallest_number(DType dtype) {
  return dtype == DType::f32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
}

/// The reference kernel of a function of floating numbers.
template <class F>
void run_floating(const Kernel& k, F f) {
  with_floating(k.output.dtype,
                [&]<class T>(std::type_identity<T>) { kernels::map_unary<T, T>(k.inputs[0], k.output, f); });
}

/// The same for two arguments.
template <class F>
void run_floating_binary(const Kernel& k, F f) {
  with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output, f);
  });
}

/// A function of floating numbers on any tensor.
template <class Op>
Tensor apply_floating(const Tensor& x, Location where) {
  if (x.is_empty() || has_gradient(x.dtype())) return apply(Op{}, {x}, where);
  return apply(Op{}, {cast(x, DType::f64, where)}, where);
}

/// An operation on two tensors of one dtype.
template <class Op>
Tensor apply_arithmetic(const Operand& a, const Operand& b) {
  const SameDtype same(a, b, Op::kInfo.name);
  return apply(Op{}, {same.a(), same.b()}, a.where());
}

/// The same for a comparison.
template <class Op>
Tensor apply_comparison(const Operand& a, const Operand& b) {
  const SameDtype same(a, b, Op::kInfo.name, SameDtype::Unfit::widens);
  return apply(Op{}, {same.a(), same.b()}, a.where());
}

/// For operations on floating numbers alone: integers become f64, as in NumPy's true division.
template <class Op>
Tensor apply_floating(const Operand& a, const Operand& b) {
  const SameDtype same(a, b, Op::kInfo.name, SameDtype::Unfit::widens);
  if (same.a().is_empty() || same.b().is_empty() || is_floating(same.a().dtype())) {
    return apply(Op{}, {same.a(), same.b()}, a.where());
  }
  const OriginScope scope(a.where());
  return apply(Op{}, {as_floating(same.a()), as_floating(same.b())}, a.where());
}

}  // namespace chainrule
