// Activation functions made of other operations.
//
// Where a formula differs from side to side, each side is chosen by `where` and is smooth across the border,
// so that derivatives of any order are right there; where the function has a kink, the slope at it is the one
// given in chainrule/ops.h. A side that is not chosen is fed a harmless number: its infinities times the 0
// that comes back to it would make NaN.
//
// At NaN a function of straight pieces has the slope of one of them, 1 for relu and clip; a curved one has
// NaN.
#include <numbers>

#include "ops/elementwise.h"

namespace chainrule {
namespace {

/// x times a gate, which has rounded to 0 far down and to 1 far up: there x is not multiplied, as infinity
/// times 0 is NaN, and so is the slope of the gate times a product that is too large.
template <class F>
Tensor gated(const Tensor& x, F product) {
  const Tensor real = as_floating(x);
  return where(real > 1000.0, real, product(where(abs(real) > 1000.0, 0.0, real)));
}

/// e^x - 1 for x <= 0, else 0.
Tensor expm1_below_zero(const Tensor& x) { return expm1(where(x > 0.0, 0.0, x)); }

}  // namespace

// Not maximum(x, 0), which would pass half the gradient at 0; and x <= 0 instead of x > 0, so that NaN is
// kept.
Tensor relu(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return chainrule::where(x <= 0.0, 0.0, x);
}

Tensor leaky_relu(const Tensor& x, double slope, Location where) {
  const OriginScope scope(where);
  return chainrule::where(x <= 0.0, slope * x, x);
}

Tensor elu(const Tensor& x, double alpha, Location where) {
  const OriginScope scope(where);
  return chainrule::where(x > 0.0, x, alpha * expm1_below_zero(x));
}

// The constants that keep mean 0 and variance 1 (Klambauer et al. 2017, eq. 14), to the digits of ONNX.
Tensor selu(const Tensor& x, Location where) {
  const OriginScope scope(where);
  constexpr double kAlpha = 1.6732632423543772, kScale = 1.0507009873554805;
  return chainrule::where(x > 0.0, kScale * x, kScale * kAlpha * expm1_below_zero(x));
}

Tensor gelu(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return gated(x,
               [&](const Tensor& held) { return 0.5 * held * (1.0 + erf(x * (1 / std::numbers::sqrt2))); });
}

Tensor silu(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return gated(x, [&](const Tensor& held) { return held * sigmoid(x); });
}

// log(1 + e^x) = x + log(1 + e^-x): whichever exponential is at most 1.
Tensor softplus(const Tensor& x, Location where) {
  const OriginScope scope(where);
  const Tensor real = as_floating(x), is_positive = real > 0.0;
  return chainrule::where(is_positive, real, 0.0) + log1p(exp(chainrule::where(is_positive, -real, real)));
}

Tensor log_sigmoid(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return -softplus(-as_floating(x));
}

// Beyond 1 as 1 - 1 / (1 + |x|), whose slope does not cancel, and which is 1 at infinity.
Tensor softsign(const Tensor& x, Location where) {
  const OriginScope scope(where);
  const Tensor magnitude = abs(as_floating(x)), is_large = magnitude > 1.0;
  const Tensor small = chainrule::where(is_large, 0.0, x), large = 1.0 - 1.0 / (1.0 + magnitude);
  return chainrule::where(is_large, chainrule::where(x < 0.0, -large, large), small / (1.0 + abs(small)));
}

Tensor hard_sigmoid(const Tensor& x, double alpha, double beta, Location where) {
  const OriginScope scope(where);
  return clip(alpha * x + beta, 0.0, 1.0);
}

Tensor hard_swish(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return chainrule::where(x <= -3.0, 0.0, x) * hard_sigmoid(x, 1.0 / 6, 0.5);
}

Tensor mish(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return gated(x, [&](const Tensor& held) { return held * tanh(softplus(x)); });
}

}  // namespace chainrule
