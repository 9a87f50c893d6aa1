// Functions that move elements, made of slices, joins, repeats and indices.
#include <algorithm>
#include <cmath>

#include "chainrule/ops.h"
#include "core/memory.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Whether a constant is the zero that the pad operation writes: +0.
bool is_plain_zero(const Operand& value) {
  return !value.tensor() && value.number() == 0 && !std::signbit(value.number().real());
}

/// A block of one value beside x along an axis.
Tensor constant_block(const Tensor& x, int axis, std::int64_t size, const Operand& value) {
  const Tensor one = value.tensor() ? cast(*value.tensor(), x.dtype()) : scalar(value.number(), x.dtype());
  return broadcast_to(one, with_size(x.shape(), axis, size));
}

Tensor pad_constant(const Tensor& x, int axis, PadWidth width, const Operand& value) {
  if (is_plain_zero(value)) return pad(x, axis, width.low, width.high);
  return concatenate(
      {constant_block(x, axis, width.low, value), x, constant_block(x, axis, width.high, value)}, axis);
}

/// The place in [0, size) that a place before or behind shows: the nearest, or its mirror image. The image
/// goes forwards and back again in 2 (size - 1) places.
std::int64_t shown_place(std::int64_t place, std::int64_t size, PadMode mode) {
  if (mode == PadMode::edge || size == 1) return std::clamp<std::int64_t>(place, 0, size - 1);
  const std::int64_t period = 2 * (size - 1);
  const std::int64_t in_period = (place % period + period) % period;
  return std::min(in_period, period - in_period);
}

Tensor pad_by_places(const Tensor& x, int axis, PadWidth width, PadMode mode) {
  const std::int64_t size = x.shape()[axis];
  if (size == 0) {
    throw op_error<ShapeError>(
        103, cat("axis ", axis, " of shape ", x.shape(), " has no element to repeat. Pad with a constant."));
  }
  const Shape count{checked(Checked(width.low) + size + width.high)};
  auto places = vector_with_room<std::int64_t>(count.numel());
  for (std::int64_t i = -width.low; i < size + width.high; ++i) places.push_back(shown_place(i, size, mode));
  return take(x, from_data(places, count), axis);
}

}  // namespace

Tensor pad(const Tensor& x, std::span<const PadWidth> widths, PadMode mode, const Operand& value,
           Location where) {
  const OpScope scope("pad", where);
  const bool one_for_all = widths.size() == 1;
  if (!one_for_all && widths.size() != static_cast<std::size_t>(x.ndim())) {
    throw op_error<ShapeError>(102, cat(widths.size(), " widths for shape ", x.shape(), ", which has ",
                                        x.ndim(), " axes. Give one an axis, or one for all."));
  }
  Tensor padded = x;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    const PadWidth width = widths[one_for_all ? 0 : static_cast<std::size_t>(axis)];
    if (width.low < 0 || width.high < 0) {
      throw op_error<ValueError>(
          18, cat("amounts must not be negative, got low ", width.low, ", high ", width.high, " for axis ",
                  axis, ". To leave elements out use slice."));
    }
    if (width.low == 0 && width.high == 0) continue;
    padded = mode == PadMode::constant ? pad_constant(padded, axis, width, value)
                                       : pad_by_places(padded, axis, width, mode);
  }
  return padded;
}

Tensor pad(const Tensor& x, std::initializer_list<PadWidth> widths, PadMode mode, const Operand& value,
           Location where) {
  return pad(x, std::span(widths.begin(), widths.size()), mode, value, where);
}

Tensor roll(const Tensor& x, std::int64_t shift, int axis, Location where) {
  const OpScope scope("roll", where);
  const int along = checked_axis(axis, x.ndim());
  const std::int64_t size = x.shape()[along];
  const std::int64_t back = size == 0 ? 0 : (size - shift % size) % size;
  if (back == 0) return x;
  return concatenate({slice(x, along, back, size), slice(x, along, 0, back)}, along);
}

Tensor tile(const Tensor& x, std::span<const std::int64_t> repeats, Location where) {
  const OpScope scope("tile", where);
  const std::size_t ndim = std::max(repeats.size(), static_cast<std::size_t>(x.ndim()));
  std::vector<std::int64_t> sizes(ndim - static_cast<std::size_t>(x.ndim()), 1);
  sizes.insert(sizes.end(), x.shape().begin(), x.shape().end());
  Tensor tiled = reshape(x, Shape(std::span<const std::int64_t>(sizes)));
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    const std::int64_t times = repeats[i];
    if (times < 0) {
      throw op_error<ValueError>(104, cat("a tensor cannot be repeated ", times, " times; needs 0 or more."));
    }
    if (times == 1) continue;
    const int axis = static_cast<int>(ndim - repeats.size() + i);
    const AxisBlock block = block_around(tiled.shape(), axis);
    const std::int64_t stretch = block.size * block.inner;
    const Shape result = with_size(tiled.shape(), axis, checked(Checked(block.size) * times));
    tiled = reshape(
        broadcast_to(reshape(tiled, Shape{block.outer, 1, stretch}), Shape{block.outer, times, stretch}),
        result);
  }
  return tiled;
}

Tensor tile(const Tensor& x, std::initializer_list<std::int64_t> repeats, Location where) {
  return tile(x, std::span(repeats.begin(), repeats.size()), where);
}

std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> places, int axis, Location where) {
  const OpScope scope("split", where);
  const int along = checked_axis(axis, x.ndim());
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const std::int64_t place : places) {
    parts.push_back(slice(x, along, start, place));
    start = place;
  }
  parts.push_back(slice(x, along, start, x.shape()[along]));
  return parts;
}

std::vector<Tensor> split(const Tensor& x, std::initializer_list<std::int64_t> places, int axis,
                          Location where) {
  return split(x, std::span(places.begin(), places.size()), axis, where);
}

std::vector<Tensor> split(const Tensor& x, std::int64_t parts, int axis, Location where) {
  const OpScope scope("split", where);
  const int along = checked_axis(axis, x.ndim());
  const std::int64_t size = x.shape()[along];
  if (parts < 1 || size % parts != 0) {
    throw op_error<ValueError>(107, cat("axis ", along, " of size ", size, " does not divide into ", parts,
                                        " equal parts. Give the places to cut at instead: {2, 5}."));
  }
  auto places = vector_with_room<std::int64_t>(parts);
  for (std::int64_t i = 1; i < parts; ++i) places.push_back(i * (size / parts));
  return split(x, places, along, where);
}

std::vector<ComposedFunction> rearranging_functions() {
  using In = std::span<const Tensor>;
  const SampleInput vector{{6}}, matrix{{3, 4}};
  return {
      {"pad",
       "A number, the edge or a mirror around the elements.",
       {{"pad(x, {{1, 2}, {0, 1}}, PadMode::constant, value)",
         [](In in) {
           return pad(in[0], {{1, 2}, {0, 1}}, PadMode::constant, in[1]);
         },
         {matrix, {{}}}},
        {"pad(x, {{1, 2}}, PadMode::edge)",
         [](In in) {
           return pad(in[0], {{1, 2}}, PadMode::edge);
         },
         {matrix}},
        {"pad(x, {{2, 5}}, PadMode::reflect)",
         [](In in) {
           return pad(in[0], {{2, 5}}, PadMode::reflect);
         },
         {matrix}}}},
      {"flip",
       "The elements in reverse order.",
       {{"flip(x, 1)", [](In in) { return flip(in[0], 1); }, {matrix}}}},
      {"roll",
       "Moved on, from the end to the start.",
       {{"roll(x, -3, 1)", [](In in) { return roll(in[0], -3, 1); }, {matrix}}}},
      {"tile",
       "Repeated along axes.",
       {{"tile(x, {2, 3})",
         [](In in) {
           return tile(in[0], {2, 3});
         },
         {matrix}}}},
      {"stack",
       "One after another along a new axis.",
       {{"stack({x, y}, 1)",
         [](In in) {
           return stack({in[0], in[1]}, 1);
         },
         {matrix, matrix}}}},
      {"split",
       "Parts along an axis.",
       {{"split(x, {1, 4})[1]",
         [](In in) {
           return split(in[0], {1, 4})[1];
         },
         {vector}}}},
  };
}

}  // namespace chainrule
