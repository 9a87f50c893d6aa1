// Elements by their number, and the adjoint: adding to elements by their number.
#include <algorithm>
#include <atomic>
#include <cstring>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "ops/composed.h"
#include "ops/long_sums.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Indices come in two forms. Shared: of size 1 on every axis but one, whole rows of `inner` elements are
/// meant. Own: one index an element, of the tensor's shape but for the size along the axis.
struct IndexedBlock {
  AxisBlock block;         // of the tensor that is indexed
  std::int64_t count = 0;  // indices along the axis
  bool shared = false;

  IndexedBlock(const Shape& indexed, const Shape& indices, int axis)
      : block(block_around(indexed, axis)), count(indices[axis]), shared(indices.numel() == indices[axis]) {}

  /// Calls `body(near, far, length)` for rows [begin, end) of the columns: `near` counts elements of the
  /// shape of the result of take, `far` those of the indexed tensor.
  template <class F>
  void for_rows(const std::int64_t* indices, std::int64_t outer_begin, std::int64_t outer_end, F body) const {
    const auto place = [this](std::int64_t index) { return index < 0 ? index + block.size : index; };
    if (block.inner == 1) {  // written out: the length is known when compiling
      for (std::int64_t o = outer_begin; o < outer_end; ++o) {
        const std::int64_t* own = shared ? indices : indices + o * count;
        for (std::int64_t j = 0; j < count; ++j) body(o * count + j, o * block.size + place(own[j]), 1);
      }
      return;
    }
    for (std::int64_t o = outer_begin; o < outer_end; ++o) {
      for (std::int64_t j = 0; j < count; ++j) {
        const std::int64_t near = (o * count + j) * block.inner;
        const std::int64_t far = o * block.size * block.inner;
        if (shared) {
          body(near, far + place(indices[j]) * block.inner, block.inner);
          continue;
        }
        for (std::int64_t i = 0; i < block.inner; ++i) {
          body(near + i, far + place(indices[near + i]) * block.inner + i, 1);
        }
      }
    }
  }
  /// Calls `body(begin, end)` for the outer axes' places, on this thread or shared out: their blocks do not
  /// meet, so no two threads write to one element. Indices are checked first, each thread its own.
  /// @throws ValueError E109
  template <class F>
  void for_outer(Kernels kernels, const ConstArray& indices, F body) const {
    const std::int64_t* values = indices.as<std::int64_t>();
    std::atomic<bool> good = !shared || are_good(values, count);
    const auto run = [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t step = count * block.inner;
      if (!shared && !are_good(values + begin * step, (end - begin) * step)) good = false;
      if (good) body(begin, end);
    };
    const std::int64_t work = std::max<std::int64_t>(1, count * block.inner);
    if (kernels == Kernels::reference) {
      run(0, block.outer);
    } else {
      parallel_for(block.outer, std::max<std::int64_t>(1, 4096 / work), run);
    }
    if (!good) throw_index_error(indices);
  }

 private:
  /// Whether they are in [-size, size).
  bool are_good(const std::int64_t* indices, std::int64_t length) const {
    const auto size = static_cast<std::uint64_t>(block.size);
    std::uint64_t signs = 0;  // of the distances from both bounds
    for (std::int64_t i = 0; i < length; ++i) {
      const auto index = static_cast<std::uint64_t>(indices[i]);
      signs |= (index + size) | (size - 1 - index);
    }
    return signs >> 63 == 0;
  }
  [[noreturn]] void throw_index_error(const ConstArray& indices) const {
    const std::int64_t* values = indices.as<std::int64_t>();
    const std::int64_t size = block.size;
    std::int64_t i = 0;
    while (values[i] >= -size && values[i] < size) ++i;
    throw op_error<ValueError>(
        109, size == 0 ? cat("index ", values[i], ", number ", i, ", into an axis that has no element.")
                       : cat("index ", values[i], ", number ", i, " of them in row-major order, is not in [",
                             -size, ", ", size, ")."));
  }
};

/// Whether the indices have one of the two forms for a tensor of this shape.
void check_index_shape(const Meta& x, const Meta& indices, int axis) {
  if (indices.dtype != DType::i64) {
    throw op_error<DTypeError>(
        15, cat("needs i64 indices, got ", name_of(indices.dtype), ". Convert with cast(x, i64)."));
  }
  const Shape& shape = indices.shape;
  if (shape.ndim() == x.shape.ndim() &&
      (shape.numel() == shape[axis] || shape == with_size(x.shape, axis, shape[axis]))) {
    return;
  }
  throw op_error<ShapeError>(108, cat("indices of shape ", shape, " do not fit ", x.shape,
                                      ". They may differ along axis ", axis, " only."));
}

/// Indices for tests, of both signs.
SampleInput indices(Shape shape, double bound) { return {shape, DType::i64, {-bound, bound}}; }

struct Take {
  int axis = 0;

  static constexpr OpInfo kInfo{.name = "take",
                                .arity = 2,
                                .any_dtype = true,
                                .doc = "Elements along an axis by their number.",
                                .ulp = kExact};
  static constexpr bool kChecksValues = true;
  bool operator==(const Take&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis);
  }
  Meta infer(std::span<const Meta> in) const {
    check_index_shape(in[0], in[1], axis);
    return {in[0].dtype, with_size(in[0].shape, axis, in[1].shape[axis])};
  }
  Gradients vjp(const Vjp& v) const;
  void run_with(Kernels kernels, const Kernel& k) const {
    const IndexedBlock block(k.inputs[0].shape, k.inputs[1].shape, axis);
    const std::int64_t* indices = k.inputs[1].as<std::int64_t>();
    with_any_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      T* y = k.output.as<T>();
      block.for_outer(kernels, k.inputs[1], [&](std::int64_t begin, std::int64_t end) {
        block.for_rows(indices, begin, end, [=](std::int64_t near, std::int64_t far, std::int64_t length) {
          if (length == 1) {
            y[near] = x[far];
          } else {
            std::memcpy(y + near, x + far, static_cast<std::size_t>(length) * sizeof(T));
          }
        });
      });
    });
  }
  void run(const Kernel& k) const { run_with(Kernels::reference, k); }
  void run_fast(const Kernel& k) const { run_with(Kernels::fast, k); }
  static std::vector<Sample> samples() {
    return {sample(Take{0}, {{{5}}, indices({7}, 5)}),
            sample(Take{0}, {{{5, 3}}, indices({4, 1}, 5)}),
            sample(Take{1}, {{{2, 5, 3}}, indices({1, 4, 1}, 5)}),
            sample(Take{1}, {{{2, 5, 3}}, indices({2, 4, 3}, 5)}),
            sample(Take{1}, {{{6, 5}}, indices({6, 2}, 5)}),
            sample(Take{0}, {{{6, 5}}, indices({2, 5}, 6)}),
            sample(Take{0}, {{{3}}, indices({0}, 3)}),
            sample(Take{1}, {{{0, 3}}, indices({0, 2}, 3)}),
            sample(Take{0}, {{{6}, DType::u8, {0, 255}}, indices({4}, 6)}),
            sample(Take{0}, {{{6, 3}, DType::bf16, {-9, 9}}, indices({4, 1}, 6)}),
            sample(Take{1}, {{{3, 4}}, indices({2, 3}, 3)}, 108),
            sample(Take{1}, {{{3, 4}}, indices({3}, 3)}, 108),
            sample(Take{0}, {{{3}}, {{3}}}, 15)};
  }
};

/// The adjoint of take: zeros of its input's shape, to which the updates are added where take read.
struct ScatterAdd {
  int axis = 0;
  std::int64_t size = 0;

  static constexpr OpInfo kInfo{
      .name = "scatter_add", .arity = 2, .doc = "Zeros along an axis, with updates added by number."};
  static constexpr bool kChecksValues = true;
  bool operator==(const ScatterAdd&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis), visit("size", size);
  }
  Meta infer(std::span<const Meta> in) const {
    check_index_shape(in[0], in[1], axis);
    if (in[0].shape[axis] != in[1].shape[axis]) {
      throw op_error<ShapeError>(108, cat("indices of shape ", in[1].shape, " do not fit updates ",
                                          in[0].shape, ". Each update needs its index."));
    }
    return {numeric_elementwise(in.first(1)).dtype, with_size(in[0].shape, axis, size)};
  }
  Gradients vjp(const Vjp& v) const {
    return {apply(Take{axis}, {v.cotangent, v.inputs[1]}, Location::current()), Tensor()};
  }
  void run_with(Kernels kernels, const Kernel& k) const {
    const IndexedBlock block(k.output.shape, k.inputs[1].shape, axis);
    const std::int64_t* indices = k.inputs[1].as<std::int64_t>();
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_same_v<T, bool>) {
        const T* x = k.inputs[0].as<T>();
        T* y = k.output.as<T>();
        block.for_outer(kernels, k.inputs[1], [&](std::int64_t begin, std::int64_t end) {
          const std::int64_t step = block.block.size * block.block.inner;
          std::fill(y + begin * step, y + end * step, T(0));
          if constexpr (std::is_same_v<T, float>) {
            if (block.count > LongSums::kFewest && step > 0)
              return add_many(block, indices, begin, end, x, y);
          }
          block.for_rows(indices, begin, end, [=](std::int64_t near, std::int64_t far, std::int64_t length) {
            for (std::int64_t i = 0; i < length; ++i) y[far + i] = sum_of(y[far + i], x[near + i]);
          });
        });
      }
    });
  }
  /// The same for so many updates that an element may get too many for one sum.
  static void add_many(const IndexedBlock& block, const std::int64_t* indices, std::int64_t begin,
                       std::int64_t end, const float* x, float* y) {
    const std::int64_t length = block.shared ? block.block.inner : 1;
    const std::int64_t step = block.block.size * block.block.inner;
    for (std::int64_t o = begin; o < end;) {
      const std::int64_t alike = block.shared ? end : o + 1;  // blocks with the same indices
      LongSums sums(step / length, length);
      block.for_rows(indices, o, o + 1, [&](std::int64_t, std::int64_t far, std::int64_t) {
        sums.count((far - o * step) / length);
      });
      const bool has_long = sums.find();
      for (; o < alike; ++o) {
        block.for_rows(indices, o, o + 1, [&](std::int64_t near, std::int64_t far, std::int64_t) {
          const std::int64_t row = (far - o * step) / length;
          if (has_long && sums.has(row)) return sums.add(row, x + near);
          for (std::int64_t i = 0; i < length; ++i) y[far + i] += x[near + i];
        });
        if (has_long) sums.write(y + o * step);
      }
    }
  }
  /// Integers wrap around.
  template <class T>
  static T sum_of(T a, T b) {
    if constexpr (std::is_floating_point_v<T>) {
      return a + b;
    } else {
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    }
  }
  void run(const Kernel& k) const { run_with(Kernels::reference, k); }
  void run_fast(const Kernel& k) const { run_with(Kernels::fast, k); }
  static std::vector<Sample> samples() {
    return {sample(ScatterAdd{0, 5}, {{{7}}, indices({7}, 5)}),
            sample(ScatterAdd{0, 5}, {{{4, 3}}, indices({4, 1}, 5)}),
            sample(ScatterAdd{1, 5}, {{{2, 4, 3}}, indices({1, 4, 1}, 5)}),
            sample(ScatterAdd{1, 5}, {{{2, 4, 3}}, indices({2, 4, 3}, 5)}),
            sample(ScatterAdd{0, 6}, {{{2, 5}}, indices({2, 5}, 6)}),
            sample(ScatterAdd{0, 3}, {{{0}}, indices({0}, 3)}),
            sample(ScatterAdd{0, 6}, {{{4}, DType::u8, {0, 255}}, indices({4}, 6)}),
            sample(ScatterAdd{1, 3}, {{{3, 4}}, indices({3, 3}, 3)}, 108),
            sample(ScatterAdd{0, 3}, {{{3}, DType::boolean, {0, 2}}, indices({3}, 3)}, 15)};
  }
};

Gradients Take::vjp(const Vjp& v) const {
  const ScatterAdd adjoint{axis, v.inputs[0].shape()[axis]};
  return {apply(adjoint, {v.cotangent, v.inputs[1]}, Location::current()), Tensor()};
}

Tensor as_indices(const Tensor& indices) {
  if (indices.is_empty() || (indices.dtype() != DType::u8 && indices.dtype() != DType::i32)) return indices;
  return cast(indices, DType::i64);
}

/// Indices of any shape as a row along one axis: of size 1 on the `ndim - 1` others.
Tensor along_axis(const Tensor& indices, int axis, int ndim) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(ndim), 1);
  sizes[static_cast<std::size_t>(axis)] = indices.numel();
  return reshape(as_indices(indices), Shape(std::span<const std::int64_t>(sizes)));
}

/// x's shape with the indices' shape in the place of the axis.
Shape shape_taken(const Shape& x, const Shape& indices, int axis) {
  std::vector<std::int64_t> sizes(x.begin(), x.begin() + axis);
  sizes.insert(sizes.end(), indices.begin(), indices.end());
  sizes.insert(sizes.end(), x.begin() + axis + 1, x.end());
  return Shape(std::span<const std::int64_t>(sizes));
}

/// The shapes of x and the indices broadcast to each other on every axis but one.
std::array<Shape, 2> broadcast_but(const Shape& x, const Shape& indices, int axis) {
  if (x.ndim() != indices.ndim()) {
    throw op_error<ShapeError>(
        108, cat("indices of shape ", indices, " for a tensor of shape ", x, "; both need as many axes."));
  }
  const Meta metas[] = {{DType::f32, with_size(x, axis, 1)}, {DType::f32, with_size(indices, axis, 1)}};
  const Shape all = broadcast_shape(metas);
  return {with_size(all, axis, x[axis]), with_size(all, axis, indices[axis])};
}

}  // namespace

CHAINRULE_OP_ROW(Take)
CHAINRULE_OP_ROW(ScatterAdd)

Tensor take(const Tensor& x, const Tensor& indices, int axis, Location where) {
  const OpScope scope("take", where);
  const int along = checked_axis(axis, x.ndim());
  const Tensor taken = apply(Take{along}, {x, along_axis(indices, along, x.ndim())}, where);
  return reshape(taken, shape_taken(x.shape(), indices.shape(), along), where);
}

Tensor take_along_axis(const Tensor& x, const Tensor& indices, int axis, Location where) {
  const OpScope scope("take_along_axis", where);
  const int along = checked_axis(axis, x.ndim());
  const auto [shape, index_shape] = broadcast_but(x.shape(), indices.shape(), along);
  return apply(Take{along}, {broadcast_to(x, shape), broadcast_to(as_indices(indices), index_shape)}, where);
}

Tensor scatter_add(const Tensor& x, const Tensor& indices, const Tensor& updates, int axis, Location where) {
  const OpScope scope("scatter_add", where);
  const int along = checked_axis(axis, x.ndim());
  if (updates.shape() != indices.shape() || indices.ndim() != x.ndim() ||
      with_size(indices.shape(), along, x.shape()[along]) != x.shape()) {
    throw op_error<ShapeError>(
        108, cat("indices of shape ", indices.shape(), " and updates of shape ", updates.shape(),
                 " for a tensor of shape ", x.shape(), ". They may differ from it along axis ", along,
                 " only, both alike."));
  }
  return x + apply(ScatterAdd{along, x.shape()[along]}, {updates, as_indices(indices)}, where);
}

Tensor index_add(const Tensor& x, const Tensor& indices, const Tensor& updates, int axis, Location where) {
  const OpScope scope("index_add", where);
  const int along = checked_axis(axis, x.ndim());
  if (updates.shape() != shape_taken(x.shape(), indices.shape(), along)) {
    throw op_error<ShapeError>(108, cat("updates of shape ", updates.shape(), " for a tensor of shape ",
                                        x.shape(), ". Need ", shape_taken(x.shape(), indices.shape(), along),
                                        ", the shape of take(x, indices, ", along, ")."));
  }
  const Tensor rows = reshape(updates, with_size(x.shape(), along, indices.numel()));
  return x + apply(ScatterAdd{along, x.shape()[along]}, {rows, along_axis(indices, along, x.ndim())}, where);
}

Tensor one_hot(const Tensor& classes, std::int64_t count, DType dtype, int axis, Location where) {
  const OpScope scope("one_hot", where);
  if (has_gradient(classes.dtype()) || classes.dtype() == boolean) {
    throw op_error<DTypeError>(
        15, cat("needs i64, i32 or u8 class numbers, got ", classes.dtype(), ". Convert with cast(x, i64)."));
  }
  const int along = checked_axis(axis, classes.ndim() + 1);
  return cast(equal(expand_dims(classes, along), along_axis(arange(count), along, classes.ndim() + 1)),
              dtype);
}

std::vector<ComposedFunction> index_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 4}};
  const SampleInput places{{3, 2}, DType::i64, {-3, 4}};
  return {
      {"take_along_axis",
       "x[i, indices[i, j]].",
       {{"take_along_axis(x, indices, 1)",
         [](In in) { return take_along_axis(in[0], in[1], 1); },
         {matrix, places}}}},
      {"scatter_add",
       "x[i, indices[i, j]] += updates[i, j].",
       {{"scatter_add(x, indices, updates, 1)",
         [](In in) { return scatter_add(in[0], in[1], in[2], 1); },
         {matrix, places, {{3, 2}}}}}},
      {"index_add",
       "x[indices[i]] += updates[i].",
       {{"index_add(x, indices, updates)",
         [](In in) { return index_add(in[0], in[1], in[2]); },
         {matrix, {{5}, DType::i64, {-3, 3}}, {{5, 4}}}}}},
      {"one_hot",
       "1 at each class number, else 0.",
       {{"one_hot(classes, 4)",
         [](In in) { return one_hot(in[0], 4); },
         {{{5}, DType::i64, {0, 4}}},
         "classes are numbered"},
        {"one_hot(classes, 4, f32, 1)",
         [](In in) { return one_hot(in[0], 4, f32, 1); },
         {{{2, 3}, DType::i64, {0, 4}}},
         "classes are numbered"}}},
  };
}

}  // namespace chainrule
