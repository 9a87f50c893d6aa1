// Functions of one and two variables as series.
#include "chainrule/plot/functions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"

namespace chainrule::plot {
namespace {

constexpr std::int64_t kMostPlaces = 1000;  // along each side

/// `count` numbers from low to high.
std::vector<double> even(double low, double high, std::int64_t count) {
  std::vector<double> made;
  for (std::int64_t i = 0; i < count; ++i) {
    made.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return made;
}

void check(const Axis& x, const Axis& y, std::int64_t size) {
  const bool has_ends = x.low < x.high && y.low < y.high && std::isfinite(x.high - x.low + y.high - y.low);
  if (has_ends && size >= 2 && size <= kMostPlaces) return;
  throw ValueError(373, cat("[plot] a surface of ", size, " x ", size, " places over x from ", x.low, " to ",
                            x.high, ", y from ", y.low, " to ", y.high, ". Need 2 to ", kMostPlaces,
                            " along each side, and both ends of each axis, low below high."));
}

std::vector<double> numbers_of(const Tensor& tensor, std::int64_t count, std::string_view of) {
  if (tensor.numel() != count) {
    throw ValueError(373, cat("[plot] ", of, " gave ", tensor.shape(), ", ", tensor.numel(),
                              " numbers; need ", count, ", one for each place."));
  }
  return cast(tensor, f64).to_vector<double>();
}

/// A point of a contour lies on an edge of the grid: that from place `from` to its right or upper neighbour.
struct Edge {
  std::int64_t from = 0;
  bool upwards = false;
  auto operator<=>(const Edge&) const = default;
};
/// The two points, or one at the end of a line, that each point is joined to.
using Joined = std::map<Edge, std::vector<Edge>>;

/// Joins the points on the edges of each square   (marching squares).
Joined joined_points(const Surface& surface, double height) {
  Joined joined;
  const std::int64_t size = surface.size;
  const auto above = [&](std::int64_t place) {
    return surface.heights[static_cast<std::size_t>(place)] > height;
  };
  for (std::int64_t row = 0; row + 1 < size; ++row) {
    for (std::int64_t column = 0; column + 1 < size; ++column) {
      const std::int64_t place = row * size + column;
      // Around the square: below, right, above, left; an edge is crossed if its ends differ.
      const Edge edges[] = {{place, false}, {place + 1, true}, {place + size, false}, {place, true}};
      std::vector<Edge> crossed;
      for (const Edge& edge : edges) {
        if (above(edge.from) != above(edge.from + (edge.upwards ? size : 1))) crossed.push_back(edge);
      }
      for (std::size_t i = 0; i + 1 < crossed.size(); i += 2) {
        joined[crossed[i]].push_back(crossed[i + 1]);
        joined[crossed[i + 1]].push_back(crossed[i]);
      }
    }
  }
  return joined;
}

/// Where on its edge the surface has the height, on a straight line between its ends.
std::pair<double, double> point_of(const Surface& surface, const Edge& edge, double height) {
  const std::int64_t size = surface.size, to = edge.from + (edge.upwards ? size : 1);
  const double low = surface.heights[static_cast<std::size_t>(edge.from)],
               high = surface.heights[static_cast<std::size_t>(to)];
  const double share = std::isfinite(high - low) ? (height - low) / (high - low) : 0.5;
  const double column = static_cast<double>(edge.from % size) + (edge.upwards ? 0 : share),
               row = static_cast<double>(edge.from / size) + (edge.upwards ? share : 0);
  const auto at = [&](const Axis& axis, double place) {
    return axis.low + (axis.high - axis.low) * place / static_cast<double>(size - 1);
  };
  return {at(surface.x, column), at(surface.y, row)};
}

/// Walks from a point along those it is joined to, and takes the joints away.
void walk(Joined& joined, Edge at, const Surface& surface, double height, Series& to) {
  while (true) {
    const auto [x, y] = point_of(surface, at, height);
    to.x.push_back(x), to.y.push_back(y);
    std::vector<Edge>& next = joined[at];
    if (next.empty()) break;
    const Edge there = next.back();
    next.pop_back();
    std::vector<Edge>& back = joined[there];
    back.erase(std::find(back.begin(), back.end(), at));
    at = there;
  }
  to.x.push_back(NAN), to.y.push_back(NAN);
}

}  // namespace

Series curve(TensorFunction y, double low, double high, std::string name, std::int64_t count) {
  Series made{.name = std::move(name), .x = even(low, high, std::max<std::int64_t>(count, 2))};
  const auto places = static_cast<std::int64_t>(made.x.size());
  made.y = numbers_of(y(from_data(made.x, {places})), places, "the function of a curve");
  return made;
}

Places places(const Axis& x, const Axis& y, std::int64_t size) {
  check(x, y, size);
  std::vector<double> xs, ys;
  for (const double row : even(y.low, y.high, size)) {
    for (const double column : even(x.low, x.high, size)) xs.push_back(column), ys.push_back(row);
  }
  return {from_data(xs, {size * size, 1}), from_data(ys, {size * size, 1})};
}

Surface surface(const Axis& x, const Axis& y, std::int64_t size, const Tensor& heights) {
  check(x, y, size);
  return {x, y, size, numbers_of(heights, size * size, "the function of a surface")};
}

Series contour(const Surface& surface, double height) {
  Series made{.style = Series::Style::thin, .color = 6};
  Joined joined = joined_points(surface, height);
  // Lines that end at the border first, from an end; what is left is closed.
  for (const auto& [edge, next] : joined) {
    if (next.size() == 1) walk(joined, edge, surface, height, made);
  }
  for (const auto& [edge, next] : joined) {
    if (!next.empty()) walk(joined, edge, surface, height, made);
  }
  return made;
}

Figure contours(const Surface& surface, int lines) {
  Figure figure{.x = surface.x, .y = surface.y, .height = 300};
  std::vector<double> sorted = surface.heights;
  std::erase_if(sorted, [](double height) { return !std::isfinite(height); });
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i < lines && !sorted.empty(); ++i) {
    const double share = (i + 0.5) / lines;
    const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
    figure.series.push_back(contour(surface, sorted[std::min(place, sorted.size() - 1)]));
  }
  return figure;
}

}  // namespace chainrule::plot
