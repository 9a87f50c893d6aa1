#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/windows.h"

namespace chainrule::kernels {

/// Images with zeros around them. With stride 1, all that lies under one element of the windows is a plane as
/// it is, shifted: windows side by side see numbers side by side.
class PaddedImage {
 public:
  /// Whether the windows move by 1 and lie in such an image; there are some.
  static bool fits(const Windows& v) {
    const Extents size = size_of(v);
    for (int axis = 0; axis < 3; ++axis) {
      if (v.stride[axis] != 1 || v.low[axis] < 0 || size[axis] < v.low[axis] + v.in[axis]) return false;
    }
    return v.out.product() > 0;
  }
  explicit PaddedImage(const Windows& windows) : v_(windows), size_(size_of(windows)) {}

  /// Elements of a plane.
  std::int64_t plane() const { return size_.product(); }
  /// From the beginning of the first window in a plane to past that of the last.
  std::int64_t span() const { return ((v_.out[0] - 1) * size_[1] + v_.out[1] - 1) * size_[2] + v_.out[2]; }

  /// Channels of an image with zeros around them.
  template <class T>
  void copy(const T* x, Range channels, T* to) const {
    std::fill(to, to + channels.size() * plane(), T(0));
    x += channels.begin * v_.in.product();
    for (std::int64_t c = 0; c < channels.size(); ++c, to += plane()) {
      for (std::int64_t d = 0; d < v_.in[0]; ++d) {
        for (std::int64_t h = 0; h < v_.in[1]; ++h, x += v_.in[2]) {
          T* row = to + ((d + v_.low[0]) * size_[1] + h + v_.low[1]) * size_[2] + v_.low[2];
          std::memcpy(row, x, static_cast<std::size_t>(v_.in[2]) * sizeof(T));
        }
      }
    }
  }

  /// Where the windows begin in a plane, row by row: calls `body(at, row)`, with `at` counted in the plane
  /// and `row` in the output.
  template <class F>
  void for_each_row(F body) const {
    for (std::int64_t d = 0; d < v_.out[0]; ++d) {
      for (std::int64_t h = 0; h < v_.out[1]; ++h) {
        body((d * size_[1] + h) * size_[2], (d * v_.out[1] + h) * v_.out[2]);
      }
    }
  }

  /// Where the plane under each of an output's first `depth` weights begins.
  void find_shifts(std::int64_t depth, std::int64_t* shifts) const {
    const std::int64_t kernel = v_.kernel.product();
    for (std::int64_t p = 0; p < depth; ++p) {
      const std::int64_t j = p % kernel, jw = j % v_.kernel[2], jh = j / v_.kernel[2] % v_.kernel[1];
      const std::int64_t jd = j / (v_.kernel[1] * v_.kernel[2]);
      const std::int64_t row = jd * v_.dilation[0] * size_[1] + jh * v_.dilation[1];
      *shifts++ = p / kernel * plane() + row * size_[2] + jw * v_.dilation[2];
    }
  }

 private:
  static Extents size_of(const Windows& v) {
    Extents size{};
    for (int axis = 0; axis < 3; ++axis) size[axis] = v.out[axis] + (v.kernel[axis] - 1) * v.dilation[axis];
    return size;
  }

  Windows v_;
  Extents size_;
};

}  // namespace chainrule::kernels
