#include "autodiff/noise.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/line.h"
#include "chainrule/ops.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule {
namespace {

constexpr int kSamples = 8;

double rounding_step(DType dtype) { return dtype == f32 ? 0x1p-23 : 0x1p-52; }

/// Each number off by up to its rounding step, to either side.
Tensor rounded_otherwise(const Tensor& x, Random& random) {
  if (x.dtype() != f32 && x.dtype() != f64) return detach(x);
  return detach(x + x * (rounding_step(x.dtype()) * random_directions({x}, random, false)[0]));
}

double again(const NodeOrder& graph, Random& random) {
  Tensors values(graph.size());
  for (const std::int32_t number : graph.numbers()) {
    const Node& node = *graph.node(number);
    if (node.is_leaf()) {
      values[number] = graph.tensor(number);
      continue;
    }
    Tensors inputs;
    for (const std::int32_t input : graph.inputs(number)) inputs.push_back(values[input]);
    const Tensor value = apply_row(*node.op, node.attributes(), inputs, Location::current());
    const bool is_exact = node.op->info.ulp.f64 == 0;
    values[number] = is_exact ? detach(value) : rounded_otherwise(value, random);
    evaluate({values[number]});
  }
  return values[graph.numbers().back()].item();
}

}  // namespace

double rounding_noise(const Tensor& y) {
  const double value = y.item();
  const NodeOrder graph(y.node());
  Random random(1, streams::kUser, 3);
  double largest = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double off = std::abs(again(graph, random) - value);
    largest = std::max(largest, std::isnan(off) ? HUGE_VAL : off);
  }
  return largest;
}

}  // namespace chainrule
