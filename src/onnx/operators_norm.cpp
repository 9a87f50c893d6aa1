// Normalisation.
#include "chainrule/normalize.h"

#include "core/text.h"
#include "onnx/numbers.h"
#include "onnx/program.h"

namespace chainrule::onnx {
namespace {

/// The state behind an input; null if it is none.
const nn::State* state_at(const Call& c, std::size_t input) {
  if (c.around.run == nullptr) return nullptr;
  const std::int32_t place = static_cast<const Program::Step*>(c.around.step)->inputs[input];
  for (const auto& [at, state] : c.around.run->states) {
    if (at == place) return &state;
  }
  return nullptr;
}

Tensors batch_norm_of(const Call& c) {
  const double eps = c.number("epsilon", 1e-5), momentum = c.number("momentum", 0.9);
  const nn::State *mean_state = state_at(c, 3), *variance_state = state_at(c, 4);
  const bool learns = c.is_training() && mean_state != nullptr && variance_state != nullptr;
  if (!learns && !c.flag("training_mode"))
    return {as(batch_norm_inference(c[0], c[3], c[4], c[1], c[2], eps), c[0])};
  const BatchNormResult made = batch_norm(c[0], c[1], c[2], eps);
  const Tensor mean = c[3] * momentum + made.mean * (1 - momentum);
  const Tensor variance = c[4] * momentum + made.variance * (1 - momentum);
  if (learns) c.around.run->pass.set(*mean_state, mean), c.around.run->pass.set(*variance_state, variance);
  return {made.output, mean, variance};
}

Tensors layer_norm_of(const Call& c) {
  const Tensor& x = c[0];
  const int axis = c.axis("axis", -1, x.ndim());
  std::vector<int> axes;
  for (int i = axis; i < x.ndim(); ++i) axes.push_back(i);
  const double eps = c.number("epsilon", 1e-5);
  Tensors outputs{as(layer_norm(x, axis, c[1], c.has(2) ? c[2] : Tensor(), eps), x)};
  outputs.push_back(mean(x, Axes(axes), true));
  outputs.push_back(rsqrt(var(x, Axes(axes), true) + eps));
  return outputs;
}

Tensors instance_norm_of(const Call& c) {
  return {instance_norm(c[0], c[1], c[2], c.number("epsilon", 1e-5))};
}

Tensors local_response(const Call& c) {
  return {local_response_norm(c[0], {.size = c.integer("size"),
                                     .alpha = c.number("alpha", 1e-4),
                                     .beta = c.number("beta", 0.75),
                                     .k = c.number("bias", 1)})};
}

Tensors lp_norm(const Call& c) {
  const std::int64_t p = c.integer("p", 2);
  if (p != 1 && p != 2) throw c.error(cat("p = ", p, "; need 1 or 2."));
  return {c[0] / norm(c[0], static_cast<double>(p), c.axis("axis", -1, c[0].ndim()), true)};
}

Tensors mean_variance(const Call& c) {
  std::vector<std::int64_t> axes = c.integers("axes", {0, 2, 3});
  for (std::int64_t& axis : axes) axis = c.axis_of(axis, c[0].ndim());
  const Tensor centred = c[0] - mean(c[0], Axes(axes), true);
  return {centred / (sqrt(mean(square(centred), Axes(axes), true)) + 1e-9)};
}

constexpr Operator kRows[] = {
    {"BatchNormalization", 5, 5, batch_norm_of, 0, 0b11000, false,
     "In training by the batch's own statistics, which move the stored ones."},
    {"InstanceNormalization", 3, 3, instance_norm_of},
    {"LRN", 1, 1, local_response},
    {"LayerNormalization", 2, 3, layer_norm_of},
    {"LpNormalization", 1, 1, lp_norm},
    {"MeanVarianceNormalization", 1, 1, mean_variance},
};

}  // namespace

std::span<const Operator> norm_operators() { return kRows; }

}  // namespace chainrule::onnx
