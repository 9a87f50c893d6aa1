#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// Squares of 2 x 2 that lie side by side over planes of (height, width): (rows, columns) of them, none of
/// which reaches over the edge.
struct Squares {
  std::int64_t planes, height, width, rows, columns;
};

/// What max_pool and max_unpool of kernels/pool.h do for such windows.
/// @param x        (planes, height, width).
/// @param y        (planes, rows, columns).
/// @param numbers  of y's shape.
/// @{
void max_pool_squares(const Squares& squares, const float* x, float* y, std::uint8_t* numbers);
void max_pool_squares(const Squares& squares, const double* x, double* y, std::uint8_t* numbers);
void max_unpool_squares(const Squares& squares, const float* y, const std::uint8_t* numbers, float* x);
void max_unpool_squares(const Squares& squares, const double* y, const std::uint8_t* numbers, double* x);
/// @}

}  // namespace chainrule::kernels
