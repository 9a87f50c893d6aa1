// Sums and others over axes.
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

using Reduction = Tensor (*)(const Tensor& x, const Axes& axes, bool keep);

template <Reduction kReduce>
Tensors reduce(const Call& c) {
  const Tensor& x = c[0];
  std::vector<std::int64_t> axes = c.integers("axes", 1);
  if (axes.empty() && c.flag("noop_with_empty_axes")) return {x};
  for (std::int64_t& axis : axes) axis = c.axis_of(axis, x.ndim());
  return {as(kReduce(x, Axes(axes), c.flag("keepdims", true)), x)};
}

Tensor sum_of(const Tensor& x, const Axes& axes, bool keep) { return sum(x, axes, keep); }
Tensor mean_of(const Tensor& x, const Axes& axes, bool keep) { return mean(x, axes, keep); }
Tensor max_of(const Tensor& x, const Axes& axes, bool keep) { return max(x, axes, keep); }
Tensor min_of(const Tensor& x, const Axes& axes, bool keep) { return min(x, axes, keep); }
Tensor prod_of(const Tensor& x, const Axes& axes, bool keep) { return prod(x, axes, keep); }
Tensor magnitudes(const Tensor& x, const Axes& axes, bool keep) { return sum(abs(x), axes, keep); }
Tensor length(const Tensor& x, const Axes& axes, bool keep) { return norm(x, 2, axes, keep); }
Tensor squares(const Tensor& x, const Axes& axes, bool keep) { return sum(square(x), axes, keep); }
Tensor log_sum(const Tensor& x, const Axes& axes, bool keep) { return log(sum(x, axes, keep)); }
Tensor log_sum_exp(const Tensor& x, const Axes& axes, bool keep) { return logsumexp(x, axes, keep); }

template <Tensor (*kFind)(const Tensor&, int, bool, Location)>
Tensors place_of(const Call& c) {
  const int axis = c.axis("axis", 0, c[0].ndim());
  const bool keep = c.flag("keepdims", true);
  if (!c.flag("select_last_index")) return {kFind(c[0], axis, keep, Location::current())};
  return {c[0].shape()[axis] - 1 - kFind(flip(c[0], axis), axis, keep, Location::current())};
}

constexpr Operator kRows[] = {
    {"ArgMax", 1, 1, place_of<argmax>},      {"ArgMin", 1, 1, place_of<argmin>},
    {"ReduceL1", 1, 2, reduce<magnitudes>},  {"ReduceL2", 1, 2, reduce<length>},
    {"ReduceLogSum", 1, 2, reduce<log_sum>}, {"ReduceLogSumExp", 1, 2, reduce<log_sum_exp>},
    {"ReduceMax", 1, 2, reduce<max_of>},     {"ReduceMean", 1, 2, reduce<mean_of>},
    {"ReduceMin", 1, 2, reduce<min_of>},     {"ReduceProd", 1, 2, reduce<prod_of>},
    {"ReduceSum", 1, 2, reduce<sum_of>},     {"ReduceSumSquare", 1, 2, reduce<squares>},
};

}  // namespace

std::span<const Operator> reduce_operators() { return kRows; }

}  // namespace chainrule::onnx
