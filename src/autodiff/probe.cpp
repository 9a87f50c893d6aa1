#include "autodiff/probe.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"

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

Probe probe(const ComposedCall& call) {
  const OpCase c{nullptr, {{}, call.inputs, 0}, DType::f64};
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

double value_error(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  const std::vector<double> x = a.to_vector();
  const std::vector<double> y = b.to_vector();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double relative = std::abs(x[i] - y[i]) / std::max({1.0, std::abs(x[i]), std::abs(y[i])});
    largest = std::max(largest, std::isnan(relative) ? std::numeric_limits<double>::infinity() : relative);
  }
  return largest;
}

void check_derivatives(const Probe& p, OpCheck& report) {
  if (!p.exempt.empty()) {
    std::vector<std::string>& known = report.exemptions;
    if (std::find(known.begin(), known.end(), p.exempt) == known.end()) known.push_back(p.exempt);
    return;
  }
  for (const int order : {1, 2}) {
    const double error = derivative_error(p, order);
    double& worst = order == 1 ? report.first_order_error : report.second_order_error;
    worst = std::max(worst, error);
    if (error <= kDerivativeTolerance) continue;
    report.failures.push_back(cat("the ", order == 1 ? "first" : "second", " derivative of ", p.text,
                                  " is off central differences by ", error, "."));
  }
}

namespace {

/// The inputs in f32 and the same numbers in f64: both results start from equal ones.
void check_values(const Probe& p, OpCheck& report) {
  Tensors single, same;
  for (const Tensor& x : p.inputs) {
    single.push_back(x.dtype() == DType::f64 ? detach(cast(x, DType::f32)) : x);
    same.push_back(x.dtype() == DType::f64 ? detach(cast(single.back(), DType::f64)) : x);
  }
  const Tensor by_single = p.call(single);
  const Tensor by_double = p.call(same);
  const double error = value_error(by_single, by_double);
  report.value_error_f32 = std::max(report.value_error_f32, error);
  if (by_double.dtype() == DType::f64 && by_single.dtype() != DType::f32) {
    report.failures.push_back(cat(p.text, " of f32 inputs gives ", name_of(by_single.dtype()), "."));
  }
  if (!(error <= 1e-5)) report.failures.push_back(cat(p.text, " of f32 inputs is off by ", error, "."));
  const Mode before = mode();
  set_mode(before == Mode::eager ? Mode::lazy : Mode::eager);
  const double other_kernels = value_error(p.call(same), by_double);
  set_mode(before);
  report.value_error_f64 = std::max(report.value_error_f64, other_kernels);
  if (!(other_kernels <= 1e-12)) {
    report.failures.push_back(
        cat(p.text, " differs between fast kernels and reference by ", other_kernels, "."));
  }
}

OpCheck check_probe(const Probe& p, OpCheck report) {
  ++report.cases;
  try {
    check_values(p, report);
    check_derivatives(p, report);
  } catch (const Error& error) {
    report.failures.push_back(cat(p.text, " throws ", error.what()));
  }
  return report;
}

}  // namespace

OpCheck check_function(const ComposedFunction& f) {
  OpCheck report;
  for (const ComposedCall& call : f.calls) report = check_probe(probe(call), std::move(report));
  return report;
}

OpCheck check_function(const ElementwiseFunction& f) { return check_probe(probe(f), {}); }

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
