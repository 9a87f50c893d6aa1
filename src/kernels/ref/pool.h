#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/windows.h"

// The reference for max pooling: its definition as plain loops.
namespace chainrule::kernels {

/// See max_places in kernels/pool.h.
template <class T>
void max_places_reference(const Windows& v, std::int64_t planes, const T* x, std::int64_t* places) {
  for (std::int64_t i = 0; i < planes * v.out.product(); ++i) {
    const T* plane = x + i / v.out.product() * v.in.product();
    const std::int64_t l = i % v.out.product();
    std::int64_t best = -1;
    for (std::int64_t j = 0; j < v.kernel.product(); ++j) {
      const std::int64_t d = v.place(0, l / (v.out[1] * v.out[2]), j / (v.kernel[1] * v.kernel[2]));
      const std::int64_t h = v.place(1, l / v.out[2] % v.out[1], j / v.kernel[2] % v.kernel[1]);
      const std::int64_t w = v.place(2, l % v.out[2], j % v.kernel[2]);
      if (!v.inside(0, d) || !v.inside(1, h) || !v.inside(2, w)) continue;
      const std::int64_t at = (d * v.in[1] + h) * v.in[2] + w;
      const bool better =
          best < 0 || plane[at] > plane[best] || (std::isnan(plane[at]) && !std::isnan(plane[best]));
      if (better) best = at;
    }
    places[i] = best;
  }
}

}  // namespace chainrule::kernels
