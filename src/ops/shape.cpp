// The same elements in another order, with some left out, or with zeros between.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "chainrule/ops.h"
#include "core/dispatch.h"
#include "kernels/ref/map.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

struct Reshape {
  Shape to;

  static constexpr OpInfo kInfo{
      .name = "reshape", .view = true, .doc = "The same elements with another shape."};
  bool operator==(const Reshape&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("to", to);
  }
  Meta infer(std::span<const Meta> in) const {
    if (to.numel() != in[0].shape.numel()) {
      throw op_error<ShapeError>(14, cat("shape ", in[0].shape.to_string(), " has ", in[0].shape.numel(),
                                         " elements, ", to.to_string(), " has ", to.numel(), "."));
    }
    return {in[0].dtype, to};
  }
  Tensors vjp(const Vjp& v) const { return {reshape(v.cotangent, v.inputs[0].shape())}; }
  void run(const Kernel& k) const {
    std::memcpy(k.output.data, k.inputs[0].data,
                static_cast<std::size_t>(k.output.numel()) * size_of(k.output.dtype));
  }
  static std::vector<Sample> samples() {
    return {sample(Reshape{{6}}, {{{2, 3}}}), sample(Reshape{{}}, {{{1, 1}}}),
            sample(Reshape{{3, 0}}, {{{0}}}), sample(Reshape{{2, 2, 2}}, {{{8}}}),
            sample(Reshape{{7}}, {{{2, 3}}}, 14)};
  }
};

struct BroadcastTo {
  Shape to;

  static constexpr OpInfo kInfo{.name = "broadcast_to", .doc = "Axes of size 1 repeated to the size wanted."};
  bool operator==(const BroadcastTo&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("to", to);
  }
  Meta infer(std::span<const Meta> in) const {
    const Shape& from = in[0].shape;
    bool fits = from.ndim() <= to.ndim();
    for (int i = 1; fits && i <= from.ndim(); ++i) fits = from.back(i) == to.back(i) || from.back(i) == 1;
    if (!fits) {
      throw op_error<ShapeError>(
          26, cat("shape ", from.to_string(), " does not broadcast to ", to.to_string(), "."));
    }
    return {in[0].dtype, to};
  }
  Tensors vjp(const Vjp& v) const { return {v.cotangent}; }  // the caller sums over what was repeated
  void run(const Kernel& k) const {
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[0], k.output, [](T x, T) { return x; });
    });
  }
  static std::vector<Sample> samples() {
    return {sample(BroadcastTo{{3, 4}}, {{{4}}}),     sample(BroadcastTo{{3, 4}}, {{{3, 1}}}),
            sample(BroadcastTo{{5}}, {{{}}}),         sample(BroadcastTo{{2, 0}}, {{{1, 0}}}),
            sample(BroadcastTo{{3, 4}}, {{{3}}}, 26), sample(BroadcastTo{{4}}, {{{3, 4}}}, 26)};
  }
};

/// An order of axes: a fixed array, so that the attributes stay plain bytes.
struct AxisOrder {
  std::int8_t at[Shape::kMaxNdim] = {};
  std::int8_t count = 0;
  bool operator==(const AxisOrder&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const AxisOrder& order) {
    for (int i = 0; i < order.count; ++i) out << (i == 0 ? "(" : ", ") << static_cast<int>(order.at[i]);
    return out << ")";
  }
};

AxisOrder axis_order(std::initializer_list<int> axes) {
  AxisOrder order;
  for (int axis : axes) order.at[order.count++] = static_cast<std::int8_t>(axis);
  return order;
}

struct Permute {
  AxisOrder order;

  static constexpr OpInfo kInfo{.name = "permute", .doc = "The axes in another order."};
  bool operator==(const Permute&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("order", order);
  }
  Meta infer(std::span<const Meta> in) const {
    const Shape& from = in[0].shape;
    unsigned seen = 0;
    std::vector<std::int64_t> sizes;
    for (int i = 0; i < order.count; ++i) {
      const int axis = order.at[i];
      if (axis < 0 || axis >= from.ndim() || (seen >> axis & 1)) break;
      seen |= 1u << axis;
      sizes.push_back(from[axis]);
    }
    if (static_cast<int>(sizes.size()) != from.ndim() || order.count != from.ndim()) {
      throw op_error<ShapeError>(17, cat("axes ", order, " are not an order of the ", from.ndim(),
                                         " axes of shape ", from.to_string(), "."));
    }
    return {in[0].dtype, Shape(std::span<const std::int64_t>(sizes))};
  }
  Tensors vjp(const Vjp& v) const {
    AxisOrder inverse = order;
    for (int i = 0; i < order.count; ++i) inverse.at[order.at[i]] = static_cast<std::int8_t>(i);
    return {apply(Permute{inverse}, {v.cotangent}, Location::current())};
  }
  void run(const Kernel& k) const {
    const Shape& from = k.inputs[0].shape;
    std::int64_t strides[Shape::kMaxNdim + 1];  // of the input's axes, in elements
    strides[from.ndim()] = 1;
    for (int axis = from.ndim() - 1; axis >= 0; --axis) strides[axis] = strides[axis + 1] * from[axis];
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      T* y = k.output.as<T>();
      std::int64_t at[Shape::kMaxNdim] = {};
      std::int64_t offset = 0;
      for (std::int64_t i = 0; i < k.output.numel(); ++i) {
        y[i] = x[offset];
        for (int axis = order.count - 1; axis >= 0; --axis) {
          const std::int64_t stride = strides[order.at[axis] + 1];
          offset += stride;
          if (++at[axis] < k.output.shape[axis]) break;
          offset -= stride * at[axis];
          at[axis] = 0;
        }
      }
    });
  }
  static std::vector<Sample> samples() {
    const auto permute = [](std::initializer_list<int> axes) { return Permute{axis_order(axes)}; };
    return {sample(permute({1, 0}), {{{3, 5}}}),  sample(permute({2, 0, 1}), {{{2, 3, 4}}}),
            sample(permute({0}), {{{4}}}),        sample(permute({}), {{{}}}),
            sample(permute({1, 0}), {{{0, 3}}}),  sample(permute({0, 0}), {{{3, 5}}}, 17),
            sample(permute({0}), {{{3, 5}}}, 17), sample(permute({1, 2}), {{{3, 5}}}, 17)};
  }
};

struct Slice {
  int axis = 0;
  std::int64_t start = 0, step = 1, count = 0;

  static constexpr OpInfo kInfo{.name = "slice", .doc = "Every step-th element from a start along one axis."};
  bool operator==(const Slice&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis), visit("start", start), visit("step", step), visit("count", count);
  }
  Meta infer(std::span<const Meta> in) const { return {in[0].dtype, with_size(in[0].shape, axis, count)}; }
  Tensors vjp(const Vjp& v) const {
    const std::int64_t size = v.inputs[0].shape()[axis];
    if (count == 0) return {zeros(v.inputs[0].shape(), v.cotangent.dtype())};
    const std::int64_t last = start + (count - 1) * step;
    return {pad(v.cotangent, axis, start, size - 1 - last, step - 1)};
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
  static std::vector<Sample> samples() {
    return {sample(Slice{0, 1, 2, 3}, {{{7}}}), sample(Slice{1, 0, 1, 2}, {{{3, 4}}}),
            sample(Slice{0, 2, 1, 1}, {{{3, 4}}}), sample(Slice{1, 1, 3, 2}, {{{2, 5, 3}}}),
            sample(Slice{0, 0, 1, 0}, {{{3}}})};
  }
};

struct Pad {
  int axis = 0;
  std::int64_t low = 0, high = 0, interior = 0;

  static constexpr OpInfo kInfo{.name = "pad",
                                .doc = "Zeros before, after and between the elements along one axis."};
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
    const std::int64_t size = in[0].shape[axis];
    return {in[0].dtype,
            with_size(in[0].shape, axis, low + high + size + std::max<std::int64_t>(size - 1, 0) * interior)};
  }
  Tensors vjp(const Vjp& v) const {
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
  static std::vector<Sample> samples() {
    return {sample(Pad{0, 1, 2, 0}, {{{4}}}), sample(Pad{1, 0, 1, 2}, {{{3, 4}}}),
            sample(Pad{0, 2, 0, 1}, {{{3, 2}}}), sample(Pad{0, 1, 1, 0}, {{{0}}}),
            sample(Pad{0, -1, 0, 0}, {{{4}}}, 18)};
  }
};

/// The place meant by NumPy's slice notation: negative from the end, then cut to [0, size].
std::int64_t clamp_place(std::int64_t place, std::int64_t size) {
  return std::clamp<std::int64_t>(place < 0 ? place + size : place, 0, size);
}

}  // namespace

CHAINRULE_OP_ROW(Reshape)
CHAINRULE_OP_ROW(BroadcastTo)
CHAINRULE_OP_ROW(Permute)
CHAINRULE_OP_ROW(Slice)
CHAINRULE_OP_ROW(Pad)

Tensor reshape(const Tensor& x, const Shape& shape, Location where) {
  return x && x.shape() == shape ? x : apply(Reshape{shape}, {x}, where);
}

Tensor reshape(const Tensor& x, std::span<const std::int64_t> sizes, Location where) {
  std::vector<std::int64_t> known(sizes.begin(), sizes.end());
  const auto open = std::find(known.begin(), known.end(), -1);
  if (open != known.end()) {
    *open = 1;
    const std::int64_t rest = Shape(std::span<const std::int64_t>(known)).numel();
    if (rest > 0) *open = x.numel() / rest;  // if it does not divide, the sizes will not match: E014
  }
  return reshape(x, Shape(std::span<const std::int64_t>(known)), where);
}

Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> sizes, Location where) {
  return reshape(x, std::span(sizes.begin(), sizes.size()), where);
}

Tensor broadcast_to(const Tensor& x, const Shape& shape, Location where) {
  return x && x.shape() == shape ? x : apply(BroadcastTo{shape}, {x}, where);
}

Tensor permute(const Tensor& x, std::initializer_list<int> axes, Location where) {
  const OpScope scope("permute", where);
  if (static_cast<int>(axes.size()) != x.ndim()) {
    throw op_error<ShapeError>(
        17, cat(axes.size(), " axes for shape ", x.shape(), ", which has ", x.ndim(), "."));
  }
  AxisOrder order = axis_order(axes);
  for (int i = 0; i < order.count; ++i) {
    if (order.at[i] < 0) order.at[i] = static_cast<std::int8_t>(order.at[i] + x.ndim());
  }
  return apply(Permute{order}, {x}, where);
}

Tensor transpose(const Tensor& x, Location where) {
  AxisOrder order;
  for (int axis = x.ndim() - 1; axis >= 0; --axis) order.at[order.count++] = static_cast<std::int8_t>(axis);
  return apply(Permute{order}, {x}, where);
}

Tensor expand_dims(const Tensor& x, int axis, Location where) {
  const OpScope scope("expand_dims", where);
  std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().end());
  sizes.insert(sizes.begin() + checked_axis(axis, x.ndim() + 1), 1);
  return reshape(x, Shape(std::span<const std::int64_t>(sizes)), where);
}

Tensor slice(const Tensor& x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step,
             Location where) {
  const OpScope scope("slice", where);
  if (step < 1) throw op_error<ValueError>(16, cat("step ", step, "; it must be at least 1."));
  const int along = checked_axis(axis, x.ndim());
  const std::int64_t first = clamp_place(start, x.shape()[along]);
  const std::int64_t last = clamp_place(stop, x.shape()[along]);
  const std::int64_t count = last > first ? (last - first - 1) / step + 1 : 0;
  return apply(Slice{along, count > 0 ? first : 0, step, count}, {x}, where);
}

Tensor select(const Tensor& x, std::int64_t i, Location where) {
  const OpScope scope("select", where);
  checked_axis(0, x.ndim());
  const std::int64_t size = x.shape()[0];
  if (i < -size || i >= size)
    throw op_error<ShapeError>(27, cat("place ", i, " of an axis of size ", size, "."));
  const Tensor row = apply(Slice{0, i < 0 ? i + size : i, 1, 1}, {x}, where);
  return reshape(row, Shape(x.shape().sizes().subspan(1)), where);
}

Tensor pad(const Tensor& x, int axis, std::int64_t low, std::int64_t high, std::int64_t interior,
           Location where) {
  const OpScope scope("pad", where);
  return apply(Pad{checked_axis(axis, x.ndim()), low, high, interior}, {x}, where);
}

}  // namespace chainrule
