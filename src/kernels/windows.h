#pragma once

#include <algorithm>
#include <cstdint>
#include <ostream>

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

struct Range {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end - begin; }
};

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

}  // namespace chainrule::kernels
