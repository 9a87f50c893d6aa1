// Shapes, resampling, padding.
#include "chainrule/nn/rearrange.h"
#include <utility>

#include <array>

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/windows.h"

namespace chainrule::nn {

void Flatten::fields(Fields& f) {
  f("from", from, "the first of the axes that become one; 0 is the batch");
  f("to", to, "the last of them");
}

Tensor Flatten::compute(const Tensor& x, Pass&) const {
  const std::int64_t ndim = x.ndim();
  if (from == 1 && to == -1 && ndim == 1) return flatten(x, 1);  // a number a row
  const std::int64_t first = from < 0 ? from + ndim : from, last = to < 0 ? to + ndim : to;
  if (first < 0 || first > last || last >= ndim) {
    throw ShapeError(252,
                     cat("[flatten] there are no axes from ", from, " to ", to, " in the input ", x.shape(),
                         "; need those of the input, in their order.", OriginScope::current({}).to_string()));
  }
  std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().end());
  std::int64_t count = 1;
  for (std::int64_t axis = first; axis <= last; ++axis) count *= sizes[static_cast<std::size_t>(axis)];
  sizes.erase(sizes.begin() + first, sizes.begin() + last);
  sizes[static_cast<std::size_t>(first)] = count;
  return reshape(x, sizes);
}

void Reshape::fields(Fields& f) {
  f("shape", shape, "of a row; one size may be -1 and is worked out", at_least(-1));
}

// What is worked out is the size of a row, so that there may be no row at all.
Tensor Reshape::compute(const Tensor& x, Pass&) const {
  const auto sizes = x.shape().sizes();
  const std::int64_t rows = sizes.empty() ? 1 : sizes[0];
  const Shape row(sizes.subspan(sizes.empty() ? 0 : 1));
  const Shape wanted = reshape(zeros(row), shape).shape();
  std::vector<std::int64_t> all(wanted.begin(), wanted.end());
  all.insert(all.begin(), rows);
  return reshape(x, all);
}

Upsample::Upsample(const Spatial& times, const UpsampleOptions& options)
    : scale(numbers(times)),
      size(numbers(options.size)),
      mode(options.mode),
      align_corners(options.align_corners) {}

void Upsample::fields(Fields& f) {
  static constexpr std::array<std::string_view, 2> kModes = {"nearest", "linear"};
  f("scale", scale, "how many times larger along each axis, or one number for all", at_least(1));
  f("size", size, "of the result, instead of the scale", at_least(1));
  f("mode", mode, kModes, "numbers again, or straight lines between them");
  f("align_corners", align_corners, "whether lines go from the first number to the last");
}

Tensor Upsample::compute(const Tensor& x, Pass&) const {
  const bool is_nearest = mode == UpsampleMode::nearest;
  if (size.empty() && is_nearest) return upsample_nearest_by(x, scale);
  Spatial wanted = size;
  if (size.empty()) {  // what the other mode gives is as large
    const Shape larger = upsample_nearest_by(x, scale).shape();
    wanted = Spatial(larger.sizes().subspan(2));
  }
  return is_nearest ? upsample_nearest(x, wanted) : upsample_bilinear(x, wanted, align_corners);
}

void Pad::fields(Fields& f) {
  static constexpr std::array<std::string_view, 3> kModes = {"constant", "edge", "reflect"};
  f("widths", widths, "one for all sides, one an axis, or those before each axis and then after",
    at_least(0));
  f("mode", mode, kModes, "a number, the last one again, or what a mirror on it shows");
  f("value", value, "the number");
}

Tensor Pad::compute(const Tensor& x, Pass&) const {
  const int axes = x.ndim() - 2;
  if (axes < 1 || axes > Spatial::kMaxAxes) {
    throw ShapeError(
        252, cat("[pad] the input is ", x.shape(), "; need one to three axes behind batch and channels.",
                 OriginScope::current({}).to_string()));
  }
  const Padding around = padding_of(kInfo, "widths", widths, axes);
  std::vector<PadWidth> all(2);
  for (int i = 0; i < axes; ++i) all.push_back({around.low[i], around.high[i]});
  return pad(x, all, mode, value);
}

Flatten::Flatten(std::int64_t first, std::int64_t last) : from(first), to(last) {}

Reshape::Reshape(std::vector<std::int64_t> sizes) : shape(std::move(sizes)) {}

Pad::Pad(std::vector<std::int64_t> around, PadMode how, double number)
    : widths(std::move(around)), mode(how), value(number) {}

Pad::Pad(std::int64_t around, PadMode how, double number)
    : Pad(std::vector<std::int64_t>{around}, how, number) {}

}  // namespace chainrule::nn
