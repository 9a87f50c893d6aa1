#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <ostream>

#include "kernels/cut.h"

// How windows lie over an image: what convolution and pooling share.
namespace chainrule::kernels {

/// A number for each of the spatial axes depth, height, width. Where there are fewer axes they are the last
/// ones.
struct Extents {
  std::int64_t of[3];

  std::int64_t operator[](int axis) const { return of[axis]; }
  std::int64_t& operator[](int axis) { return of[axis]; }
  std::int64_t product() const { return of[0] * of[1] * of[2]; }
  bool operator==(const Extents&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Extents& e) {
  return out << e[0] << " " << e[1] << " " << e[2];
}

/// Window number o along an axis covers the places o stride - low + j dilation, j = 0, 1, ... kernel - 1;
/// those outside [0, in) are padding.
struct Windows {
  Extents in, out, kernel, stride, dilation, low;

  std::int64_t place(int axis, std::int64_t window, std::int64_t j) const {
    return window * stride[axis] - low[axis] + j * dilation[axis];
  }
  bool inside(int axis, std::int64_t at) const { return at >= 0 && at < in[axis]; }
  /// The windows whose place j is not padding.
  Range windows_inside(int axis, std::int64_t j) const {
    const std::int64_t first = place(axis, 0, j), step = stride[axis];
    const std::int64_t begin = first >= 0 ? 0 : (-first + step - 1) / step;
    const std::int64_t end = first >= in[axis] ? 0 : (in[axis] - first + step - 1) / step;
    return {std::min(begin, out[axis]), std::clamp(end, std::min(begin, out[axis]), out[axis])};
  }
};

/// Walks over element number j of the windows in a range, counted over the whole output. Calls `run(x, at)`
/// for each run of windows whose elements are x, x + stride, ... and `skip(at)` where they are padding; `at`
/// counts from the range's first window.
template <class X, class Run, class Skip>
void for_each_run(const Windows& v, X* image, std::int64_t j, Range windows, Run run, Skip skip) {
  const std::int64_t jd = j / (v.kernel[1] * v.kernel[2]), jh = j / v.kernel[2] % v.kernel[1];
  const std::int64_t jw = j % v.kernel[2], width = v.out[2];
  const Range inside = v.windows_inside(2, jw);
  const std::int64_t row = windows.begin / width;
  std::int64_t depth = row / v.out[1], height = row % v.out[1];
  std::int64_t begin = windows.begin % width;  // in this row, and at `at`
  for (std::int64_t at = 0; at < windows.size(); begin = 0) {
    const std::int64_t end = std::min(width, begin + windows.size() - at), shift = at - begin;
    const std::int64_t d = v.place(0, depth, jd), h = v.place(1, height, jh);
    const std::int64_t from = std::clamp(inside.begin, begin, end), to = std::clamp(inside.end, from, end);
    if (!v.inside(0, d) || !v.inside(1, h) || from == to) {
      skip(Range{at, end + shift});
    } else {
      if (from > begin) skip(Range{at, from + shift});
      run(image + (d * v.in[1] + h) * v.in[2] + v.place(2, from, jw), Range{from + shift, to + shift});
      if (to < end) skip(Range{to + shift, end + shift});
    }
    at = end + shift;
    if (++height == v.out[1]) height = 0, ++depth;
  }
}

/// Copies element number j of all these windows to `elements`, and `padding` where they have none.
template <class T>
void copy_elements(const Windows& v, const T* image, std::int64_t j, Range windows, T padding, T* elements) {
  const std::int64_t step = v.stride[2];
  for_each_run(
      v, image, j, windows,
      [=](const T* x, Range at) {
        T* to = elements + at.begin;
        const std::int64_t count = at.size();
        if (step == 1) {
          std::memcpy(to, x, static_cast<std::size_t>(count) * sizeof(T));
        } else if (step == 2) {
          for (std::int64_t i = 0; i < count; ++i) to[i] = x[2 * i];
        } else {
          for (std::int64_t i = 0; i < count; ++i) to[i] = x[i * step];
        }
      },
      [=](Range at) { std::fill(elements + at.begin, elements + at.end, padding); });
}

}  // namespace chainrule::kernels
