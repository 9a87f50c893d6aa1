#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "chainrule/array.h"

namespace chainrule::data {

/// How the images of a batch lie in memory: planes, such as colours, of height x width.
struct Planes {
  std::int64_t height, width, planes, row;  ///< row: numbers of one

  explicit Planes(const Array& x)
      : height(x.shape.back(2)),
        width(x.shape.back(1)),
        planes(1),
        row(x.shape[0] > 0 ? x.numel() / x.shape[0] : 0) {
    for (int axis = 1; axis < x.shape.ndim() - 2; ++axis) planes *= x.shape[axis];
  }
};

/// The shape of images of another size.
inline Shape with_size(const Shape& image, std::int64_t height, std::int64_t width) {
  std::array<std::int64_t, Shape::kMaxNdim> sizes{};
  const auto ndim = static_cast<std::size_t>(image.ndim());
  for (std::size_t axis = 0; axis < ndim; ++axis) sizes[axis] = image[static_cast<int>(axis)];
  sizes[ndim - 2] = height, sizes[ndim - 1] = width;
  return Shape(std::span<const std::int64_t>(sizes.data(), ndim));
}

}  // namespace chainrule::data
