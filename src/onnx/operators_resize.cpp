// Images in other sizes.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

/// How an axis is resampled: each new element is a sum of old ones.
struct Axis {
  std::int64_t in = 1, out = 1;
  double scale = 1;
  double roi_start = 0, roi_end = 1;
};
/// Where new element x lies among the old ones.
using Place = double (*)(double x, const Axis& axis);
struct Coordinates {
  std::string_view name;
  Place place;
};
double half_pixel(double x, const Axis& axis) { return (x + 0.5) / axis.scale - 0.5; }
double align_corners(double x, const Axis& axis) {
  const auto in = static_cast<double>(axis.in);
  return axis.out == 1 ? 0 : x * (in - 1) / (in * axis.scale - 1);
}
double crop_and_resize(double x, const Axis& axis) {
  const double last = static_cast<double>(axis.in - 1);
  const double start = axis.roi_start * last, width = (axis.roi_end - axis.roi_start) * last;
  return axis.out > 1 ? start + x * width / static_cast<double>(axis.out - 1)
                      : 0.5 * (axis.roi_start + axis.roi_end) * last;
}
constexpr Coordinates kCoordinates[] = {
    {"half_pixel", half_pixel},
    {"align_corners", align_corners},
    {"asymmetric", [](double x, const Axis& axis) { return x / axis.scale; }},
    {"pytorch_half_pixel", [](double x, const Axis& a) { return a.out > 1 ? half_pixel(x, a) : 0; }},
    {"tf_half_pixel_for_nn", [](double x, const Axis& axis) { return (x + 0.5) / axis.scale; }},
    {"tf_crop_and_resize", crop_and_resize},
};

struct Nearest {
  std::string_view name;
  double (*of)(double place);
};
constexpr Nearest kNearest[] = {
    {"round_prefer_floor", [](double place) { return std::ceil(place - 0.5); }},
    {"round_prefer_ceil", [](double place) { return std::floor(place + 0.5); }},
    {"floor", [](double place) { return std::floor(place); }},
    {"ceil", [](double place) { return std::ceil(place); }},
};

struct Way {
  std::string mode;
  Place place;
  double (*nearest)(double place);
  double cubic_a = -0.75, beyond = 0;
  bool exclude_outside = false;

  bool crops() const { return place == crop_and_resize; }
};

/// The row of a list that an attribute names.
template <class Row, std::size_t N>
const Row& named(const Call& c, const Row (&rows)[N], const char* attribute, const char* by_default) {
  const std::string name = c.text(attribute, by_default);
  for (const Row& row : rows) {
    if (row.name == name) return row;
  }
  throw c.error(cat(attribute, " \"", name, "\" is not known."));
}

std::int64_t clamped(double at, const Axis& axis) {
  return static_cast<std::int64_t>(std::clamp(at, 0.0, static_cast<double>(axis.in - 1)));
}

/// The old element that each new one is.
Tensor nearest_elements(const Axis& axis, const Way& way) {
  std::vector<std::int64_t> from(static_cast<std::size_t>(axis.out));
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const double at = way.nearest(way.place(static_cast<double>(i), axis));
    from[static_cast<std::size_t>(i)] = std::isnan(at) ? 0 : clamped(at, axis);
  }
  return from_data(from, Shape{axis.out});
}

/// Four weights around a place (Keys 1981).
std::array<double, 4> cubic(double t, double a) {
  const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

/// The matrix (out, in) of one axis: linear or cubic.
Tensor matrix_of(const Axis& axis, const Way& way) {
  std::vector<double> weights(static_cast<std::size_t>(axis.out * axis.in));
  const bool is_linear = way.mode == "linear";
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const double place = way.place(static_cast<double>(i), axis);
    double* row = weights.data() + i * axis.in;
    const auto add = [&](double at, double weight) {
      if (!std::isnan(at)) row[clamped(at, axis)] += weight;
    };
    const double first = std::floor(place), t = place - first;
    if (is_linear) {
      add(first, 1 - t), add(first + 1, t);
      continue;
    }
    const std::array<double, 4> four = cubic(t, way.cubic_a);
    double total = 0;
    for (int k = 0; k < 4; ++k) {
      const double at = first - 1 + k;
      if (way.exclude_outside && (at < 0 || at > static_cast<double>(axis.in - 1))) continue;
      add(at, four[static_cast<std::size_t>(k)]);
      total += four[static_cast<std::size_t>(k)];
    }
    if (way.exclude_outside) std::for_each(row, row + axis.in, [&](double& w) { w /= total; });
  }
  return from_data(weights, Shape{axis.out, axis.in});
}

/// 1 where the new elements of an axis lie inside the old image.
Tensor inside(const Axis& axis, const Way& way) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const double place = way.place(static_cast<double>(i), axis);
    values.push_back(place >= 0 && place <= static_cast<double>(axis.in - 1) ? 1 : 0);
  }
  return from_data(values, Shape{axis.out});
}

Tensor resampled(const Tensor& x, const std::vector<Axis>& axes, const Way& way) {
  constexpr std::int64_t kMost = 1 << 26;        // elements of a matrix
  constexpr std::int64_t kMostGrowth = 1 << 16;  // what images are made larger by is far less
  const bool is_nearest = way.mode == "nearest";
  const DType dtype = is_nearest || is_floating(x.dtype()) ? x.dtype() : DType::f64;
  Tensor y = cast(x, dtype), hits = scalar(1, i64);
  for (int i = 0; i < x.ndim(); ++i) {
    const Axis& axis = axes[static_cast<std::size_t>(i)];
    const bool is_kept = axis.in == axis.out && axis.scale == 1 && !way.crops();
    if (is_kept) continue;
    if (axis.in < 1 || axis.out / axis.in > kMostGrowth || axis.out > kMost / (is_nearest ? 1 : axis.in))
      throw ShapeError(
          508, cat("[load_onnx] an axis of ", axis.in, " elements resized to ", axis.out, "; need fewer."));
    if (is_nearest) {
      y = take(y, nearest_elements(axis, way), i);
    } else {
      const Tensor last = transpose(y, i, x.ndim() - 1);
      y = transpose(matmul(last, transpose(cast(matrix_of(axis, way), dtype))), i, x.ndim() - 1);
    }
    if (!way.crops()) continue;
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim()), 1);
    sizes[static_cast<std::size_t>(i)] = axis.out;
    hits = hits * reshape(inside(axis, way), sizes);
  }
  if (way.crops()) y = where(equal(hits, 1), y, number(way.beyond, y));
  return cast(y, x.dtype());
}

Tensors resize(const Call& c) {
  const Tensor& x = c[0];
  const bool is_old = c.opset() < 11;  // x, scales
  Way way{
      c.text("mode", "nearest"),
      named(c, kCoordinates, "coordinate_transformation_mode", is_old ? "asymmetric" : "half_pixel").place,
      named(c, kNearest, "nearest_mode", is_old ? "floor" : "round_prefer_floor").of,
      c.number("cubic_coeff_a", -0.75),
      c.number("extrapolation_value", 0),
      c.flag("exclude_outside")};
  if (way.mode != "nearest" && way.mode != "linear" && way.mode != "cubic")
    throw c.error("mode \"" + way.mode + "\"; need nearest, linear or cubic.");
  const std::size_t at = is_old ? 1 : 2;
  const bool by_scale = c.has(at) && c[at].numel() > 0;
  std::vector<double> scales = by_scale ? c[at].to_vector<double>() : c.numbers("scales");
  const std::vector<std::int64_t> sizes =
      !by_scale && c.has(3) ? c.integers_at(3) : std::vector<std::int64_t>();
  const std::vector<double> roi = !is_old && c.has(1) ? c[1].to_vector<double>() : std::vector<double>();
  const auto ndim = static_cast<std::size_t>(x.ndim());
  if ((sizes.empty() ? scales.size() : sizes.size()) != ndim)
    throw c.error(cat("needs ", ndim, " scales or sizes."));
  std::vector<std::int64_t> to;
  std::vector<Axis> axes(ndim);
  for (std::size_t i = 0; i < ndim; ++i) {
    Axis& axis = axes[i];
    axis.in = x.shape()[static_cast<int>(i)];
    const double size = static_cast<double>(axis.in);
    const bool crops = way.crops() && roi.size() == 2 * ndim;
    if (crops) axis.roi_start = roi[i], axis.roi_end = roi[ndim + i];
    const double out = sizes.empty()
                           ? std::floor(size * (crops ? axis.roi_end - axis.roi_start : 1) * scales[i])
                           : static_cast<double>(sizes[i]);
    if (!(out >= 0 && out < 1e9)) throw c.error(cat("a size of ", out, "."));
    axis.out = static_cast<std::int64_t>(out);
    axis.scale = sizes.empty() ? scales[i] : static_cast<double>(axis.out) / size;
    to.push_back(axis.out);
  }
  shape_of(c, to);
  return {resampled(x, axes, way)};
}

constexpr Operator kRows[] = {
    {"Resize", 1, 4, resize, 0b1110, 0, false, "Linear and cubic as products with matrices, axis by axis."},
    {"Upsample", 1, 2, resize, 0b10},
};

}  // namespace

std::span<const Operator> resize_operators() { return kRows; }

}  // namespace chainrule::onnx
