#include "ops/moments.h"

#include <algorithm>
#include <cmath>

#include "ops/axes.h"

namespace chainrule {
namespace {

/// For f32 and f64, as powers of two. Where magnitudes add up to no more than `huge`, their squares are
/// finite; above `tiny` the squares of x's last digits are no denormal numbers. The factors bring any numbers
/// of which there are no more than 2^31 in between.
struct Limits {
  int huge, down, tiny, up;
};
constexpr Limits kF32{48, -80, -39, 86}, kF64{480, -560, -458, 600};

/// @param magnitude  what the magnitudes add up to, divided by `terms`.
Tensor scale_for(const Tensor& magnitude, double terms, Scaled scaled) {
  const Limits limits = magnitude.dtype() == DType::f32 ? kF32 : kF64;
  const auto power = [&](int exponent) { return scalar(std::ldexp(1.0, exponent), magnitude.dtype()); };
  const auto limit = [&](int exponent) { return std::ldexp(1.0, exponent) / terms; };
  const int down = scaled == Scaled::for_mean ? -(std::ilogb(std::max(1.0, terms)) / 2 + 1) : limits.down;
  const Tensor scale = where(magnitude > limit(limits.huge), power(down), power(0));
  return scaled != Scaled::tiny_too ? scale : where(magnitude < limit(limits.tiny), power(limits.up), scale);
}

}  // namespace

Tensor scale_for_squares(const Tensor& x, const Axes& axes, Scaled scaled) {
  const Constants constants;
  return scale_for(sum(abs(x), axes, true), 1, scaled);
}

Moments moments(const Tensor& x, const Axes& axes, Scaled scaled) {
  Moments m;
  Tensor centre;
  double share = 1;
  {
    // One pass gives both. Each number is divided by itself: their sum may overflow.
    const Constants constants;
    const std::int64_t sums = kept_shape(x.shape(), axis_set(axes, x.ndim())).numel();
    share = static_cast<double>(sums) / static_cast<double>(x.numel());
    const Tensor part = x * share;
    m.scale = scale_for(sum(abs(part), axes, true), 1 / share, scaled);
    centre = sum(part, axes, true) * m.scale;
  }
  // Around a centre that is the mean but for rounding, the squares lose nothing by a mean of their own.
  const Tensor near = x * m.scale - centre, rest = sum(near * share, axes, true);
  const Tensor squares = sum(square(near), axes, true) - square(rest) / share;
  m.difference = near - rest;
  m.squares = where(squares < 0.0, 0.0, squares);  // by rounding alone
  m.mean = (centre + rest) / m.scale;
  return m;
}

}  // namespace chainrule
