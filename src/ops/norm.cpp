// The length of vectors, and what is made of it: numbers' distance from their mean.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "kernels/ref/reduce.h"
#include "kernels/ref/square_sum.h"
#include "kernels/simd/grain.h"
#include "kernels/simd/reduce.h"
#include "ops/axes.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/moments.h"
#include "ops/operands.h"
#include "ops/quotient.h"

namespace chainrule {
namespace {

struct Norm {
  AxisSet axes = 0;

  static constexpr OpInfo kInfo{
      .name = "norm",
      .doc =
          "sqrt(sum(x^2)) over axes, which stay with size 1, at any size of numbers; its slope at 0 is 0."};
  bool operator==(const Norm&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axes", axes);
  }
  Meta infer(std::span<const Meta> in) const {
    require_floating(in[0]);
    return {in[0].dtype, kept_shape(in[0].shape, axes)};
  }
  // c x / |x|, where x / |x| is in range whatever x is; for |x| = 0 nothing, or k x of a cotangent k |x|.
  Gradients vjp(const Vjp& v) const {
    const Tensor &x = v.inputs[0], &y = v.output, is_zero = equal(y, 0.0);
    const Tensor slope = where(is_zero, 0.0, v.cotangent) * (x / where(is_zero, 1.0, y));
    const Tensor k = quotient_at_zero(y, v.cotangent);
    return {k.is_empty() ? slope : slope + k * x};
  }
  Split split(std::span<const Shape>) const { return {(axes & 1) == 0 ? 0b1u : 0u}; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::reduce<T, T, kernels::SquareSum>(k.inputs[0], k.output.shape, k.output, {}, std::plus<>());
    });
  }
  void run_fast(const Kernel& k) const {
    AxisBlock block;
    if (!as_block(k.inputs[0].shape, axes, block)) return run(k);
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      T* y = k.output.as<T>();
      kernels::sum_of_squares(x, block.outer, block.size, block.inner, y);
      parallel_for(k.output.numel(), kernels::kCheapGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          y[i] = is_exact(y[i]) ? std::sqrt(y[i])
                                : static_cast<T>(one(x + start_of(i, block), block.size, block.inner));
        }
      });
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Norm{1}, {{{7}}}),
            sample(Norm{0b11}, {{{3, 5}}}),
            sample(Norm{0b01}, {{{6, 37}}}),
            sample(Norm{0b10}, {{{6, 37}}}),
            sample(Norm{0b101}, {{{2, 3, 4}}}),
            sample(Norm{0b010}, {{{2, 3, 4}}}),
            sample(Norm{0}, {{{}, DType::f64, {-1.875, 2, 0.25}}}),
            sample(Norm{0b10}, {{{3, 0}}}),
            sample(Norm{0b1}, {{{9}, DType::i64, {-9, 9}}}, 15)};
  }

 private:
  /// Whether no square was out of range, but for some that are nothing beside a sum of so many.
  template <class T>
  static bool is_exact(T sum) {
    constexpr T kEnough = std::is_same_v<T, float> ? T(0x1p-90) : T(0x1p-980);
    return sum >= kEnough && sum <= std::numeric_limits<T>::max();
  }
  static std::int64_t start_of(std::int64_t result, const AxisBlock& block) {
    return result / block.inner * block.size * block.inner + result % block.inner;
  }
  /// In halves, so that a long sum loses no digits.
  template <class T>
  static kernels::SquareSum one(const T* x, std::int64_t count, std::int64_t apart) {
    if (count > 256) {
      const std::int64_t half = count / 2;
      return one(x, half, apart) + one(x + half * apart, count - half, apart);
    }
    kernels::SquareSum sum;
    for (std::int64_t i = 0; i < count; ++i)
      sum = sum + kernels::SquareSum(static_cast<double>(x[i * apart]));
    return sum;
  }
};

/// sqrt(sum(x^2)) over axes, which stay. Those that do not stand together are taken block by block, as in
/// sum: the length of lengths.
Tensor length(const Tensor& x, const Axes& axes) {
  AxisSet rest = axis_set(axes, x.ndim());
  Tensor y = x;
  do {
    const AxisSet block = last_block(x.shape(), rest);
    y = apply(Norm{block}, {y}, Location::current());
    rest &= ~block;
  } while (rest != 0);
  return y;
}

/// What has axes of size 1 in the place of those reduced, with them or without.
Tensor in_shape(const Tensor& reduced, const Tensor& x, const Axes& axes, bool keepdims) {
  return keepdims ? reduced : reshape(reduced, dropped_shape(x.shape(), axis_set(axes, x.ndim())));
}

/// How many elements of x each element of a reduction stands for, less ddof.
double degrees_of_freedom(const Tensor& x, const Tensor& reduced, int ddof) {
  const std::int64_t each = reduced.numel() > 0 ? x.numel() / reduced.numel() : 0;
  return static_cast<double>(std::max<std::int64_t>(each - ddof, 0));
}

}  // namespace

CHAINRULE_OP_ROW(Norm)

Tensor norm(const Tensor& x, double order, Axes axes, bool keepdims, Location where) {
  const OpScope scope("norm", where);
  const Tensor real = as_floating(x);
  if (order == 1) return sum(abs(real), axes, keepdims);
  if (order == 2) return in_shape(length(real, axes), x, axes, keepdims);
  if (std::isinf(order) && order > 0) return max(abs(real), axes, keepdims);
  throw op_error<ValueError>(100, cat("order ", order, "; known are 1, 2 and INFINITY."));
}

Tensor var(const Tensor& x, Axes axes, bool keepdims, int ddof, Location where) {
  const OpScope scope("var", where);
  const Moments m = moments(as_floating(x), axes, Scaled::for_mean);
  const Tensor scaled = sum(square(m.difference), axes, true) / degrees_of_freedom(x, m.mean, ddof);
  return in_shape(scaled / m.scale / m.scale, x, axes, keepdims);
}

Tensor stddev(const Tensor& x, Axes axes, bool keepdims, int ddof, Location where) {
  const OpScope scope("stddev", where);
  const Moments m = moments(as_floating(x), axes, Scaled::for_mean);
  const double degrees = degrees_of_freedom(x, m.mean, ddof);
  return in_shape(length(m.difference, axes) / std::sqrt(degrees) / m.scale, x, axes, keepdims);
}

std::vector<ComposedFunction> norm_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 5}};
  const SampleInput distinct{{3, 4}, DType::f64, {-40, 40}};  // ties and zeros are improbable
  return {
      {"norm",
       "Order 1: sum(|x|); 2: the operation; infinity: max(|x|).",
       {{"norm(x)", [](In in) { return norm(in[0]); }, {matrix}},
        {"norm(x, 2, {0, 2})",
         [](In in) {
           return norm(in[0], 2, {0, 2});
         },
         {{{2, 3, 2}}}},
        {"norm(x, 1, 1)", [](In in) { return norm(in[0], 1, 1); }, {distinct}},
        {"norm(x, INFINITY)", [](In in) { return norm(in[0], INFINITY); }, {distinct}}}},
      {"var",
       "sum((x - mean(x))^2) / (n - ddof).",
       {{"var(x)", [](In in) { return var(in[0]); }, {matrix}},
        {"var(x, 1, false, 1)", [](In in) { return var(in[0], 1, false, 1); }, {matrix}}}},
      {"stddev",
       "norm(x - mean(x)) / sqrt(n - ddof).",
       {{"stddev(x, 0)", [](In in) { return stddev(in[0], 0); }, {matrix}}}},
  };
}

}  // namespace chainrule
