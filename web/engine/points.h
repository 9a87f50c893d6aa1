#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chainrule::web {

struct PointsOptions {
  std::string kind = "spiral";
  std::int64_t count = 200;
  double noise = 0.1;
  std::uint64_t seed = 1;
};
/// What there is: "circle", "xor", ...
std::vector<std::string> kinds_of_points();
/// Points in a plane as CSV: x, y and a class (a or b), or for regression a number z. The same bytes
/// everywhere.
/// @throws ValueError  for another kind or number of points (E623).
std::string points_csv(const PointsOptions& options);

}  // namespace chainrule::web
