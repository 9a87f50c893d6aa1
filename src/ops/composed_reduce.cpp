// Reductions made of other operations: no row, no kernel and no derivative of their own.
#include "chainrule/ops.h"
#include "ops/axes.h"
#include "ops/composed.h"
#include "ops/op.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

/// The same numbers in reverse order: what is smallest becomes largest. -x would overflow for the lowest i64,
/// and has no meaning for bytes.
Tensor turned_over(const Tensor& x) {
  switch (x.dtype()) {
    case DType::i64:
      return -1 - x;
    case DType::u8:
      return scalar(255, DType::u8) - x;
    case DType::boolean:
      return equal(x, scalar(0, DType::boolean));
    default:
      return -x;
  }
}

/// How many elements of x each element of a reduction stands for.
std::int64_t elements_each(const Tensor& x, const Tensor& reduced) {
  return reduced.numel() > 0 ? x.numel() / reduced.numel() : 0;
}

/// The product along one axis, which stays with size 1: neighbours' halves are multiplied until one slice is
/// left. The last slice of an odd number is multiplied in at the end.
Tensor product_along(Tensor x, int axis) {
  Tensor odd;
  std::int64_t size = x.shape()[axis];
  if (size == 0) return ones(with_size(x.shape(), axis, 1), x.dtype());
  while (size > 1) {
    if (size % 2 != 0) {
      const Tensor last = slice(x, axis, size - 1, size);
      odd = odd.is_empty() ? last : odd * last;
    }
    const std::int64_t half = size / 2;
    x = slice(x, axis, 0, half) * slice(x, axis, half, 2 * half);
    size = half;
  }
  return odd.is_empty() ? x : x * odd;
}

}  // namespace

Tensor min(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("min", where);
  require_elements(x.shape(), axis_set(axes, x.ndim()));
  return turned_over(max(turned_over(computing(x)), axes, keepdims, where));
}

Tensor argmin(const Tensor& x, int axis, bool keepdims, Location where) {
  const OpScope scope("argmin", where);
  require_elements(x.shape(), AxisSet{1} << checked_axis(axis, x.ndim()));
  return argmax(turned_over(computing(x)), axis, keepdims, where);
}

Tensor mean(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("mean", where);
  const Tensor total = sum(as_floating(x), axes, keepdims, where);
  return total / static_cast<double>(elements_each(x, total));
}

Tensor prod(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("prod", where);
  const AxisSet set = axis_set(axes, x.ndim());
  Tensor product = has_gradient(x.dtype()) ? computing(x) : cast(x, DType::i64);
  for (int axis = x.ndim() - 1; axis >= 0; --axis) {
    if (set >> axis & 1) product = product_along(product, axis);
  }
  return keepdims ? product : reshape(product, dropped_shape(x.shape(), set));
}

Tensor any(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("any", where);
  return sum(not_equal(x, scalar(0, x.dtype())), axes, keepdims) > 0;
}

Tensor all(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("all", where);
  return equal(sum(equal(x, scalar(0, x.dtype())), axes, keepdims), 0);
}

// The domains' grids keep ties and zeros, where derivatives are a choice, away from each other.
std::vector<ComposedFunction> reduction_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 5}};
  const SampleInput distinct{{3, 4}, DType::f64, {-40, 40}};
  return {
      {"mean",
       "sum(x) / n.",
       {{"mean(x)", [](In in) { return mean(in[0]); }, {matrix}},
        {"mean(x, 0, true)", [](In in) { return mean(in[0], 0, true); }, {matrix}}}},
      {"min", "-max(-x).", {{"min(x, 1)", [](In in) { return min(in[0], 1); }, {distinct}}}},
      {"prod",
       "A tree of products of neighbours.",
       {{"prod(x, 1)", [](In in) { return prod(in[0], 1); }, {matrix}},
        {"prod(x)", [](In in) { return prod(in[0]); }, {{{2, 3, 2}}}}}},
      {"any",
       "Whether some element is not 0.",
       {{"any(x, 1)", [](In in) { return any(in[0], 1); }, {matrix}, "its result is boolean"}}},
      {"all",
       "Whether no element is 0.",
       {{"all(x, 1)", [](In in) { return all(in[0], 1); }, {matrix}, "its result is boolean"}}},
      {"argmin",
       "argmax(-x).",
       {{"argmin(x, 1)", [](In in) { return argmin(in[0], 1); }, {matrix}, "its result is a place"}}},
  };
}

}  // namespace chainrule
