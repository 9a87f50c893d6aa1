#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule::kernels {

/// Rows of `inner` elements that lie `step` rows apart: place j of block i is row i * size + start + j *
/// step.
struct Places {
  std::int64_t size = 0, start = 0, step = 1;
};

/// Copies `count` rows in each of `outer` blocks from the places in x to those in y. Steps may be negative.
/// Elements have 1, 2, 4 or 8 bytes; neighbouring rows are copied in one go.
void copy_places(const void* x, Places from, void* y, Places to, std::int64_t outer, std::int64_t count,
                 std::int64_t inner, std::size_t element_bytes);

}  // namespace chainrule::kernels
