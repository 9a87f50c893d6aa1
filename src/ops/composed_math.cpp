// Mathematical functions made of other operations, each in a form that is accurate over the whole range.
//
// None goes through |x|: its slope at 0 is a choice, so that the second derivative there would be wrong.
#include "ops/composed.h"
#include "ops/elementwise.h"

namespace chainrule {

Tensor square(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return x * x;
}

Tensor reciprocal(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return 1.0 / x;
}

Tensor rsqrt(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return 1.0 / sqrt(x);
}

Tensor tan(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return sin(x) / cos(x);
}

namespace {

/// sqrt(1 - x^2) in forms that lose no digit. Near 1 from two roots: the square would round the distance from
/// 1 away, and sqrt((1 - x) (1 + x)) have a slope of infinity times 0 at 1. Near 0 from the square, of which
/// the slope does not cancel. (A side that is not chosen is fed a harmless number.)
Tensor root_beside(const Tensor& x) {
  const Tensor is_near = abs(x) < 0.5;
  const Tensor near = where(is_near, x, 0.0);
  return where(is_near, sqrt(1.0 - near * near), sqrt(1.0 - x) * sqrt(1.0 + x));
}

}  // namespace

Tensor asin(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return atan2(x, root_beside(as_floating(x)));
}

Tensor acos(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return atan2(root_beside(as_floating(x)), x);
}

Tensor atan(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return atan2(x, 1.0);
}

// cosh(y) = 1 + 2 sinh(y/2)^2, the other way round.
Tensor acosh(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return 2.0 * asinh(sqrt(0.5 * (x - 1.0)));
}

// The upper bound last, so that it wins where the bounds are crossed, as in NumPy and ONNX. By choice: a
// slope of 1 at the bounds themselves, and NaN stays.
Tensor clip(const Operand& x, const Operand& low, const Operand& high) {
  const OriginScope scope(x.where());
  const Tensor raised = where(x < low, low, x);
  return where(raised > high, high, raised);
}

namespace {
Tensor as_boolean(const Operand& x) { return not_equal(x, 0); }
}  // namespace

Tensor logical_and(const Operand& a, const Operand& b) {
  const OriginScope scope(a.where());
  return where(as_boolean(a), as_boolean(b), scalar(0, DType::boolean));
}

Tensor logical_or(const Operand& a, const Operand& b) {
  const OriginScope scope(a.where());
  return where(as_boolean(a), scalar(1, DType::boolean), as_boolean(b));
}

Tensor logical_xor(const Operand& a, const Operand& b) {
  const OriginScope scope(a.where());
  return not_equal(as_boolean(a), as_boolean(b));
}

Tensor logical_not(const Operand& x) {
  const OriginScope scope(x.where());
  return equal(x, 0);
}

std::vector<ComposedFunction> math_functions() {
  using In = std::span<const Tensor>;
  return {
      {"clip",
       "x held between two bounds.",
       {{"clip(x, low, high)",
         [](In in) { return clip(in[0], in[1], in[2]); },
         {{{3, 4}, DType::f64, {-3.875, 4, 0.25}},
          {{4}, DType::f64, {-2, -1.5}},
          {{}, DType::f64, {1.5, 2}}}}}},
  };
}

}  // namespace chainrule
