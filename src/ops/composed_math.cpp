// Mathematical functions made of other operations, each in a form that is accurate over the whole range.
//
// None goes through |x|: its slope at 0 is a choice, so that the second derivative there would be wrong.
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

// The two roots and not sqrt(1 - x^2), which rounds the distance from 1 away; nor sqrt((1 - x) (1 + x)),
// whose slope at 1 would be infinity times 0.
Tensor asin(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return atan2(x, sqrt(1.0 - x) * sqrt(1.0 + x));
}

Tensor acos(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return atan2(sqrt(1.0 - x) * sqrt(1.0 + x), x);
}

Tensor atan(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return atan2(x, 1.0);
}

// With p = e^(x/2) - 1 and m = e^(-x/2) - 1: 2 sinh(x/2) = p - m and 2 cosh(x/2) = 2 + p + m. Nothing
// cancels, and nothing overflows before the result does.
Tensor sinh(const Tensor& x, Location where) {
  const OriginScope scope(where);
  const Tensor p = expm1(0.5 * x);
  const Tensor m = expm1(-0.5 * x);
  return (p - m) * (1.0 + 0.5 * (p + m));
}

// cosh(x) = 1 + 2 sinh(x/2)^2.
Tensor cosh(const Tensor& x, Location where) {
  const OriginScope scope(where);
  const Tensor twice_sinh = expm1(0.5 * x) - expm1(-0.5 * x);
  return 1.0 + 0.5 * twice_sinh * twice_sinh;
}

// cosh(y) = 1 + 2 sinh(y/2)^2, the other way round.
Tensor acosh(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return 2.0 * asinh(sqrt(0.5 * (x - 1.0)));
}

// Both terms have one sign: nothing cancels.
Tensor atanh(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return 0.5 * (log1p(x) - log1p(-x));
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

}  // namespace chainrule
