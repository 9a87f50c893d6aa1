#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv.h"

// The reference convolution: its definition as plain loops.
namespace chainrule::kernels {

/// Calls `body(x, w, y)` for each term of a convolution: y[y] += x[x] w[w]. For padding x is -1: a zero,
/// whose product with an infinite weight is NaN.
template <class F>
void for_each_term(const ConvShape& s, F body) {
  const Windows& v = s.windows;
  const std::int64_t outputs = s.groups * s.out_channels, inputs = s.groups * s.in_channels;
  for (std::int64_t no = 0; no < s.n * outputs; ++no) {
    const std::int64_t n = no / outputs, o = no % outputs, group = o / s.out_channels;
    for (std::int64_t l = 0; l < v.out.product(); ++l) {
      const std::int64_t at[] = {l / (v.out[1] * v.out[2]), l / v.out[2] % v.out[1], l % v.out[2]};
      for (std::int64_t p = 0; p < s.depth(); ++p) {
        const std::int64_t c = p / v.kernel.product(), j = p % v.kernel.product();
        const std::int64_t from[] = {v.place(0, at[0], j / (v.kernel[1] * v.kernel[2])),
                                     v.place(1, at[1], j / v.kernel[2] % v.kernel[1]),
                                     v.place(2, at[2], j % v.kernel[2])};
        const bool is_inside = v.inside(0, from[0]) && v.inside(1, from[1]) && v.inside(2, from[2]);
        const std::int64_t plane = n * inputs + group * s.in_channels + c;
        const std::int64_t at_x = ((plane * v.in[0] + from[0]) * v.in[1] + from[1]) * v.in[2] + from[2];
        body(is_inside ? at_x : -1, o * s.depth() + p, no * v.out.product() + l);
      }
    }
  }
}

/// Sums what `body` adds to doubles, and rounds once.
template <class T, class F>
void sum_terms(const ConvShape& s, T* result, std::int64_t size, F add) {
  std::vector<double> sums(static_cast<std::size_t>(size));
  for_each_term(s, [&](std::int64_t x, std::int64_t w, std::int64_t y) { add(sums.data(), x, w, y); });
  for (std::int64_t i = 0; i < size; ++i) result[i] = static_cast<T>(sums[static_cast<std::size_t>(i)]);
}

}  // namespace chainrule::kernels
