#pragma once

#include "kernels/windows.h"

namespace chainrule::kernels {

/// For each window over each of `planes` images: the place in the image, counted in memory order, of the
/// first NaN, or else of the first largest element. Every window has at least one element that is not
/// padding.
template <class T>
void max_places(const Windows& windows, std::int64_t planes, const T* x, std::int64_t* places);

}  // namespace chainrule::kernels
