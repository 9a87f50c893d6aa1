#pragma once

#include <algorithm>
#include <climits>
#include <cstdint>
#include <vector>

#include "chainrule/ops.h"

// Axes as settings have them: 64 bits wide.
namespace chainrule::nn {

/// As functions take it; what no int can hold is an axis that no tensor has.
inline int axis_of(std::int64_t setting) {
  return static_cast<int>(std::clamp<std::int64_t>(setting, INT_MIN, INT_MAX));
}

/// Numbers (C), ready to broadcast against (N, C, ...) of so many axes.
inline Tensor along_channels(const Tensor& numbers, int ndim) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(std::max(1, ndim - 1)), 1);
  sizes[0] = numbers.numel();
  return reshape(numbers, sizes);
}

}  // namespace chainrule::nn
