#pragma once

#include <algorithm>
#include <cstdint>

namespace chainrule::kernels {

// Smallest shares of work for parallel_for, in elements: some 5 to 10 us each, well above what handing a
// block to another thread costs.
inline constexpr std::int64_t kCheapGrain = 8192;  ///< a load, an operation, a store
inline constexpr std::int64_t kHeavyGrain = 4096;  ///< exp and the like

/// The same in rows of `width` elements; at least one.
inline std::int64_t rows_grain(std::int64_t grain, std::int64_t width) {
  return std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, width));
}

}  // namespace chainrule::kernels
