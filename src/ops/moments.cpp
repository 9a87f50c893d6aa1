#include "ops/moments.h"

#include <cmath>

namespace chainrule {
namespace {

/// For f32 and f64, as powers of two. Below `huge` squares and sums of 2^31 of them are finite; above `tiny`
/// the squares of x's last digits are no denormal numbers. The factors bring any number in between.
struct Limits {
  int huge, down, tiny, up;
};
constexpr Limits kF32{48, -80, -39, 86}, kF64{480, -560, -458, 600};

}  // namespace

Tensor scale_for_squares(const Tensor& x, const Axes& axes, Tiny tiny) {
  const Constants constants;
  if (x.numel() == 0) return sum(x, axes, true) + 1.0;
  const Limits limits = x.dtype() == DType::f32 ? kF32 : kF64;
  const auto power = [&](int exponent) { return scalar(std::ldexp(1.0, exponent), x.dtype()); };
  const Tensor largest = max(abs(x), axes, true);
  const Tensor small =
      tiny == Tiny::scaled ? where(largest < power(limits.tiny), power(limits.up), power(0)) : power(0);
  return where(largest > power(limits.huge), power(limits.down), small);
}

Moments moments(const Tensor& x, const Axes& axes, Tiny tiny) {
  Moments m;
  m.scale = scale_for_squares(x, axes, tiny);
  Tensor centre;
  const double share = static_cast<double>(m.scale.numel()) / static_cast<double>(x.numel());
  {
    const Constants constants;
    centre = sum(x * share, axes, true) * m.scale;  // each scaled by itself: the sum may overflow
  }
  const Tensor near = x * m.scale - centre;
  const Tensor rest = sum(near, axes, true) * share;
  m.difference = near - rest;
  m.squares = sum(square(m.difference), axes, true);
  m.mean = (centre + rest) / m.scale;
  return m;
}

}  // namespace chainrule
