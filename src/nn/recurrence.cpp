// The loop over time and its gradient, each as one operation.
#include "nn/recurrence.h"

#include <algorithm>
#include <array>
#include <vector>

#include "chainrule/grad.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "core/reused.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "nn/recurrence_cells.h"
#include "ops/internal.h"

namespace chainrule::nn {
namespace {

/// @throws DTypeError E015
void require_real(std::span<const Meta> in) {
  for (const Meta& x : in) {
    if (is_floating(x.dtype) && x.dtype == in[0].dtype) continue;
    throw op_error<DTypeError>(
        15, cat("takes f32 or f64, one for all, got ", name_of(in[0].dtype), " and ", name_of(x.dtype), "."));
  }
}

/// Of one loop.
struct Sizes {
  std::int64_t steps, rows, units;

  Sizes(const Shape& x, const Shape& weight) : steps(x[0]), rows(x[1]), units(weight[0]) {}
};

/// Memory of a thread; long sequences do not keep theirs.
template <class T>
struct Work {
  static constexpr std::size_t kKept = std::size_t{1} << 22;
  std::vector<T> products, gates, slopes, spare;

  void clear() {
    if (products.size() > kKept) products = {};
  }
};

/// Rows that are worth a thread.
std::int64_t grain(std::int64_t numbers_a_row) { return std::max<std::int64_t>(1, 8192 / numbers_a_row); }

/// Calls `f` with the cell of a kind.
template <class F>
void with_cell(CellKind kind, F f) {
  switch (kind) {
    case CellKind::tanh:
      return f(PlainCell<false>());
    case CellKind::relu:
      return f(PlainCell<true>());
    case CellKind::lstm:
      return f(LstmCell());
    case CellKind::gru:
      return f(GruCell());
  }
}

template <class Cell, class M, class T>
void run_forward(const Kernel& k) {
  const Sizes size(k.inputs[0].shape, k.inputs[2].shape);
  const std::int64_t h = size.units, gates = Cell::kGates * h, parts = Cell::kParts * h;
  Reused<Work<T>> work;
  work->products.resize(size.rows * gates);
  work->gates.resize(size.rows * gates);
  for (std::int64_t t = 0; t < size.steps; ++t) {
    const T* x = k.inputs[0].as<T>() + t * size.rows * gates;
    T* after = k.output.as<T>() + t * size.rows * parts;
    const T* before = t == 0 ? k.inputs[1].as<T>() : after - size.rows * parts;
    T *u = work->products.data(), *a = work->gates.data();
    M::product(kernels::Gemm<T>{.m = size.rows,
                                .n = gates,
                                .k = h,
                                .a = before,
                                .lda = parts,
                                .b = k.inputs[2].as<T>(),
                                .ldb = gates,
                                .c = u,
                                .ldc = gates,
                                .bias = k.inputs[3].as<T>()});
    parallel_for(size.rows, grain(gates), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Cell::template activate<M>(x + i * gates, u + i * gates, a + i * gates, h);
        Cell::template step<M>(a + i * gates, before + i * parts, after + i * parts, h);
      }
    });
  }
}

/// Backpropagation through time. The products of all steps are one: their h is known.
template <class Cell, class M, class T>
void run_backward(const Kernel& k, bool of_start) {
  const Sizes size(k.inputs[0].shape, k.inputs[2].shape);
  const std::int64_t h = size.units, gates = Cell::kGates * h, parts = Cell::kParts * h;
  const std::int64_t slopes = Cell::kSlopes * h, rows = size.rows;
  const T *start = k.inputs[1].as<T>(), *weight = k.inputs[2].as<T>(), *states = k.inputs[4].as<T>();
  Reused<Work<T>> work;
  work->products.resize(size.steps * rows * gates);
  work->gates.resize(rows * gates);
  work->spare.resize(rows * h);
  work->slopes.assign(rows * parts, T(0));
  T *u = work->products.data(), *slope = work->slopes.data();
  const auto multiply = [&](const T* from, std::int64_t count, T* to) {
    M::product(kernels::Gemm<T>{.m = count,
                                .n = gates,
                                .k = h,
                                .a = from,
                                .lda = parts,
                                .b = weight,
                                .ldb = gates,
                                .c = to,
                                .ldc = gates,
                                .bias = k.inputs[3].as<T>()});
  };
  multiply(start, rows, u);
  if (size.steps > 1) multiply(states, (size.steps - 1) * rows, u + rows * gates);

  T* first = k.output.as<T>() + (of_start ? rows * slopes : 0);
  for (std::int64_t t = size.steps; t-- > 0;) {
    const T* x = k.inputs[0].as<T>() + t * rows * gates;
    const T* before = t == 0 ? start : states + (t - 1) * rows * parts;
    const T *after = states + t * rows * parts, *given = k.inputs[5].as<T>() + t * rows * parts;
    T* d = first + t * rows * slopes;
    parallel_for(rows, grain(gates), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        T *a = work->gates.data() + i * gates, *s = slope + i * parts;
        const T* u_row = u + (t * rows + i) * gates;
        for (std::int64_t j = 0; j < parts; ++j) s[j] += given[i * parts + j];
        Cell::template activate<M>(x + i * gates, u_row, a, h);
        Cell::template back<M>(a, u_row, before + i * parts, after + i * parts, s, d + i * slopes,
                               work->spare.data() + i * h, h);
      }
    });
    if (t == 0 && !of_start) break;
    M::product(kernels::Gemm<T>{.m = rows,
                                .n = h,
                                .k = gates,
                                .a = d,
                                .lda = slopes,
                                .b = weight,
                                .ldb = gates,
                                .trans_b = true,
                                .c = slope,
                                .ldc = parts,
                                .accumulate = true});
  }
  if (!of_start) return;
  std::fill_n(k.output.as<T>(), rows * slopes, T(0));
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(slope + i * parts, parts, k.output.as<T>() + i * slopes);
  }
}

std::int64_t slopes_of(CellKind kind) { return kind == CellKind::gru ? 4 : gates_of(kind); }

/// Gradients by the parts of a loop, from the numbers of a RecurrenceGrad.
struct Slopes {
  Tensor x, u, start;

  Slopes(CellKind kind, const Tensor& d, bool of_start, std::int64_t h) {
    const std::int64_t gates = gates_of(kind) * h, steps = d.shape()[0];
    const Tensor of_steps = of_start ? slice(d, 0, 1, steps) : d;
    x = u = of_steps;
    if (kind == CellKind::gru) {
      u = slice(of_steps, 2, 0, gates);
      x = concatenate({slice(of_steps, 2, 0, 2 * h), slice(of_steps, 2, gates, gates + h)}, 2);
    }
    if (of_start) start = slice(select(d, 0), 1, 0, parts_of(kind) * h);
  }
};

/// The other way round.
Tensor joined(CellKind kind, const Tensor& x, const Tensor& u, const Tensor& start, std::int64_t h) {
  Tensor steps = x;
  if (kind == CellKind::gru) steps = concatenate({u, slice(x, 2, 2 * h, 3 * h)}, 2);
  if (start.is_empty()) return steps;
  const std::int64_t missing = (slopes_of(kind) - parts_of(kind)) * h;
  const Tensor padded = missing > 0 ? pad(start, 1, 0, missing) : start;
  return concatenate({expand_dims(padded, 0), steps}, 0);
}

/// What Slopes takes apart: inputs are those of Recurrence, its states and their gradient.
struct RecurrenceGrad {
  CellKind kind = CellKind::tanh;
  bool of_start = false;

  static constexpr OpInfo kInfo{.name = "recurrence_grad",
                                .arity = 6,
                                .doc = "Backpropagation through the steps of a recurrent layer."};
  static constexpr bool kChecksValues = false;
  bool operator==(const RecurrenceGrad&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("kind", static_cast<int>(kind)), visit("of_start", of_start);
  }
  Meta infer(std::span<const Meta> in) const {
    require_real(in);
    const Shape& x = in[0].shape;
    return {in[0].dtype, Shape{x[0] + of_start, x[1], slopes_of(kind) * in[2].shape[0]}};
  }
  /// By the definition: the gradient of the loop's graph, differentiated. The states are a function of the
  /// rest, and have no part in that.
  Gradients vjp(const Vjp& v) const {
    const std::int64_t h = v.inputs[2].shape()[0];
    const Loop loop{v.inputs[0], v.inputs[1], v.inputs[2], v.inputs[3]};
    const Tensor added = zeros(loop.x.shape(), loop.x.dtype());
    constexpr GradOptions kStop{.allow_unused = true, .stop_at_variables = true};
    const std::array first_of{loop.x, added, loop.start};
    const std::vector<Tensor> first =
        chainrule::vjp(recurrence_graph(kind, loop, added), first_of, v.inputs[5], kStop);
    const Tensor d = joined(kind, first[0], first[1], of_start ? first[2] : Tensor(), h);
    const std::array second_of{loop.x, loop.start, loop.weight, loop.bias, v.inputs[5]};
    std::vector<Tensor> second = chainrule::vjp(d, second_of, v.cotangent, kStop);
    second.insert(second.begin() + 4,
                  v.needs(4) ? zeros(v.inputs[4].shape(), v.inputs[4].dtype()) : Tensor());
    return second;
  }
  void run(const Kernel& k) const { run_with<PlainMath>(k); }
  void run_fast(const Kernel& k) const { run_with<FastMath>(k); }
  template <class M>
  void run_with(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      with_cell(kind, [&]<class Cell>(Cell) { run_backward<Cell, M, T>(k, of_start); });
    });
  }
  double flops(std::span<const Shape> in, const Shape&) const {  // two products of the forward pass
    return 4 * static_cast<double>(in[0].numel()) * static_cast<double>(in[2][0]);
  }
  static std::vector<Sample> samples() { return {}; }
};

struct Recurrence {
  CellKind kind = CellKind::tanh;

  static constexpr OpInfo kInfo{
      .name = "recurrence", .arity = 4, .doc = "The steps of a recurrent layer, one after another."};
  static constexpr bool kChecksValues = false;
  bool operator==(const Recurrence&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("kind", static_cast<int>(kind));
  }
  Meta infer(std::span<const Meta> in) const {
    require_real(in);
    const Shape& x = in[0].shape;
    return {in[0].dtype, Shape{x[0], x[1], parts_of(kind) * in[2].shape[0]}};
  }
  Gradients vjp(const Vjp& v) const {
    const std::int64_t h = v.inputs[2].shape()[0], gates = gates_of(kind) * h;
    const bool of_start = v.needs(1);
    const Tensor d =
        apply(RecurrenceGrad{kind, of_start},
              {v.inputs[0], v.inputs[1], v.inputs[2], v.inputs[3], stop_gradient(v.output), v.cotangent},
              Location::current());
    const Slopes slopes(kind, d, of_start, h);
    const std::int64_t rows = v.output.shape()[0] * v.output.shape()[1];
    const Tensor u = reshape(slopes.u, {rows, gates});
    Tensor of_weight, of_bias;
    if (v.needs(2)) {
      const Tensor earlier = slice(slice(v.output, 0, 0, -1), 2, 0, h);
      const Tensor before = concatenate({expand_dims(slice(v.inputs[1], 1, 0, h), 0), earlier}, 0);
      of_weight = matmul_transposed(reshape(before, {rows, h}), u, true, false);
    }
    if (v.needs(3)) of_bias = sum(u, 0);
    return Tensors{slopes.x, slopes.start, of_weight, of_bias};
  }
  void run(const Kernel& k) const { run_with<PlainMath>(k); }
  void run_fast(const Kernel& k) const { run_with<FastMath>(k); }
  template <class M>
  void run_with(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      with_cell(kind, [&]<class Cell>(Cell) { run_forward<Cell, M, T>(k); });
    });
  }
  double flops(std::span<const Shape> in, const Shape&) const {
    return 2 * static_cast<double>(in[0].numel()) * static_cast<double>(in[2][0]);
  }
  static std::vector<Sample> samples() {
    const auto of = [](CellKind cell, std::int64_t steps, std::int64_t rows, std::int64_t h) {
      const std::int64_t gates = gates_of(cell) * h;
      return sample(Recurrence{cell},
                    {{{steps, rows, gates}}, {{rows, parts_of(cell) * h}}, {{h, gates}}, {{gates}}});
    };
    return {of(CellKind::tanh, 3, 2, 4), of(CellKind::relu, 2, 3, 3), of(CellKind::lstm, 4, 2, 3),
            of(CellKind::lstm, 1, 1, 1), of(CellKind::gru, 3, 2, 5),  of(CellKind::gru, 2, 0, 3)};
  }
};

}  // namespace

Tensor recurrence(CellKind kind, const Loop& loop) {
  const std::array<Tensor, 4> in{loop.x, loop.start, loop.weight, loop.bias};
  const bool any_wide = std::any_of(in.begin(), in.end(), [](const Tensor& x) { return x.dtype() == f64; });
  const auto alike = [&](const Tensor& x) { return any_wide && x.dtype() != f64 ? cast(x, f64) : x; };
  return apply(Recurrence{kind}, {alike(in[0]), alike(in[1]), alike(in[2]), alike(in[3])},
               Location::current());
}

}  // namespace chainrule::nn
