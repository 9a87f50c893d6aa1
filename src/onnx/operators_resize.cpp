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
struct Way {
  std::string mode, coordinates, nearest;
  double cubic_a = -0.75, beyond = 0;
  bool exclude_outside = false;
};

/// Where a new element lies among the old ones.
double place_of(std::int64_t i, const Axis& axis, const Way& way) {
  const double x = static_cast<double>(i), in = static_cast<double>(axis.in),
               out = static_cast<double>(axis.out);
  if (way.coordinates == "align_corners") return axis.out == 1 ? 0 : x * (in - 1) / (in * axis.scale - 1);
  if (way.coordinates == "asymmetric") return x / axis.scale;
  if (way.coordinates == "pytorch_half_pixel") return axis.out > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
  if (way.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;
  if (way.coordinates == "tf_crop_and_resize") {
    const double start = axis.roi_start * (in - 1), width = (axis.roi_end - axis.roi_start) * (in - 1);
    return axis.out > 1 ? start + x * width / (out - 1) : 0.5 * (axis.roi_start + axis.roi_end) * (in - 1);
  }
  return (x + 0.5) / axis.scale - 0.5;  // half_pixel
}

double nearest_of(double place, const Way& way) {
  if (way.nearest == "floor") return std::floor(place);
  if (way.nearest == "ceil") return std::ceil(place);
  if (way.nearest == "round_prefer_ceil") return std::floor(place + 0.5);
  return std::ceil(place - 0.5);  // round_prefer_floor
}

/// Four weights around a place (Keys 1981).
std::array<double, 4> cubic(double t, double a) {
  const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

/// The matrix (out, in) of one axis.
Tensor matrix_of(const Axis& axis, const Way& way) {
  std::vector<double> weights(static_cast<std::size_t>(axis.out * axis.in));
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const double place = place_of(i, axis, way);
    double* row = weights.data() + i * axis.in;
    const auto add = [&](double at, double weight) {
      if (std::isnan(at)) return;
      row[static_cast<std::int64_t>(std::clamp(at, 0.0, static_cast<double>(axis.in - 1)))] += weight;
    };
    if (way.mode == "nearest") {
      add(nearest_of(place, way), 1);
      continue;
    }
    const double first = std::floor(place), t = place - first;
    if (way.mode == "linear") {
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
Tensor inside(const Axis& axis, const Way& way, DType dtype) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const double place = place_of(i, axis, way);
    values.push_back(place >= 0 && place <= static_cast<double>(axis.in - 1) ? 1 : 0);
  }
  return cast(from_data(values, Shape{axis.out}), dtype);
}

Tensor resampled(const Tensor& x, const std::vector<Axis>& axes, const Way& way) {
  constexpr std::int64_t kMost = 1 << 26;  // elements of a matrix
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::f64;
  Tensor y = cast(x, dtype), hits = scalar(1, dtype);
  for (int i = 0; i < x.ndim(); ++i) {
    const Axis& axis = axes[static_cast<std::size_t>(i)];
    const bool is_kept = axis.in == axis.out && axis.scale == 1 && way.coordinates != "tf_crop_and_resize";
    if (is_kept) continue;
    if (axis.in < 1 || axis.out > kMost / axis.in)
      throw ShapeError(
          508, cat("[load_onnx] an axis of ", axis.in, " elements resized to ", axis.out, "; need fewer."));
    y = transpose(matmul(transpose(y, i, x.ndim() - 1), transpose(cast(matrix_of(axis, way), dtype))), i,
                  x.ndim() - 1);
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim()), 1);
    sizes[static_cast<std::size_t>(i)] = axis.out;
    if (way.coordinates == "tf_crop_and_resize") hits = hits * reshape(inside(axis, way, dtype), sizes);
  }
  if (way.coordinates == "tf_crop_and_resize") y = where(equal(hits, 1), y, way.beyond);
  return cast(y, x.dtype());
}

Tensors resize(const Call& c) {
  const Tensor& x = c[0];
  const bool is_old = c.opset() < 11;  // x, scales
  Way way{c.text("mode", "nearest"),
          c.text("coordinate_transformation_mode", is_old ? "asymmetric" : "half_pixel"),
          c.text("nearest_mode", is_old ? "floor" : "round_prefer_floor"),
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
    const bool crops = way.coordinates == "tf_crop_and_resize" && roi.size() == 2 * ndim;
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
    {"Resize", 1, 4, resize, 0b1110, 0, false, "As products with matrices, axis by axis."},
    {"Upsample", 1, 2, resize, 0b10},
};

}  // namespace

std::span<const Operator> resize_operators() { return kRows; }

}  // namespace chainrule::onnx
