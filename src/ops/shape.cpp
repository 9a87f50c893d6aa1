// The same elements with another shape, or repeated along axes of size 1.
#include <algorithm>
#include <cstring>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "kernels/ref/map.h"
#include "ops/axes.h"
#include "ops/fast.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

struct Reshape {
  Shape to;

  static constexpr OpInfo kInfo{.name = "reshape",
                                .view = true,
                                .any_dtype = true,
                                .doc = "The same elements with another shape.",
                                .ulp = kExact};
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
  Gradients vjp(const Vjp& v) const { return {reshape(v.cotangent, v.inputs[0].shape())}; }
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

  static constexpr OpInfo kInfo{.name = "broadcast_to",
                                .any_dtype = true,
                                .doc = "Axes of size 1 repeated to the size wanted.",
                                .ulp = kExact};
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
  Simpler simplify(std::span<const Known> in, const Meta& out) const {
    return {.same_as = in[0].meta.shape == out.shape ? 0 : -1};
  }
  Gradients vjp(const Vjp& v) const { return {v.cotangent}; }  // the caller sums over what was repeated
  void run(const Kernel& k) const {
    with_any_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[0], k.output, [](T x, T) { return x; });
    });
  }
  void run_fast(const Kernel& k) const {
    with_any_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      for_each_run(k, [&](const auto& runs, std::int64_t at, const auto& from) {
        const T* x = k.inputs[0].as<T>() + from[0];
        T* y = k.output.as<T>() + at;
        runs.step(0) == 0 ? std::fill_n(y, runs.length(), *x) : std::copy_n(x, runs.length(), y);
      });
    });
  }
  static std::vector<Sample> samples() {
    return {sample(BroadcastTo{{3, 4}}, {{{4}}}),
            sample(BroadcastTo{{3, 4}}, {{{3, 1}}}),
            sample(BroadcastTo{{5}}, {{{}}}),
            sample(BroadcastTo{{2, 0}}, {{{1, 0}}}),
            sample(BroadcastTo{{2, 3, 70}}, {{{3, 1}}}),
            sample(BroadcastTo{{3, 4}}, {{{3}}}, 26),
            sample(BroadcastTo{{4}}, {{{3, 4}}}, 26)};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Reshape)
CHAINRULE_OP_ROW(BroadcastTo)

Tensor same_view(const Tensor& x, Location where) { return apply(Reshape{x.shape()}, {x}, where); }

Tensor reshape(const Tensor& x, const Shape& shape, Location where) {
  return !x.is_empty() && x.shape() == shape ? x : apply(Reshape{shape}, {x}, where);
}

Tensor reshape(const Tensor& x, std::span<const std::int64_t> sizes, Location where) {
  std::vector<std::int64_t> known(sizes.begin(), sizes.end());
  const auto open = std::find(known.begin(), known.end(), -1);
  if (open != known.end()) {
    const OpScope scope("reshape", where);
    *open = 1;
    const std::int64_t rest = Shape(std::span<const std::int64_t>(known)).numel();
    if (rest == 0) throw op_error<ShapeError>(14, "beside a size of 0 any size would do for -1. Give it.");
    if (x.numel() % rest != 0) {
      throw op_error<ShapeError>(
          14, cat("shape ", x.shape(), " has ", x.numel(), " elements, which do not divide by ", rest,
                  ", the product of the sizes beside -1."));
    }
    *open = x.numel() / rest;
  }
  return reshape(x, Shape(std::span<const std::int64_t>(known)), where);
}

Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> sizes, Location where) {
  return reshape(x, std::span(sizes.begin(), sizes.size()), where);
}

Tensor broadcast_to(const Tensor& x, const Shape& shape, Location where) {
  return !x.is_empty() && x.shape() == shape ? x : apply(BroadcastTo{shape}, {x}, where);
}

Tensor expand_dims(const Tensor& x, Axes axes, Location where) {
  const OpScope scope("expand_dims", where);
  const int ndim = x.ndim() + static_cast<int>(axes.axes().size());
  const AxisSet added = axes.axes().empty() ? 0 : axis_set(axes, ndim);
  std::vector<std::int64_t> sizes;
  for (int axis = 0, from = 0; axis < ndim; ++axis)
    sizes.push_back(added >> axis & 1 ? 1 : x.shape()[from++]);
  return reshape(x, Shape(std::span<const std::int64_t>(sizes)), where);
}

Tensor squeeze(const Tensor& x, Axes axes, Location where) {
  const OpScope scope("squeeze", where);
  AxisSet set = axis_set(axes, x.ndim());
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (!(set >> axis & 1) || x.shape()[axis] == 1) continue;
    if (!axes.axes().empty()) {
      throw op_error<ShapeError>(101,
                                 cat("axis ", axis, " of shape ", x.shape(), " has size ", x.shape()[axis],
                                     ", not 1. To take one element use select or slice."));
    }
    set &= ~(AxisSet{1} << axis);
  }
  return reshape(x, dropped_shape(x.shape(), set), where);
}

Tensor flatten(const Tensor& x, int from_axis, Location where) {
  const OpScope scope("flatten", where);
  if (x.ndim() == 0) return reshape(x, Shape{1}, where);
  const int first = checked_axis(from_axis, x.ndim());
  std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().begin() + first);
  sizes.push_back(1);
  for (int axis = first; axis < x.ndim(); ++axis) sizes.back() *= x.shape()[axis];
  return reshape(x, Shape(std::span<const std::int64_t>(sizes)), where);
}

}  // namespace chainrule
