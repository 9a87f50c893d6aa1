#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/windows.h"

// The reference for max pooling: its definition as plain loops.
namespace chainrule::kernels {

/// Where element number j of window number l lies in the image; -1 for padding.
inline std::int64_t place_of(const Windows& v, std::int64_t l, std::int64_t j) {
  const std::int64_t d = v.place(0, l / (v.out[1] * v.out[2]), j / (v.kernel[1] * v.kernel[2]));
  const std::int64_t h = v.place(1, l / v.out[2] % v.out[1], j / v.kernel[2] % v.kernel[1]);
  const std::int64_t w = v.place(2, l % v.out[2], j % v.kernel[2]);
  return v.inside(0, d) && v.inside(1, h) && v.inside(2, w) ? (d * v.in[1] + h) * v.in[2] + w : -1;
}

/// See max_pool in kernels/pool.h.
template <class T, class Number>
void max_pool_reference(const Windows& v, std::int64_t planes, const T* x, T* y, Number* numbers) {
  for (std::int64_t i = 0; i < planes * v.out.product(); ++i) {
    const T* plane = x + i / v.out.product() * v.in.product();
    std::int64_t best = -1, number = -1;
    for (std::int64_t j = 0; j < v.kernel.product(); ++j) {
      const std::int64_t at = place_of(v, i % v.out.product(), j);
      if (at < 0) continue;
      const bool better =
          best < 0 || plane[at] > plane[best] || (std::isnan(plane[at]) && !std::isnan(plane[best]));
      if (better) best = at, number = j;
    }
    if (y != nullptr) y[i] = plane[best];
    if (numbers != nullptr) numbers[i] = static_cast<Number>(number);
  }
}

/// See take_from_windows in kernels/pool.h.
template <class T, class Number>
void take_from_windows_reference(const Windows& v, std::int64_t planes, const T* x, const Number* numbers,
                                 T* y) {
  for (std::int64_t i = 0; i < planes * v.out.product(); ++i) {
    const std::int64_t at = place_of(v, i % v.out.product(), numbers[i]);
    y[i] = at < 0 ? T(0) : x[i / v.out.product() * v.in.product() + at];
  }
}

/// See max_unpool in kernels/pool.h.
template <class T, class Number>
void max_unpool_reference(const Windows& v, std::int64_t planes, const T* y, const Number* numbers, T* x) {
  std::fill_n(x, planes * v.in.product(), T(0));
  for (std::int64_t i = 0; i < planes * v.out.product(); ++i) {
    const std::int64_t at = place_of(v, i % v.out.product(), numbers[i]);
    if (at >= 0) x[i / v.out.product() * v.in.product() + at] += y[i];
  }
}

}  // namespace chainrule::kernels
