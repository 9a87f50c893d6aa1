#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/grad.h"
#include "chainrule/plot/figure.h"
#include "chainrule/tensor.h"

// Figures of functions: of one variable as a line, of two as lines of equal height.
//
//     plot::Figure figure{.title = "tanh", .series = {plot::curve([](const Tensor& x) { return tanh(x); },
//     -3, 3)}};
//
//     const auto bowl = [](const Tensor& x, const Tensor& y) { return square(x) + square(sin(y)); };
//     plot::Figure map = plot::contours(plot::surface(bowl, {.low = -3, .high = 3}, {.low = -3, .high = 3}));
//     map.series.push_back({.name = "the way down", .x = xs, .y = ys, .style = plot::Series::Style::path});
namespace chainrule::plot {

/// y(x) from `low` to `high`: the function is called once, with all places, (count), f64.
/// @throws ValueError  if it gives another number of numbers (E373).
Series curve(TensorFunction y, double low, double high, std::string name = "", std::int64_t count = 200);

/// The heights of a function of two variables on a grid of size x size places.
struct Surface {
  Axis x = {}, y = {};               ///< both ends are given
  std::int64_t size = 0;             ///< places along each
  std::vector<double> heights = {};  ///< (size, size): row by row, y rising
};

/// The places of a grid, each (size^2, 1), f64, in the order of Surface::heights.
/// @throws ValueError  for an axis without ends, a size below 2 or above 1000 (E373).
struct Places {
  Tensor x, y;
};
Places places(const Axis& x, const Axis& y, std::int64_t size = 60);
/// @throws ValueError  if there is not a height for each place (E373).
Surface surface(const Axis& x, const Axis& y, std::int64_t size, const Tensor& heights);

/// The same in one: f is called once with all x and all y, each (size^2, 1), and gives as many heights.
template <class F>
Surface surface(F&& f, const Axis& x, const Axis& y, std::int64_t size = 60) {
  const Places at = places(x, y, size);
  return surface(x, y, size, f(at.x, at.y));
}

/// A line where the surface is as high as this; of several parts, with gaps between.
Series contour(const Surface& surface, double height);
/// A figure with lines of equal height. They are chosen so that as much of the surface lies between any two:
/// in a steep valley they are not all at its walls. Further series, such as a path, can be added.
Figure contours(const Surface& surface, int lines = 14);

}  // namespace chainrule::plot
