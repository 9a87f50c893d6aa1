// Shapes, parts, and tensors that are made from nothing.
#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

/// The largest number in place of one that is larger, of numbers that are not negative.
std::int64_t sum_of(std::int64_t a, std::int64_t b) { return a > INT64_MAX - b ? INT64_MAX : a + b; }
std::int64_t product_of(std::int64_t a, std::int64_t b) {
  return b > 0 && a > INT64_MAX / b ? INT64_MAX : b < 0 ? -1 : a * b;
}

Tensors reshaped(const Call& c) {
  const Tensor& x = c[0];
  std::vector<std::int64_t> sizes = c.integers("shape", 1);
  if (!c.flag("allowzero")) {
    for (std::size_t i = 0; i < sizes.size() && i < static_cast<std::size_t>(x.ndim()); ++i) {
      if (sizes[i] == 0) sizes[i] = x.shape()[static_cast<int>(i)];
    }
  }
  return {reshape(x, sizes)};
}

Tensors transposed(const Call& c) {
  const std::vector<std::int64_t> order = c.integers("perm");
  return {c.find("perm") == nullptr ? transpose(c[0]) : permute(c[0], order)};
}

Tensors squeezed(const Call& c) {
  std::vector<std::int64_t> axes = c.integers("axes", 1);
  for (std::int64_t& axis : axes) axis = c.axis_of(axis, c[0].ndim());
  return {c.has("axes", 1) && axes.empty() ? c[0] : squeeze(c[0], Axes(axes))};
}

Tensors unsqueezed(const Call& c) {
  std::vector<std::int64_t> axes = c.integers("axes", 1);
  const int ndim = c[0].ndim() + static_cast<int>(std::min<std::size_t>(axes.size(), 64));
  for (std::int64_t& axis : axes) axis = c.axis_of(axis, ndim);
  return {axes.empty() ? c[0] : expand_dims(c[0], Axes(axes))};
}

Tensors flattened(const Call& c) {
  const Tensor& x = c[0];
  const std::int64_t given = c.integer("axis", 1);
  const int axis = given == x.ndim() ? x.ndim() : c.axis_of(given, x.ndim());
  std::int64_t before = 1;
  for (int i = 0; i < axis; ++i) before *= x.shape()[i];
  std::int64_t behind = 1;
  for (int i = axis; i < x.ndim(); ++i) behind *= x.shape()[i];
  return {reshape(x, {before, behind})};
}

Tensors concatenated(const Call& c) {
  c.integer("axis");
  return {concatenate(c.inputs(), c.axis("axis", 0, c[0].ndim()))};
}

Tensors split_up(const Call& c) {
  const Tensor& x = c[0];
  const int axis = c.axis("axis", 0, x.ndim());
  const std::int64_t size = x.shape()[axis];
  std::vector<std::int64_t> sizes = c.integers("split", 1);
  if (sizes.empty()) {
    const auto count = static_cast<std::int64_t>(c.output_count());
    if (count == 0) throw c.error("no outputs, and no sizes of parts.");
    const std::int64_t each = (size + count - 1) / count;
    for (std::int64_t i = 0; i < count; ++i)
      sizes.push_back(std::clamp<std::int64_t>(size - i * each, 0, each));
  }
  Tensors parts;
  std::int64_t at = 0;
  for (const std::int64_t part : sizes) {
    if (part < 0 || part > size - at) throw c.error(cat("parts that do not add up to ", size, "."));
    parts.push_back(slice(x, axis, at, at + part));
    at += part;
  }
  if (at != size || parts.size() < c.output_count())
    throw c.error(cat("parts that do not add up to ", size, "."));
  return parts;
}

Tensors sliced(const Call& c) {
  Tensor x = c[0];
  const std::vector<std::int64_t> starts = c.integers("starts", 1), ends = c.integers("ends", 2);
  std::vector<std::int64_t> axes = c.integers("axes", 3), steps = c.has(4) ? c.integers_at(4) : axes;
  if (axes.empty()) {
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  }
  if (!c.has(4)) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    throw c.error("starts, ends, axes and steps are not of one length.");
  for (std::size_t i = 0; i < starts.size(); ++i) {
    x = slice(x, c.axis_of(axes[i], x.ndim()), starts[i], ends[i], steps[i]);
  }
  return {x};
}

Tensors padded(const Call& c) {
  Tensor x = c[0];
  const std::vector<std::int64_t> pads = c.integers("pads", 1);
  const auto ndim = static_cast<std::size_t>(x.ndim());
  if (pads.size() != 2 * ndim) throw c.error(cat("needs ", 2 * ndim, " pads, got ", pads.size(), "."));
  std::vector<PadWidth> widths(ndim);
  std::vector<std::int64_t> to;
  for (std::size_t i = 0; i < ndim; ++i) {
    const std::int64_t low = pads[i], high = pads[ndim + i];
    const std::int64_t size = x.shape()[static_cast<int>(i)];
    if (low < 0 || high < 0) {
      x = slice(x, static_cast<int>(i), -std::clamp<std::int64_t>(low, -size, 0),
                size + std::clamp<std::int64_t>(high, -size, 0));
    }
    widths[i] = {std::max<std::int64_t>(low, 0), std::max<std::int64_t>(high, 0)};
    to.push_back(sum_of(x.shape()[static_cast<int>(i)], sum_of(widths[i].low, widths[i].high)));
  }
  shape_of(c, to);
  const std::string mode = c.text("mode", "constant");
  if (mode == "edge") return {pad(x, widths, PadMode::edge)};
  if (mode == "reflect") return {pad(x, widths, PadMode::reflect)};
  if (mode != "constant") throw c.error("mode \"" + mode + "\"; need constant, edge or reflect.");
  if (c.has(2)) return {pad(x, widths, PadMode::constant, reshape(as(c[2], x), Shape{}))};
  const double value = c.number("value", 0);
  return {value == 0 ? pad(x, widths) : pad(x, widths, PadMode::constant, number(value, x))};
}

Tensors expanded(const Call& c) {
  std::vector<std::int64_t> to = c.integers_at(1);
  const std::vector<std::int64_t> from = sizes_of(c[0].shape());
  while (to.size() < from.size()) to.insert(to.begin(), 1);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    if (to[to.size() - i] == 1) to[to.size() - i] = from[from.size() - i];
  }
  return {broadcast_to(c[0], shape_of(c, to))};
}

Tensors tiled(const Call& c) {
  if (c.opset() < 6 || c.has(2)) throw c.error("an old form; need opset 7 or newer.");
  const std::vector<std::int64_t> repeats = c.integers_at(1);
  std::vector<std::int64_t> to = sizes_of(c[0].shape());
  if (repeats.size() != to.size())
    throw c.error(cat("needs ", to.size(), " repeats, got ", repeats.size(), "."));
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = product_of(to[i], repeats[i]);
  shape_of(c, to);
  return {tile(c[0], repeats)};
}

Tensors shape_as_numbers(const Call& c) {
  const auto ndim = static_cast<std::int64_t>(c[0].ndim());
  const auto place = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + ndim : at, 0, ndim);
  };
  const std::int64_t start = place(c.integer("start", 0)), end = place(c.integer("end", ndim));
  std::vector<std::int64_t> sizes;
  for (std::int64_t i = start; i < end; ++i) sizes.push_back(c[0].shape()[static_cast<int>(i)]);
  return {vector_of(sizes)};
}

Tensors count_of(const Call& c) { return {scalar(c[0].numel(), i64)}; }

Tensors constant(const Call& c) {
  if (const Attribute* value = c.find("value"); value != nullptr && value->kind == Attribute::Kind::tensor)
    return {value->tensor};
  if (c.find("value_float") != nullptr) return {scalar(c.number("value_float", 0), f32)};
  if (c.find("value_int") != nullptr) return {scalar(c.integer("value_int"), i64)};
  if (c.find("value_ints") != nullptr) return {vector_of(c.integers("value_ints"))};
  if (c.find("value_floats") != nullptr) {
    const std::vector<double> values = c.numbers("value_floats");
    return {detach(cast(from_data(values, Shape{static_cast<std::int64_t>(values.size())}), f32))};
  }
  throw c.error("its value is no tensor and no number; texts and sparse tensors are not known.");
}

Tensors constant_of_shape(const Call& c) {
  const Shape shape = shape_of(c, c.integers_at(0));
  const Attribute* value = c.find("value");
  if (value == nullptr) return {zeros(shape)};
  if (value->kind != Attribute::Kind::tensor || value->tensor.numel() != 1)
    throw c.error("value must be one number.");
  return {broadcast_to(reshape(value->tensor, Shape{}), shape)};
}

Tensors range(const Call& c) {
  const double start = c.number_at(0), end = c.number_at(1), step = c.number_at(2);
  const double count = step == 0 ? -1 : std::ceil((end - start) / step);
  if (!std::isfinite(count) || step == 0 || count >= 1e15)
    throw c.error("a range without an end, or beyond 1e15 numbers.");
  const std::int64_t whole = static_cast<std::int64_t>(std::max(0.0, count));
  c.check_size({whole});
  return {as(cast(arange(whole), c[0].dtype()) * as(reshape(c[2], Shape{}), c[0]) + reshape(c[0], Shape{}),
             c[0])};
}

Tensors eye_like(const Call& c) {
  const Tensor& x = c[0];
  if (x.ndim() != 2) throw c.error(cat("needs a matrix, got ", x.shape(), "."));
  const DType dtype = c.find("dtype") != nullptr ? dtype_of_code(c, c.integer("dtype")) : x.dtype();
  const Tensor rows = expand_dims(arange(x.shape()[0]), 1), columns = arange(x.shape()[1]);
  return {cast(equal(columns - rows, c.integer("k", 0)), dtype)};
}

Tensors depth_to_space(const Call& c) {
  const Tensor& x = c[0];
  const std::int64_t b = c.integer("blocksize");
  if (x.ndim() != 4 || b < 1 || x.shape()[1] % product_of(b, b) != 0)
    throw c.error(cat("a block of ", b, " does not fit ", x.shape(), "."));
  const std::int64_t n = x.shape()[0], d = x.shape()[1] / (b * b), h = x.shape()[2], w = x.shape()[3];
  const bool depth_last = c.text("mode", "DCR") == "CRD";
  const Tensor parts = depth_last ? permute(reshape(x, {n, d, b, b, h, w}), {0, 1, 4, 2, 5, 3})
                                  : permute(reshape(x, {n, b, b, d, h, w}), {0, 3, 4, 1, 5, 2});
  return {reshape(parts, {n, d, h * b, w * b})};
}

Tensors space_to_depth(const Call& c) {
  const Tensor& x = c[0];
  const std::int64_t b = c.integer("blocksize");
  if (x.ndim() != 4 || b < 1 || x.shape()[2] % b != 0 || x.shape()[3] % b != 0)
    throw c.error(cat("a block of ", b, " does not fit ", x.shape(), "."));
  const std::int64_t n = x.shape()[0], d = x.shape()[1], h = x.shape()[2] / b, w = x.shape()[3] / b;
  return {reshape(permute(reshape(x, {n, d, h, b, w, b}), {0, 3, 5, 1, 2, 4}), {n, d * b * b, h, w})};
}

constexpr Operator kRows[] = {
    {"Concat", 1, -1, concatenated},
    {"Constant", 0, 0, constant, 0, 0, false, "Numbers only."},
    {"ConstantOfShape", 1, 1, constant_of_shape},
    {"DepthToSpace", 1, 1, depth_to_space},
    {"Expand", 2, 2, expanded, 0b10},
    {"EyeLike", 1, 1, eye_like},
    {"Flatten", 1, 1, flattened},
    {"Pad", 1, 3, padded, 0b110},
    {"Range", 3, 3, range, 0b111},
    {"Reshape", 1, 2, reshaped, 0b10},
    {"Shape", 1, 1, shape_as_numbers},
    {"Size", 1, 1, count_of},
    {"Slice", 1, 5, sliced, 0b11110},
    {"SpaceToDepth", 1, 1, space_to_depth},
    {"Split", 1, 2, split_up, 0b10},
    {"Squeeze", 1, 2, squeezed, 0b10},
    {"Tile", 2, 3, tiled, 0b110},
    {"Transpose", 1, 1, transposed},
    {"Unsqueeze", 1, 2, unsqueezed, 0b10},
};

}  // namespace

std::span<const Operator> shape_operators() { return kRows; }

}  // namespace chainrule::onnx
