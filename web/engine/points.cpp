// Points to learn from, drawn by the library's own random numbers.
#include "points.h"

#include <cmath>
#include <numbers>

#include "chainrule/error.h"
#include "chainrule/random.h"
#include "core/text.h"

namespace chainrule::web {
namespace {

using std::numbers::pi;

struct Point {
  double x = 0, y = 0, value = 0;
};
using Draw = Point (*)(Random& random, std::int64_t i, std::int64_t count, double noise);

/// A number in a unit's steps of the i-th of some points, that alternate between two classes.
double along(std::int64_t i, std::int64_t count) {
  return static_cast<double>(i / 2) / std::max(1.0, static_cast<double>((count + 1) / 2));
}
Point moved(Point p, Random& random, double noise) {
  p.x += noise * random.normal();
  p.y += noise * random.normal();
  return p;
}

Point circle(Random& random, std::int64_t i, std::int64_t, double noise) {
  const bool outside = i % 2 != 0;
  const double radius = outside ? random.uniform(0.7, 1) : 0.5 * std::sqrt(random.uniform());
  const double angle = random.uniform(0, 2 * pi);
  return moved({radius * std::cos(angle), radius * std::sin(angle), outside ? 1.0 : 0.0}, random, noise / 2);
}
Point exclusive_or(Random& random, std::int64_t, std::int64_t, double noise) {
  const auto away = [&] {
    const double u = random.uniform(-1, 1);
    return u < 0 ? u - 0.08 : u + 0.08;
  };
  const double x = away(), y = away();
  return moved({x, y, (x > 0) != (y > 0) ? 1.0 : 0.0}, random, noise);
}
Point spiral(Random& random, std::int64_t i, std::int64_t count, double noise) {
  const double t = along(i, count), radius = 0.08 + 0.92 * t;
  const double angle = 1.75 * 2 * pi * t + (i % 2 != 0 ? pi : 0);
  return moved({radius * std::sin(angle), radius * std::cos(angle), i % 2 != 0 ? 1.0 : 0.0}, random,
               noise / 3);
}
Point moons(Random& random, std::int64_t i, std::int64_t count, double noise) {
  const double angle = pi * along(i, count);
  const bool lower = i % 2 != 0;
  const double x = lower ? 0.5 - 0.65 * std::cos(angle) - 0.15 : 0.65 * std::cos(angle) - 0.35;
  const double y = lower ? 0.3 - 0.65 * std::sin(angle) : 0.65 * std::sin(angle) - 0.2;
  return moved({x, y, lower ? 1.0 : 0.0}, random, noise);
}
Point plane(Random& random, std::int64_t, std::int64_t, double noise) {
  const double x = random.uniform(-1, 1), y = random.uniform(-1, 1);
  return {x, y, (x + y) / 2 + noise * random.normal()};
}
Point waves(Random& random, std::int64_t, std::int64_t, double noise) {
  const double x = random.uniform(-1, 1), y = random.uniform(-1, 1);
  return {x, y, std::sin(pi * x) * std::cos(pi * y / 2) + noise * random.normal()};
}

struct Kind {
  const char* name;
  Draw draw;
  bool has_classes;
};
constexpr Kind kKinds[] = {{"circle", circle, true}, {"xor", exclusive_or, true}, {"spiral", spiral, true},
                           {"moons", moons, true},   {"plane", plane, false},     {"waves", waves, false}};

/// Four decimals, as a person would write them.
std::string text_of(double number) {
  const double rounded = std::round(number * 1e4);
  const auto whole = static_cast<std::int64_t>(std::abs(rounded));
  const std::string decimals = std::to_string(10000 + whole % 10000).substr(1);
  return cat(rounded < 0 ? "-" : "", whole / 10000, ".", decimals);
}

}  // namespace

std::vector<std::string> kinds_of_points() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

std::string points_csv(const PointsOptions& options) {
  constexpr std::int64_t kMost = 10'000;
  for (const Kind& kind : kKinds) {
    if (kind.name != options.kind || options.count < 4 || options.count > kMost) continue;
    std::string text = kind.has_classes ? "x,y,class\n" : "x,y,z\n";
    Random random(options.seed);
    for (std::int64_t i = 0; i < options.count; ++i) {
      const Point p = kind.draw(random, i, options.count, options.noise);
      text += cat(text_of(p.x), ",", text_of(p.y), ",",
                  kind.has_classes ? (p.value > 0 ? "b" : "a") : text_of(p.value), "\n");
    }
    return text;
  }
  throw ValueError(623, cat("[web] ", options.count, " points of kind '", options.kind, "'. Give 4 to ",
                            kMost, " of circle, xor, spiral, moons, plane or waves."));
}

}  // namespace chainrule::web
