#include "data/digit_hand.h"

#include <algorithm>
#include <cassert>
#include <cmath>

// Every number here was chosen by measurement: so that mass, slant, width and thickness of the digits have
// the means and spreads that they have in MNIST, that a net trained on the digits alone reads MNIST well, and
// that the digits themselves stay about as hard as MNIST. See docs/design/digits.md.

namespace chainrule::data {
namespace {

constexpr int kPiecesPerSpan = 6;
constexpr std::size_t kMaxPoints = 24;

/// What differs between the digits on average: thickness of the pen, slant (shear of x by y) and width.
struct Habit {
  double pen, slant, width;
};
constexpr Habit kHabits[10] = {{1.15, 0.22, 1.08}, {1.17, 0.25, 1.00}, {1.08, 0.14, 1.00}, {1.05, 0.06, 0.95},
                               {1.00, 0.19, 0.96}, {0.97, 0.07, 1.00}, {1.00, 0.12, 0.95}, {1.06, 0.12, 0.95},
                               {0.95, 0.15, 0.98}, {0.95, 0.12, 0.90}};

/// A polyline with pen lifts, and the pen's radius at each point in pixels.
struct Way {
  static constexpr std::size_t kMost = WrittenDigit::kMaxSegments + 8;
  std::array<PenPoint, kMost> points;
  std::array<double, kMost> radii;
  std::size_t count = 0;
};

/// exp(x) for small |x|, from arithmetic alone, so that every machine draws the same.
double growth(double x) { return 1 + x * (1 + x * (0.5 + x * (1.0 / 6 + x / 24))); }

/// How a writer departs from the average: normal, but nobody is further off than 1.5, or some digits could
/// not be told apart.
double departure(Random& random) { return std::clamp(random.normal(), -1.5, 1.5); }

const DigitStyle& pick_style(int digit, Random& random) {
  const auto styles = styles_of(digit);
  double total = 0;
  for (const DigitStyle& style : styles) total += style.weight;
  double rest = random.uniform() * total;
  for (const DigitStyle& style : styles) {
    rest -= style.weight;
    if (rest < 0) return style;
  }
  return styles.back();
}

/// The style's points, somewhere between its extremes or a little beyond, each moved. Neighbours move
/// together, as otherwise round ways get corners.
std::size_t choose_points(const DigitStyle& style, Random& random, std::array<PenPoint, kMaxPoints>& out) {
  constexpr double kMove = 0.075;
  constexpr double kTogether = 0.7;               // correlation of neighbours
  constexpr double kAlone = 0.71414284285428500;  // sqrt(1 - kTogether^2)
  const double between = random.uniform(-0.35, 1.35);
  double move_x = departure(random), move_y = departure(random);
  for (std::size_t i = 0; i < style.from.size(); ++i) {
    const PenPoint& a = style.from[i];
    const PenPoint& b = style.to[i];
    move_x = kTogether * move_x + kAlone * departure(random);
    move_y = kTogether * move_y + kAlone * departure(random);
    out[i] = a;
    out[i].x = (a.x + between * (b.x - a.x)) / 100 - 0.5 + kMove * move_x;
    out[i].y = (a.y + between * (b.y - a.y)) / 100 - 0.5 + kMove * move_y;
  }
  return style.from.size();
}

/// One coordinate of the cubic through p1 and p2 with the slopes of Catmull and Rom (1974), at t in [0, 1].
double spline(double p0, double p1, double p2, double p3, double t) {
  return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

/// The neighbour beyond an end or a corner: the other one mirrored.
PenPoint mirrored(const PenPoint& at, const PenPoint& neighbour) {
  return {2 * at.x - neighbour.x, 2 * at.y - neighbour.y};
}

/// The smooth way through the points, as a polyline.
void flatten(std::span<const PenPoint> points, Way& way) {
  way.count = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool starts = i == 0 || points[i - 1].last;
    if (starts) way.points[way.count++] = {points[i].x, points[i].y};
    if (points[i].last) {
      way.points[way.count - 1].last = true;
      continue;
    }
    const PenPoint& p1 = points[i];
    const PenPoint& p2 = points[i + 1];
    const PenPoint p0 = starts || p1.corner ? mirrored(p1, p2) : points[i - 1];
    const PenPoint p3 = p2.last || p2.corner ? mirrored(p2, p1) : points[i + 2];
    for (int k = 1; k <= kPiecesPerSpan; ++k) {
      const double t = static_cast<double>(k) / kPiecesPerSpan;
      way.points[way.count++] = {spline(p0.x, p1.x, p2.x, p3.x, t), spline(p0.y, p1.y, p2.y, p3.y, t)};
    }
  }
}

/// A random polynomial in x and y of degree 3, without constant and linear terms.
struct Bend {
  explicit Bend(Random& random) {
    for (std::size_t i = 0; i < 7; ++i) c[i] = (i < 3 ? 0.2 : 0.3) * departure(random);
  }
  double operator()(double x, double y) const {
    return x * x * (c[0] + c[3] * x + c[4] * y) + x * y * c[1] + y * y * (c[2] + c[5] * x + c[6] * y);
  }
  std::array<double, 7> c;
};

/// Bends the plane smoothly, then stretches, slants and turns it.
void deform(Way& way, const Habit& habit, Random& random) {
  const Bend bend_x(random), bend_y(random);
  const double width = habit.width * growth(0.2 * departure(random));
  const double slant = habit.slant + 0.23 * departure(random);
  // The turn by an angle a, from tan(a / 2): no sine of the C library.
  const double h = 0.06 * departure(random);
  const double cosine = (1 - h * h) / (1 + h * h), sine = 2 * h / (1 + h * h);
  for (std::size_t i = 0; i < way.count; ++i) {
    PenPoint& p = way.points[i];
    const double y = p.y + bend_y(p.x, p.y);
    const double x = width * (p.x + bend_x(p.x, p.y)) - slant * y;
    p.x = cosine * x - sine * y;
    p.y = sine * x + cosine * y;
  }
}

/// Gives the writer a pen, whose pressure wanders along the way.
void press(Way& way, const Habit& habit, Random& random) {
  const double radius = std::clamp(1.17 * habit.pen * growth(0.26 * departure(random)), 0.6, 2.6);
  double pressure = 0;
  for (std::size_t i = 0; i < way.count; ++i) {
    pressure = 0.9 * pressure + 0.12 * departure(random);
    way.radii[i] = radius * std::max(1 + pressure, 0.15);
  }
}

struct InkBox {
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;

  double longer() const { return std::max(right - left, bottom - top); }
};

/// The box of the way's ink if its points are scaled and its pen is not.
InkBox ink_box(const Way& way, double scale, double pen) {
  InkBox box;
  for (std::size_t i = 0; i < way.count; ++i) {
    const double x = scale * way.points[i].x, y = scale * way.points[i].y, radius = pen * way.radii[i];
    box.left = std::min(box.left, x - radius);
    box.right = std::max(box.right, x + radius);
    box.top = std::min(box.top, y - radius);
    box.bottom = std::max(box.bottom, y + radius);
  }
  return box;
}

/// Scales the way so that its ink fills the 20 x 20 box in the longer direction, and cuts it into segments.
void fit(const Way& way, WrittenDigit& out) {
  constexpr double kInk = 19.7;  // the ramp at the edges comes on top
  const double bare = std::max(ink_box(way, 1, 0).longer(), 0.2);
  // What the pen adds depends on the scale where the pressure varies: three rounds settle it.
  double scale = (kInk - 2) / bare;
  for (int round = 0; round < 3; ++round) {
    const double added = ink_box(way, scale, 1).longer() - scale * bare;
    scale = (kInk - added) / bare;
  }
  const InkBox box = ink_box(way, scale, 1);
  const double middle_x = (box.left + box.right) / 2, middle_y = (box.top + box.bottom) / 2;
  out.count = 0;
  PenNode before{};
  bool lifted = true;
  for (std::size_t i = 0; i < way.count; ++i) {
    const PenNode now{static_cast<float>(scale * way.points[i].x - middle_x),
                      static_cast<float>(scale * way.points[i].y - middle_y),
                      static_cast<float>(way.radii[i])};
    if (!lifted) {
      assert(out.count < WrittenDigit::kMaxSegments);
      out.segments[out.count++] = {before, now};
    }
    before = now;
    lifted = way.points[i].last;
  }
}

}  // namespace

void write_digit(int digit, Random& random, WrittenDigit& out) {
  std::array<PenPoint, kMaxPoints> points;
  const DigitStyle& style = pick_style(digit, random);
  assert(style.from.size() <= kMaxPoints);
  const std::size_t count = choose_points(style, random, points);
  Way way;
  flatten({points.data(), count}, way);
  deform(way, kHabits[digit], random);
  press(way, kHabits[digit], random);
  out.softness = static_cast<float>(random.uniform(0.8, 1.3));
  fit(way, out);
}

}  // namespace chainrule::data
