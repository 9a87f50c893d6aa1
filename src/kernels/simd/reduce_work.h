#pragma once

#include <cstdint>

#include "kernels/simd/reduce.h"

// How a reduction is cut into units for threads; between reduce.cpp's instruction sets and its public part.
namespace chainrule::kernels {

/// Columns of a unit, at most. It does not depend on the vector's width.
inline constexpr std::int64_t kPanelColumns = 64;
static_assert(kLanes <= kPanelColumns);

/// Where a unit of columns begins, and how many it has.
struct UnitPlace {
  std::int64_t input;
  std::int64_t output;
  std::int64_t width;
};

/// A reduction, cut into units: one run each (inner == 1), or one panel of columns each.
template <class T>
struct ReduceWork {
  const T* x;
  std::int64_t outer;
  std::int64_t reduce;
  std::int64_t inner;

  std::int64_t panels() const { return (inner + kPanelColumns - 1) / kPanelColumns; }
  std::int64_t units() const { return outer * panels(); }

  /// Rows of a unit; for a run, rows of kLanes.
  std::int64_t rows() const { return inner == 1 ? (reduce + kLanes - 1) / kLanes : reduce; }

  UnitPlace place(std::int64_t unit) const {
    const std::int64_t o = unit / panels();
    const std::int64_t column = unit % panels() * kPanelColumns;
    const std::int64_t left = inner - column;
    return {o * reduce * inner + column, o * inner + column, left < kPanelColumns ? left : kPanelColumns};
  }
};

/// One instruction set's part in a reduction.
template <class T>
struct ReduceKernels {
  void (*units)(const ReduceWork<T>&, std::int64_t begin, std::int64_t end, T* y);
  void (*rows)(const ReduceWork<T>&, std::int64_t unit, std::int64_t begin, std::int64_t end, T* out);
  T (*lanes)(const T*);
};

}  // namespace chainrule::kernels
