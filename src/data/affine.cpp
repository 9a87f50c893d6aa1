// Transforms that move the places of pixels by a matrix.
#include <cmath>
#include <numbers>

#include "chainrule/data/augment.h"
#include "data/transform_checks.h"
#include "data/warp.h"

namespace chainrule::data {
namespace {

constexpr double kMostShear = 80;  // at 90 degrees an image has no height

/// What is drawn for one image; what is left out does nothing.
struct Motion {
  double degrees = 0, factor = 1, shear = 0, right = 0, down = 0;

  /// Where a pixel, seen from the centre, comes from: the inverse of what Affine says.
  Place origin(double y, double x) const {
    y -= down, x -= right;
    const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
    const double turned_x = (c * x + s * y) / factor, turned_y = (c * y - s * x) / factor;
    return {turned_y, turned_x - std::tan(shear * std::numbers::pi / 180) * turned_y};
  }
};

template <class DrawMotion>
void move_all(const Array& x, const Draw& draw, DrawMotion draw_motion) {
  const Planes rows(x);
  const double middle_y = static_cast<double>(rows.height - 1) / 2,
               middle_x = static_cast<double>(rows.width - 1) / 2;
  with_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    std::vector<T> before;
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      Random random = draw.random(i);
      const Motion motion = draw_motion(random);
      // A map of the plane by a matrix: known from where the centre and its two neighbours come from.
      const Place centre = motion.origin(0, 0), below = motion.origin(1, 0), beside = motion.origin(0, 1);
      warp(x.as<T>() + static_cast<std::int64_t>(i) * rows.row, rows, before,
           [&](std::int64_t row, std::int64_t column) -> Place {
             const double y = static_cast<double>(row) - middle_y,
                          right = static_cast<double>(column) - middle_x;
             return {middle_y + centre.y + y * (below.y - centre.y) + right * (beside.y - centre.y),
                     middle_x + centre.x + y * (below.x - centre.x) + right * (beside.x - centre.x)};
           });
    }
  });
}

void need_image(const Info& info, const Column& column) {
  need_floating(info, column);
  need_axes(info, column, 2);
}

void need_angle(const Info& info, std::string_view name, double value, double most) {
  need_setting(value >= 0 && value <= most, info, name, value, most == kMostShear ? "0 to 80" : "0 to 180");
}

}  // namespace

Rotate::Rotate(double most) : degrees(most) {}
void Rotate::fields(Fields& f) { f("degrees", degrees, "the largest angle, to both sides", between(0, 180)); }

void Rotate::check(std::span<const Column> columns) const {
  need_image(kInfo, columns[0]);
  need_angle(kInfo, "degrees", degrees, 180);
}

void Rotate::apply(std::span<const Array> columns, const Draw& draw) const {
  move_all(columns[0], draw,
           [this](Random& random) -> Motion { return {.degrees = random.uniform(-degrees, degrees)}; });
}

Scale::Scale(double smallest, double largest) : low(smallest), high(largest) {}
void Scale::fields(Fields& f) {
  f("low", low, "the smallest factor", at_least(0.01));
  f("high", high, "the largest factor", at_least(0.01));
}

void Scale::check(std::span<const Column> columns) const {
  need_image(kInfo, columns[0]);
  need_range(kInfo, low, high, 0.01);
}

void Scale::apply(std::span<const Array> columns, const Draw& draw) const {
  move_all(columns[0], draw,
           [this](Random& random) -> Motion { return {.factor = random.uniform(low, high)}; });
}

Affine::Affine(double most_degrees, double smallest, double largest, double most_shear, double most_pixels)
    : degrees(most_degrees), low(smallest), high(largest), shear(most_shear), pixels(most_pixels) {}
void Affine::fields(Fields& f) {
  f("degrees", degrees, "the largest angle, to both sides", between(0, 180));
  f("low", low, "the smallest factor of the size", at_least(0.01));
  f("high", high, "the largest factor of the size", at_least(0.01));
  f("shear", shear, "the largest angle that upright lines get, in degrees, to both sides",
    between(0, kMostShear));
  f("pixels", pixels, "the farthest it goes in each direction", at_least(0));
}

void Affine::check(std::span<const Column> columns) const {
  need_image(kInfo, columns[0]);
  need_angle(kInfo, "degrees", degrees, 180);
  need_range(kInfo, low, high, 0.01);
  need_angle(kInfo, "shear", shear, kMostShear);
  need_setting(pixels >= 0 && pixels <= kLargestNumber, kInfo, "pixels", pixels, "0 or more");
}

void Affine::apply(std::span<const Array> columns, const Draw& draw) const {
  move_all(columns[0], draw, [this](Random& random) {
    Motion motion;
    motion.degrees = random.uniform(-degrees, degrees);
    motion.factor = random.uniform(low, high);
    motion.shear = random.uniform(-shear, shear);
    motion.right = random.uniform(-pixels, pixels);
    motion.down = random.uniform(-pixels, pixels);
    return motion;
  });
}

}  // namespace chainrule::data
