#include "ops/derivatives.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/grad.h"
#include "chainrule/ops.h"

namespace chainrule::testing {
namespace {

using Function = std::function<Tensor(const Tensors&)>;

/// Larger cases cost more than they show.
constexpr std::int64_t kLargest = 10000;

std::string_view exemption(const Probe& p) {
  bool any = false;
  for (const Tensor& input : p.inputs) any = any || is_floating(input.dtype());
  if (!any) return "no floating input";
  const Tensor output = p.call(p.inputs);
  if (output.dtype() == DType::f32) return "a conversion to f32 rounds: differences of it mean nothing";
  if (output.dtype() != DType::f64) return "its result is not a floating number";
  if (p.inputs[0].numel() >= kLargest) return "the case is large";
  return {};
}

/// t -> f at inputs + t * directions, for scalar functions of the floating inputs.
class Line {
 public:
  explicit Line(const Probe& p) : inputs_(p.inputs), random_(7) {
    directions_ = draw();
    curvature_ = draw();
    const Tensor output = p.call(inputs_);
    const Tensor weights = draw_direction(output.shape(), output.dtype(), random_);
    value_ = [&p, weights](const Tensors& at) { return sum(weights * p.call(at)); };
    slope_ = [this](const Tensors& at) { return dot(gradient(value_, at), curvature_); };
  }

  double error(int order) const {
    const Function& f = order == 1 ? value_ : slope_;
    const double analytic = dot(gradient(f, at(0)), directions_).item();
    // Two steps and Richardson's extrapolation: error of order h^4.
    const auto difference = [&](double h) { return (f(at(h)).item() - f(at(-h)).item()) / (2 * h); };
    constexpr double kStep = 2e-4;
    const double numeric = (4 * difference(kStep / 2) - difference(kStep)) / 3;
    const double error = std::abs(analytic - numeric) / std::max(1.0, std::abs(numeric));
    return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
  }

 private:
  /// A direction for each floating input; the others have none.
  Tensors draw() {
    Tensors drawn;
    for (const Tensor& x : inputs_) {
      drawn.push_back(is_floating(x.dtype()) ? draw_direction(x.shape(), x.dtype(), random_) : Tensor());
    }
    return drawn;
  }

  Tensors at(double t) const {
    Tensors moved;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      moved.push_back(directions_[i] ? detach(inputs_[i] + t * directions_[i]) : inputs_[i]);
    }
    return moved;
  }

  static Tensors gradient(const Function& f, const Tensors& at) {
    Tensors variables;
    for (const Tensor& x : at) {
      if (is_floating(x.dtype())) variables.push_back(x);
    }
    Tensors by_variable = grad(f(at), variables, {.allow_unused = true});
    Tensors by_input;
    std::size_t next = 0;
    for (const Tensor& x : at) by_input.push_back(is_floating(x.dtype()) ? by_variable[next++] : Tensor());
    return by_input;
  }

  static Tensor dot(const Tensors& a, const Tensors& b) {
    Tensor total = scalar(0, DType::f64);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i]) total = total + sum(a[i] * b[i]);
    }
    return total;
  }

  const Tensors& inputs_;
  Random random_;
  Tensors directions_, curvature_;
  Function value_, slope_;
};

}  // namespace

Probe probe(const OpCase& c) {
  Probe p{c.to_string(), [&c](const Tensors& in) { return call(c, in); }, draw_inputs(c, 5), {}};
  p.exempt = c.row->vjp ? exemption(p) : c.row->not_differentiable;
  return p;
}

Probe probe(const ComposedCall& call, DType floating) {
  const OpCase c{nullptr, {{}, call.inputs, 0}, floating};
  Probe p{
      std::string(call.text), [f = call.call](const Tensors& in) { return f(in); }, draw_inputs(c, 5), {}};
  p.exempt =
      call.not_differentiable.empty() && floating == DType::f64 ? exemption(p) : call.not_differentiable;
  return p;
}

Probe probe(const ElementwiseFunction& f) {
  const OpCase c{nullptr, {{}, {{{40}, DType::f64, f.domain}}, 0}, DType::f64};
  return {
      std::string(f.name), [call = f.call](const Tensors& in) { return call(in[0]); }, draw_inputs(c, 5), {}};
}

double derivative_error(const Probe& probe, int order) { return Line(probe).error(order); }

}  // namespace chainrule::testing
