#pragma once

#include "chainrule/ops.h"
#include "ops/moments.h"

namespace chainrule {

/// What x is divided by so that squares and products of its numbers stay within range: the largest magnitude
/// over the axes, which stay with size 1, or 1 where that is 0 or not finite. A constant for gradients.
inline Tensor scale_of(const Tensor& x, const Axes& axes) {
  const Constants constants;
  if (x.numel() == 0) return scalar(1, x.dtype());
  const Tensor largest = max(abs(x), axes, true);
  return where(largest > 0, where(equal(largest - largest, 0), largest, 1), 1);
}

}  // namespace chainrule
