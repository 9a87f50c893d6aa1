// Some elements along an axis, and the adjoint: elements with zeros around and between.
#include <algorithm>
#include <cstring>

#include "chainrule/ops.h"
#include "kernels/copy.h"
#include "ops/axes.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

struct Slice {
  int axis = 0;
  std::int64_t start = 0, step = 1, count = 0;

  static constexpr OpInfo kInfo{
      .name = "slice",
      .any_dtype = true,
      .doc = "Every step-th element from a start along one axis; backwards for a step below 0.",
      .ulp = kExact};
  bool operator==(const Slice&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis), visit("start", start), visit("step", step), visit("count", count);
  }
  Meta infer(std::span<const Meta> in) const { return {in[0].dtype, with_size(in[0].shape, axis, count)}; }
  Gradients vjp(const Vjp& v) const {
    const std::int64_t size = v.inputs[0].shape()[axis];
    if (count == 0) return {zeros(v.inputs[0].shape(), v.cotangent.dtype())};
    if (step < 0) {  // turned round first, so that it goes forwards
      const Tensor forwards = apply(Slice{axis, count - 1, -1, count}, {v.cotangent}, Location::current());
      return {pad(forwards, axis, start + (count - 1) * step, size - 1 - start, -step - 1)};
    }
    return {pad(v.cotangent, axis, start, size - 1 - (start + (count - 1) * step), step - 1)};
  }
  void run(const Kernel& k) const {
    const AxisBlock from = block_around(k.inputs[0].shape, axis);
    const std::size_t bytes = static_cast<std::size_t>(from.inner) * size_of(k.output.dtype);
    const auto* x = static_cast<const std::byte*>(k.inputs[0].data);
    auto* y = static_cast<std::byte*>(k.output.data);
    if (bytes == 0) return;
    for (std::int64_t i = 0; i < from.outer; ++i) {
      for (std::int64_t j = 0; j < count; ++j) {
        std::memcpy(y + static_cast<std::size_t>(i * count + j) * bytes,
                    x + static_cast<std::size_t>(i * from.size + start + j * step) * bytes, bytes);
      }
    }
  }
  void run_fast(const Kernel& k) const {
    const AxisBlock from = block_around(k.inputs[0].shape, axis);
    kernels::copy_places(k.inputs[0].data, {from.size, start, step}, k.output.data, {count, 0, 1}, from.outer,
                         count, from.inner, size_of(k.output.dtype));
  }
  static std::vector<Sample> samples() {
    return {sample(Slice{0, 6, -2, 3}, {{{7}}}),
            sample(Slice{1, 3, -1, 4}, {{{3, 4}}}),
            sample(Slice{1, 3, -3, 2}, {{{2, 5, 3}}}),
            sample(Slice{0, 0, -1, 1}, {{{3, 4}}}),
            sample(Slice{0, 8, -3, 3}, {{{9}, DType::u8, {0, 255}}}),
            sample(Slice{0, 8, -3, 3}, {{{9}, DType::bf16, {-9, 9}}}),
            sample(Slice{0, 1, 2, 3}, {{{7}}}),
            sample(Slice{1, 0, 1, 2}, {{{3, 4}}}),
            sample(Slice{0, 2, 1, 1}, {{{3, 4}}}),
            sample(Slice{1, 1, 3, 2}, {{{2, 5, 3}}}),
            sample(Slice{0, 0, 1, 0}, {{{3}}})};
  }
};

struct Pad {
  int axis = 0;
  std::int64_t low = 0, high = 0, interior = 0;

  static constexpr OpInfo kInfo{.name = "pad",
                                .any_dtype = true,
                                .doc = "Zeros before, after and between the elements along one axis.",
                                .ulp = kExact};
  bool operator==(const Pad&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis), visit("low", low), visit("high", high), visit("interior", interior);
  }
  Meta infer(std::span<const Meta> in) const {
    if (low < 0 || high < 0 || interior < 0) {
      throw op_error<ValueError>(18, cat("amounts must not be negative, got low ", low, ", high ", high,
                                         ", interior ", interior, ". To leave elements out use slice."));
    }
    const std::int64_t size = in[0].shape[axis], gaps = std::max<std::int64_t>(size - 1, 0);
    return {in[0].dtype,
            with_size(in[0].shape, axis, checked(Checked(low) + high + size + Checked(gaps) * interior))};
  }
  Gradients vjp(const Vjp& v) const {
    return {
        apply(Slice{axis, low, interior + 1, v.inputs[0].shape()[axis]}, {v.cotangent}, Location::current())};
  }
  void run(const Kernel& k) const {
    const AxisBlock from = block_around(k.inputs[0].shape, axis);
    const std::int64_t size = k.output.shape[axis];
    const std::size_t bytes = static_cast<std::size_t>(from.inner) * size_of(k.output.dtype);
    const auto* x = static_cast<const std::byte*>(k.inputs[0].data);
    auto* y = static_cast<std::byte*>(k.output.data);
    const std::size_t all = static_cast<std::size_t>(k.output.numel()) * size_of(k.output.dtype);
    if (all == 0) return;
    std::memset(y, 0, all);
    for (std::int64_t i = 0; i < from.outer; ++i) {
      for (std::int64_t j = 0; j < from.size; ++j) {
        std::memcpy(y + static_cast<std::size_t>(i * size + low + j * (interior + 1)) * bytes,
                    x + static_cast<std::size_t>(i * from.size + j) * bytes, bytes);
      }
    }
  }
  void run_fast(const Kernel& k) const {
    const AxisBlock from = block_around(k.inputs[0].shape, axis);
    std::memset(k.output.data, 0, static_cast<std::size_t>(k.output.numel()) * size_of(k.output.dtype));
    kernels::copy_places(k.inputs[0].data, {from.size, 0, 1}, k.output.data,
                         {k.output.shape[axis], low, interior + 1}, from.outer, from.size, from.inner,
                         size_of(k.output.dtype));
  }
  static std::vector<Sample> samples() {
    return {sample(Pad{0, 1, 2, 0}, {{{4}}}),
            sample(Pad{1, 0, 1, 2}, {{{3, 4}}}),
            sample(Pad{0, 2, 0, 1}, {{{3, 2}}}),
            sample(Pad{0, 1, 1, 0}, {{{0}}}),
            sample(Pad{0, 1, 2, 1}, {{{4}, DType::f16, {-9, 9}}}),
            sample(Pad{0, -1, 0, 0}, {{{4}}}, 18),
            sample(Pad{0, 0, 0, 6148914691236517205}, {{{4}}}, 1)};
  }
};

/// The place meant by NumPy's slice notation: negative from the end, then cut to [low, high].
std::int64_t clamp_place(std::int64_t place, std::int64_t size, std::int64_t low, std::int64_t high) {
  return std::clamp(place < 0 ? place + size : place, low, high);
}

/// All elements along an axis, the last first.
Tensor backwards(const Tensor& x, int axis, Location where) {
  const std::int64_t size = x.shape()[axis];
  return size < 2 ? x : apply(Slice{axis, size - 1, -1, size}, {x}, where);
}

}  // namespace

CHAINRULE_OP_ROW(Slice)
CHAINRULE_OP_ROW(Pad)

Tensor slice(const Tensor& x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step,
             Location where) {
  const OpScope scope("slice", where);
  if (step == 0) {
    throw op_error<ValueError>(16, "step 0 goes nowhere; it must be above 0, or below 0 to go backwards.");
  }
  const int along = checked_axis(axis, x.ndim());
  const std::int64_t size = x.shape()[along];
  // Backwards the places before and behind the axis are -1 and size - 1.
  const std::int64_t before = step < 0 ? -1 : 0;
  const std::int64_t first = clamp_place(start, size, before, size + before);
  const std::int64_t last = clamp_place(stop, size, before, size + before);
  const std::int64_t distance = step < 0 ? first - last : last - first;
  if (distance <= 0) return apply(Slice{along, 0, 1, 0}, {x}, where);
  // A step beyond the axis takes the first element only; cut to the size, its negative cannot overflow.
  const std::int64_t pace = std::clamp(step, -size, size);
  return apply(Slice{along, first, pace, (distance - 1) / std::abs(pace) + 1}, {x}, where);
}

Tensor flip(const Tensor& x, Axes axes, Location where) {
  const OpScope scope("flip", where);
  const AxisSet set = axis_set(axes, x.ndim());
  Tensor flipped = x;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (set >> axis & 1) flipped = backwards(flipped, axis, where);
  }
  return flipped;
}

Tensor select(const Tensor& x, std::int64_t i, int axis, Location where) {
  const OpScope scope("select", where);
  const int along = checked_axis(axis, x.ndim());
  const std::int64_t size = x.shape()[along];
  if (i < -size || i >= size)
    throw op_error<ShapeError>(27, cat("place ", i, " of an axis of size ", size, "."));
  const Tensor row = apply(Slice{along, i < 0 ? i + size : i, 1, 1}, {x}, where);
  return reshape(row, dropped_shape(x.shape(), AxisSet{1} << along), where);
}

Tensor pad(const Tensor& x, int axis, std::int64_t low, std::int64_t high, std::int64_t interior,
           Location where) {
  const OpScope scope("pad", where);
  const int along = checked_axis(axis, x.ndim());
  // With nothing to stand between, only its sign counts: cut, so that the step from element to element cannot
  // overflow.
  const std::int64_t between = x.shape()[along] > 1 ? interior : std::min<std::int64_t>(interior, 0);
  return apply(Pad{along, low, high, between}, {x}, where);
}

}  // namespace chainrule
