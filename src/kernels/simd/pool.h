#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// The places of the largest elements of 2 x 2 squares that lie side by side, for planes of (2 `rows`,
/// `width`) or more: what max_places gives for such windows.
/// @param width    elements of a row of x, at least 2 `columns`.
/// @param plane    elements of a plane of x.
/// @param places   (planes, rows, columns).
void max_places_of_squares(const float* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                           std::int64_t rows, std::int64_t columns, std::int64_t* places);
void max_places_of_squares(const double* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                           std::int64_t rows, std::int64_t columns, std::int64_t* places);

}  // namespace chainrule::kernels
