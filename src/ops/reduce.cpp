// Reductions over axes.
#include <limits>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "kernels/ref/reduce.h"
#include "kernels/simd/reduce.h"
#include "ops/axes.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

DType sum_dtype(DType dtype) { return is_floating(dtype) ? dtype : DType::i64; }

/// SIMD for floating numbers in one block of axes, the reference loop for the rest.
template <class Op, class F>
void run_fast_reduction(const Kernel& k, const Op& op, F reduce) {
  const ConstArray& x = k.inputs[0];
  AxisBlock block;
  if (!is_floating(x.dtype) || !as_block(x.shape, op.axes, block)) return op.run(k);
  with_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    reduce(x.as<T>(), block.outer, block.size, block.inner, k.output.as<T>());
  });
}

/// The reduction as one of a block, if it is.
bool is_block(kernels::Reduction op, const Meta& in, AxisSet axes, BlockReduction& found) {
  AxisBlock block;
  if (!is_floating(in.dtype) || !as_block(in.shape, axes, block)) return false;
  found = {op, block.outer, block.size, block.inner};
  return true;
}

struct Sum {
  AxisSet axes = 0;
  bool keepdims = true;

  static constexpr OpInfo kInfo{.name = "sum", .doc = "Sum over axes; they stay with size 1, or go."};
  bool operator==(const Sum&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axes", axes), visit("keepdims", keepdims);
  }
  Meta infer(std::span<const Meta> in) const {
    const Shape& shape = in[0].shape;
    return {sum_dtype(in[0].dtype), keepdims ? kept_shape(shape, axes) : dropped_shape(shape, axes)};
  }
  Gradients vjp(const Vjp& v) const {
    const Shape& shape = v.inputs[0].shape();
    const bool lines_up = keepdims || (axes & (axes + 1)) == 0;  // only leading axes are gone
    return {broadcast_to(lines_up ? v.cotangent : reshape(v.cotangent, kept_shape(shape, axes)), shape)};
  }
  // The sum of max_unpool(g) over all places of an image is that of g: the others are zeros.
  Simpler simplify(std::span<const Known> in, const Meta&) const {
    const AxisSet places = (AxisSet{1} << in[0].meta.shape.ndim()) - (AxisSet{1} << 2);
    return {.through = in[0].row == &row_of_MaxUnpool() && (axes & places) == places ? 0 : -1};
  }
  Split split(std::span<const Shape>) const { return {(axes & 1) == 0 ? 0b1u : 0u}; }
  bool reduces_block(const Meta& in, BlockReduction& found) const {
    return is_block(kernels::Reduction::sum, in, axes, found);
  }
  void run(const Kernel& k) const {
    const ConstArray& x = k.inputs[0];
    const auto add = [](auto a, auto b) { return a + b; };
    with_type(x.dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (std::is_floating_point_v<T>) {
        kernels::reduce<T, T, double>(x, kept_shape(x.shape, axes), k.output, 0.0, add);
      } else {
        kernels::reduce<T, std::int64_t, std::uint64_t>(x, kept_shape(x.shape, axes), k.output, 0,
                                                        add);  // wraps
      }
    });
  }
  void run_fast(const Kernel& k) const {
    run_fast_reduction(k, *this, [](auto... arguments) { kernels::sum(arguments...); });
  }
  static std::vector<Sample> samples() {
    return {sample(Sum{1}, {{{7}}}),
            sample(Sum{0b11}, {{{3, 5}}}),
            sample(Sum{0b01}, {{{6, 37}}}),
            sample(Sum{0b10}, {{{6, 37}}}),
            sample(Sum{0b101}, {{{2, 3, 4}}}),
            sample(Sum{0b010}, {{{2, 3, 4}}}),
            sample(Sum{0b011, false}, {{{2, 3, 4}}}),
            sample(Sum{0b110, false}, {{{2, 3, 4}}}),
            sample(Sum{0}, {{{}}}),
            sample(Sum{0b10}, {{{3, 0}}}),
            sample(Sum{0b1}, {{{9}, DType::boolean, {0, 2}}}),
            sample(Sum{0b1}, {{{9}, DType::i64, {-9, 9}}})};
  }
};

struct Max {
  AxisSet axes = 0;

  static constexpr OpInfo kInfo{
      .name = "max",
      .doc = "Largest element over axes, which stay with size 1; NaN if there is one.",
      .ulp = kExact};
  bool operator==(const Max&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axes", axes);
  }
  Meta infer(std::span<const Meta> in) const {
    const Shape& shape = numeric_elementwise(in).shape;
    require_elements(shape, axes);
    return {in[0].dtype, kept_shape(shape, axes)};
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor largest = cast(equal(v.inputs[0], v.output), v.cotangent.dtype());
    return {largest * (v.cotangent / apply(Sum{axes}, {largest}, Location::current()))};
  }
  bool reduces_block(const Meta& in, BlockReduction& found) const {
    return is_block(kernels::Reduction::max, in, axes, found);
  }
  void run(const Kernel& k) const {
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_same_v<T, bool>) {
        constexpr T kLowest = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                                   : std::numeric_limits<T>::lowest();
        kernels::reduce<T, T, T>(k.inputs[0], k.output.shape, k.output, kLowest,
                                 [](T a, T b) { return b > a || b != b ? b : a; });
      }
    });
  }
  void run_fast(const Kernel& k) const {
    run_fast_reduction(k, *this, [](auto... arguments) { kernels::max(arguments...); });
  }
  static std::vector<Sample> samples() {
    return {sample(Max{1}, {{{7}}}),           sample(Max{0b11}, {{{3, 5}}}),
            sample(Max{0b01}, {{{6, 37}}}),    sample(Max{0b10}, {{{6, 37}}}),
            sample(Max{0b010}, {{{2, 3, 4}}}), sample(Max{0}, {{{}}}),
            sample(Max{0b01}, {{{3, 0}}}),     sample(Max{0b1}, {{{9}, DType::i64, {-9, 9}}}),
            sample(Max{0b10}, {{{3, 0}}}, 24)};
  }
};

struct Argmax {
  int axis = 0;

  static constexpr OpInfo kInfo{
      .name = "argmax", .doc = "First place of the largest element along an axis.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable =
      "a place is a whole number: it jumps and has no slope";
  bool operator==(const Argmax&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis);
  }
  Meta infer(std::span<const Meta> in) const {
    const AxisSet set = AxisSet{1} << axis;
    require_elements(in[0].shape, set);
    return {DType::i64, dropped_shape(in[0].shape, set)};
  }
  void run(const Kernel& k) const {
    const AxisBlock block = block_around(k.inputs[0].shape, axis);
    with_type(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      std::int64_t* y = k.output.as<std::int64_t>();
      for (std::int64_t i = 0; i < block.outer; ++i) {
        for (std::int64_t j = 0; j < block.inner; ++j) {
          const T* along = x + i * block.size * block.inner + j;
          std::int64_t best = 0;
          for (std::int64_t s = 1; s < block.size; ++s) {
            const T now = along[s * block.inner];
            const T top = along[best * block.inner];
            if (now > top || (now != now && top == top)) best = s;  // the first NaN wins, as in NumPy
          }
          y[i * block.inner + j] = best;
        }
      }
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Argmax{0}, {{{7}}}), sample(Argmax{1}, {{{4, 10}}}), sample(Argmax{0}, {{{4, 10}}}),
            sample(Argmax{1}, {{{2, 3, 4}}}), sample(Argmax{1}, {{{3, 0}}}, 24)};
  }
};

/// Applies a reduction that keeps its axes, then drops them unless they are to stay.
template <class Op>
Tensor reduced(const Tensor& x, const Axes& axes, bool keepdims, Location where) {
  const OpScope scope(Op::kInfo.name, where);
  const AxisSet set = axis_set(axes, x.ndim());
  const Tensor kept = apply(Op{set}, {x}, where);
  return keepdims ? kept : reshape(kept, dropped_shape(x.shape(), set), where);
}

}  // namespace

CHAINRULE_OP_ROW(Sum)
CHAINRULE_OP_ROW(Max)
CHAINRULE_OP_ROW(Argmax)

// Axes that do not stand together are added up block by block, from the last: the fast kernel takes one
// block, the numbers become few with the first, and the axes before it keep their places.
Tensor sum(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("sum", where);
  const AxisSet set = axis_set(axes, x.ndim());
  Tensor total = x;
  AxisSet rest = set;
  do {
    const AxisSet block = last_block(x.shape(), rest);
    total = apply(Sum{block, keepdims || block == 0}, {total}, where);
    rest &= ~block;
  } while (rest != 0);
  return total;
}
Tensor max(const Tensor& x, Axes axes, bool keepdims, Location where) {
  return reduced<Max>(x, axes, keepdims, where);
}

Tensor argmax(const Tensor& x, int axis, bool keepdims, Location where) {
  const OpScope scope("argmax", where);
  const int along = checked_axis(axis, x.ndim());
  const Tensor places = apply(Argmax{along}, {x}, where);
  return keepdims ? expand_dims(places, along, where) : places;
}

}  // namespace chainrule
