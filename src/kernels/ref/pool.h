#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/simd/gemm.h"
#include "kernels/windows.h"

// The reference for max pooling: its definition as plain loops.
namespace chainrule::kernels {

/// Whether more windows may see an element than numbers of T are added one after the other.
inline bool sums_are_long(const Windows& v) { return v.kernel.product() > Gemm<float>::kMaxChain; }

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
  const std::int64_t windows = v.out.product(), plane = v.in.product();
  // In double precision where so many windows see one element that a sum of T's would lose digits.
  std::vector<double> sums(static_cast<std::size_t>(sums_are_long(v) ? plane : 0));
  for (std::int64_t p = 0; p < planes; ++p, x += plane, y += windows, numbers += windows) {
    for (std::int64_t i = 0; i < windows; ++i) {
      const std::int64_t at = place_of(v, i, numbers[i]);
      if (at < 0) continue;
      if (sums.empty()) {
        x[at] += y[i];
      } else {
        sums[static_cast<std::size_t>(at)] += static_cast<double>(y[i]);
      }
    }
    for (std::int64_t at = 0; !sums.empty() && at < plane; ++at)
      x[at] = static_cast<T>(std::exchange(sums[static_cast<std::size_t>(at)], 0.0));
  }
}

}  // namespace chainrule::kernels
