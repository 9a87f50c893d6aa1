// The axes in another order.
#include "ops/permute.h"

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "kernels/permute.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

AxisOrder axis_order(std::span<const int> axes) {
  AxisOrder order;
  for (int axis : axes) order.at[order.count++] = static_cast<std::int8_t>(axis);
  return order;
}

AxisOrder inverse_of(const AxisOrder& order) {
  AxisOrder inverse = order;
  for (int i = 0; i < order.count; ++i) inverse.at[order.at[i]] = static_cast<std::int8_t>(i);
  return inverse;
}

Tensor permuted(const Tensor& x, const AxisOrder& order, Location where);

struct Permute {
  AxisOrder order;

  static constexpr OpInfo kInfo{
      .name = "permute", .any_dtype = true, .doc = "The axes in another order.", .ulp = kExact};
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
  Gradients vjp(const Vjp& v) const {
    return {permuted(v.cotangent, inverse_of(order), Location::current())};
  }
  // Two in a row are one; one that moves no axis is none.
  Simpler simplify(std::span<const Known> in, const Meta&) {
    if (const AxisOrder* first = permuted_by(in[0])) {
      for (int i = 0; i < order.count; ++i) order.at[i] = first->at[order.at[i]];
      return {.through = 0};
    }
    return {.same_as = order.keeps(order.count) ? 0 : -1};
  }
  void run(const Kernel& k) const {
    const Shape& from = k.inputs[0].shape;
    std::int64_t strides[Shape::kMaxNdim + 1];  // of the input's axes, in elements
    strides[from.ndim()] = 1;
    for (int axis = from.ndim() - 1; axis >= 0; --axis) strides[axis] = strides[axis + 1] * from[axis];
    with_any_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
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
  void run_fast(const Kernel& k) const {
    kernels::permute(k.inputs[0].data, k.inputs[0].shape, {order.at, static_cast<std::size_t>(order.count)},
                     size_of(k.output.dtype), k.output.data);
  }
  static std::vector<Sample> samples() {
    const auto permute = [](std::initializer_list<int> axes) {
      return Permute{axis_order(std::span(axes.begin(), axes.size()))};
    };
    return {sample(permute({1, 0}), {{{37, 65}}}),
            sample(permute({0, 2, 1}), {{{3, 20, 33}}}),
            sample(permute({1, 0, 2}), {{{4, 5, 6}}}),
            sample(permute({3, 1, 2, 0}), {{{5, 1, 3, 17}}}),
            sample(permute({1, 0}), {{{70, 130}, DType::u8, {0, 255}}}),
            sample(permute({1, 0}), {{{70, 130}, DType::f16, {-9, 9}}}),
            sample(permute({1, 0}), {{{3, 5}}}),
            sample(permute({2, 0, 1}), {{{2, 3, 4}}}),
            sample(permute({0}), {{{4}}}),
            sample(permute({}), {{{}}}),
            sample(permute({1, 0}), {{{0, 3}}}),
            sample(permute({0, 0}), {{{3, 5}}}, 17),
            sample(permute({0}), {{{3, 5}}}, 17),
            sample(permute({1, 2}), {{{3, 5}}}, 17)};
  }
};

/// Whether only axes of size 1 change their place among the others: then no element moves.
bool moves_nothing(const Shape& shape, const AxisOrder& order) {
  int last = -1;
  for (int i = 0; i < order.count; ++i) {
    if (shape[order.at[i]] == 1) continue;
    if (order.at[i] < last) return false;
    last = order.at[i];
  }
  return true;
}

Tensor permuted(const Tensor& x, const AxisOrder& order, Location where) {
  if (x.is_empty()) return apply(Permute{order}, {x}, where);
  const Meta meta{x.dtype(), x.shape()};
  const Shape shape = Permute{order}.infer({&meta, 1}).shape;
  return moves_nothing(x.shape(), order) ? reshape(x, shape, where) : apply(Permute{order}, {x}, where);
}

}  // namespace

CHAINRULE_OP_ROW(Permute)

const AxisOrder* permuted_by(const Known& input) {
  return input.row == &kRow<Permute> ? &op_cast<Permute>(input.attributes).order : nullptr;
}

Tensor permute(const Tensor& x, std::span<const int> axes, Location where) {
  const OpScope scope("permute", where);
  if (static_cast<int>(axes.size()) != x.ndim()) {
    throw op_error<ShapeError>(
        17, cat(axes.size(), " axes for shape ", x.shape(), ", which has ", x.ndim(), "."));
  }
  AxisOrder order = axis_order(axes);
  for (int i = 0; i < order.count; ++i) {
    if (order.at[i] < 0) order.at[i] = static_cast<std::int8_t>(order.at[i] + x.ndim());
  }
  return permuted(x, order, where);
}

Tensor permute(const Tensor& x, std::initializer_list<int> axes, Location where) {
  return permute(x, std::span(axes.begin(), axes.size()), where);
}

Tensor transpose(const Tensor& x, Location where) {
  const OpScope scope("transpose", where);
  AxisOrder order;
  for (int axis = x.ndim() - 1; axis >= 0; --axis) order.at[order.count++] = static_cast<std::int8_t>(axis);
  return permuted(x, order, where);
}

Tensor transpose(const Tensor& x, int axis_a, int axis_b, Location where) {
  const OpScope scope("transpose", where);
  AxisOrder order;
  for (int axis = 0; axis < x.ndim(); ++axis) order.at[order.count++] = static_cast<std::int8_t>(axis);
  std::swap(order.at[checked_axis(axis_a, x.ndim())], order.at[checked_axis(axis_b, x.ndim())]);
  return permuted(x, order, where);
}

}  // namespace chainrule
