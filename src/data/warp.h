#pragma once

#include <cmath>
#include <vector>

#include "data/planes.h"

namespace chainrule::data {

/// A place in an image, in pixels; whole numbers are the centres of pixels.
struct Place {
  double y, x;
};

/// An image as seen through a map of places: each pixel takes what lies at `place(y, x)` in the image as it
/// was, interpolated linearly in both directions; 0 outside.
/// @param before  memory to work in.
template <class T, class Map>
void warp(T* image, const Planes& rows, std::vector<T>& before, Map place) {
  const std::int64_t height = rows.height, width = rows.width, plane = height * width;
  before.assign(image, image + rows.planes * plane);
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      T* to = image + y * width + x;
      const Place at = place(y, x);
      const bool near =
          at.y > -1 && at.y < static_cast<double>(height) && at.x > -1 && at.x < static_cast<double>(width);
      const auto top = near ? static_cast<std::int64_t>(std::floor(at.y)) : 0;
      const auto left = near ? static_cast<std::int64_t>(std::floor(at.x)) : 0;
      const double down = at.y - static_cast<double>(top), right = at.x - static_cast<double>(left);
      for (std::int64_t p = 0; p < rows.planes; ++p) {
        const T* from = before.data() + p * plane;
        const auto pixel = [&](std::int64_t i, std::int64_t j) -> double {
          return i >= 0 && i < height && j >= 0 && j < width ? static_cast<double>(from[i * width + j]) : 0;
        };
        to[p * plane] =
            !near ? T(0)
                  : static_cast<T>(
                        (1 - down) * ((1 - right) * pixel(top, left) + right * pixel(top, left + 1)) +
                        down * ((1 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1)));
      }
    }
  }
}

}  // namespace chainrule::data
