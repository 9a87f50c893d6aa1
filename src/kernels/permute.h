#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "chainrule/shape.h"

namespace chainrule::kernels {

/// Copies elements of 1, 2, 4 or 8 bytes to y with the axes in another order: axis i of y is axis `order[i]`
/// of x, whose shape is `from`. Axes that stay neighbours move as one; where the last axis changes, square
/// tiles are turned in cache, so that every cache line is read and written once. Several threads share the
/// tiles.
void permute(const void* x, const Shape& from, std::span<const std::int8_t> order, std::size_t element_bytes,
             void* y);

}  // namespace chainrule::kernels
