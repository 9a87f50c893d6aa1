// Softmax and log-sum-exp. The kernels know the last axis: others are turned there and back.
#include <cmath>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "kernels/ref/softmax.h"
#include "kernels/simd/softmax.h"
#include "ops/axes.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/moments.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Rows along the last axis.
struct Rows {
  std::int64_t count, length;
};

Rows rows_of(const Shape& shape) {
  return {shape.back() == 0 ? 0 : shape.numel() / shape.back(), shape.back()};
}

Meta floating_rows(const Meta& in) {
  require_floating(in);
  checked_axis(-1, in.shape.ndim());
  return in;
}

struct Softmax {
  static constexpr OpInfo kInfo{.name = "softmax", .doc = "exp(x) / sum(exp(x)) along the last axis."};
  bool operator==(const Softmax&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_rows(in[0]); }
  Gradients vjp(const Vjp& v) const {
    return {v.output * (v.cotangent - sum(v.cotangent * v.output, -1, true))};
  }
  void run(const Kernel& k) const {
    const Rows rows = rows_of(k.output.shape);
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      for (std::int64_t i = 0; i < rows.count; ++i) {
        const T* z = k.inputs[0].as<T>() + i * rows.length;
        T* p = k.output.as<T>() + i * rows.length;
        const kernels::ExpSum sum(z, rows.length);
        for (std::int64_t j = 0; j < rows.length; ++j) p[j] = static_cast<T>(sum.share(z[j]));
      }
    });
  }
  void run_fast(const Kernel& k) const {
    const Rows rows = rows_of(k.output.shape);
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::softmax(k.inputs[0].as<T>(), rows.count, rows.length, k.output.as<T>());
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Softmax{}, {{{7}}}),    sample(Softmax{}, {{{5, 10}}}), sample(Softmax{}, {{{2, 3, 17}}}),
            sample(Softmax{}, {{{3, 1}}}), sample(Softmax{}, {{{0, 4}}}),  sample(Softmax{}, {{{}}}, 13)};
  }
};

struct Logsumexp {
  static constexpr OpInfo kInfo{.name = "logsumexp",
                                .doc = "log(sum(exp(x))) along the last axis, which stays with size 1."};
  bool operator==(const Logsumexp&) const = default;
  Meta infer(std::span<const Meta> in) const {
    const Meta meta = floating_rows(in[0]);
    return {meta.dtype, with_size(meta.shape, meta.shape.ndim() - 1, 1)};
  }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * softmax(v.inputs[0])}; }
  void run(const Kernel& k) const {
    const std::int64_t length = k.inputs[0].shape.back();
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      for (std::int64_t i = 0; i < k.output.numel(); ++i) {
        const kernels::ExpSum sum(k.inputs[0].as<T>() + i * length, length);
        k.output.as<T>()[i] = static_cast<T>(sum.top() + sum.log());
      }
    });
  }
  void run_fast(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::logsumexp(k.inputs[0].as<T>(), k.output.numel(), k.inputs[0].shape.back(), k.output.as<T>());
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Logsumexp{}, {{{7}}}), sample(Logsumexp{}, {{{5, 10}}}),
            sample(Logsumexp{}, {{{2, 3, 17}}}), sample(Logsumexp{}, {{{0, 4}}}),
            sample(Logsumexp{}, {{{}}}, 13)};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Softmax)
CHAINRULE_OP_ROW(Logsumexp)

Tensor softmax(const Tensor& x, int axis, Location where) {
  const OpScope scope("softmax", where);
  const int along = checked_axis(axis, x.ndim());
  if (along == x.ndim() - 1) return apply(Softmax{}, {x}, where);
  return transpose(apply(Softmax{}, {transpose(x, along, -1)}, where), along, -1);
}

Tensor logsumexp(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("logsumexp", where);
  const AxisSet set = axis_set(axes, x.ndim());
  const Shape shape = keepdims ? kept_shape(x.shape(), set) : dropped_shape(x.shape(), set);
  const std::vector<int> order = set_last(set, x.ndim());
  std::int64_t length = 1;
  for (int axis = 0; axis < x.ndim(); ++axis) length *= (set >> axis & 1) ? x.shape()[axis] : 1;
  const Tensor rows = reshape(permute(x, order), Shape{shape.numel(), length});
  return reshape(apply(Logsumexp{}, {rows}, where), shape);
}

Tensor log_softmax(const Tensor& x, int axis, Location where) {
  const OpScope scope("log_softmax", where);
  if (x.numel() == 0) return x - logsumexp(x, axis, true);
  Tensor top;
  {
    const Constants constants;
    top = max(x, axis, true);
  }
  const Tensor below = x - top;  // before the logarithm: next to a large maximum that would lose its digits
  return below - logsumexp(below, axis, true);
}

std::vector<ComposedFunction> softmax_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 4}};
  return {
      {"log_softmax",
       "x - logsumexp(x).",
       {{"log_softmax(x)", [](In in) { return log_softmax(in[0]); }, {matrix}},
        {"log_softmax(x, 0)", [](In in) { return log_softmax(in[0], 0); }, {matrix}}}},
  };
}

}  // namespace chainrule
