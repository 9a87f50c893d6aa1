#include "autodiff/probe.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/ops.h"

namespace chainrule {
namespace {

/// Larger cases cost more than they show.
constexpr std::int64_t kLargest = 10000;

std::string exemption(const Probe& p) {
  bool any = false;
  for (const Tensor& input : p.inputs) any = any || is_floating(input.dtype());
  if (!any) return "no floating input";
  const Tensor output = p.call(p.inputs);
  if (output.dtype() == DType::f32) return "to f32: differences of what was rounded mean nothing";
  if (output.dtype() != DType::f64) return "its result is not a floating number";
  if (p.inputs[0].numel() >= kLargest) return "large cases are for kernels";
  return {};
}

}  // namespace

Probe probe(const OpCase& c) {
  Probe p{c.to_string(), [&c](const Tensors& in) { return call(c, in); }, draw_inputs(c, 5), {}};
  p.exempt = c.row->vjp ? exemption(p) : std::string(c.row->not_differentiable);
  return p;
}

Probe probe(const ComposedCall& call, DType floating) {
  const OpCase c{nullptr, {{}, call.inputs, 0}, floating};
  Probe p{
      std::string(call.text), [f = call.call](const Tensors& in) { return f(in); }, draw_inputs(c, 5), {}};
  p.exempt = call.not_differentiable.empty() ? exemption(p) : std::string(call.not_differentiable);
  return p;
}

Probe probe(const ElementwiseFunction& f) {
  const OpCase c{nullptr, {{}, {{{40}, DType::f64, f.domain}}, 0}, DType::f64};
  return {
      std::string(f.name), [call = f.call](const Tensors& in) { return call(in[0]); }, draw_inputs(c, 5), {}};
}

double derivative_error(const Probe& probe, int order) {
  Random random(7);
  const Tensors& at = probe.inputs;
  const Tensors weights = random_directions({probe.call(at)}, random, false);
  const ScalarFunction value = [&](const Tensors& x) { return sum(weights[0] * probe.call(x)); };
  const ScalarFunction f = order == 1 ? value : slope_of(value, random_directions(at, random, false));
  constexpr double kStep = 8e-4;
  const Comparison c = compare_along(f, at, random_directions(at, random, false), gradients_of(f, at), kStep,
                                     kDerivativeTolerance);
  const double error = std::abs(c.analytic - c.numeric) / std::max(1.0, std::abs(c.numeric));
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace chainrule
