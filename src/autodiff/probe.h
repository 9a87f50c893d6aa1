#pragma once

#include <string>
#include <string_view>

#include "autodiff/line.h"
#include "autodiff/op_cases.h"
#include "ops/composed.h"

namespace chainrule {

/// A function of several tensors at a point: what derivatives are checked of.
struct Probe {
  std::string text;
  std::function<Tensor(const Tensors&)> call;
  Tensors inputs;
  /// Why its derivatives are not checked; empty if they are.
  std::string exempt;
};

Probe probe(const OpCase& c);
Probe probe(const ComposedCall& call);
Probe probe(const ElementwiseFunction& f);

/// As check_op: the values in f32 against f64, and both derivatives.
OpCheck check_function(const ComposedFunction& f);
OpCheck check_function(const ElementwiseFunction& f);

/// How far the derivative by vjp along a random direction is from differences, relative to the latter or 1.
/// Of order 2: the same for the first derivative along another direction. Infinite for NaN.
double derivative_error(const Probe& probe, int order);

/// Both derivatives of a probe, or the reason why not, into a report.
void check_derivatives(const Probe& p, OpCheck& report);

/// How far two results are apart, relative to the larger of the numbers and 1. Infinite for other shapes, or
/// where only one is NaN.
double value_error(const Tensor& a, const Tensor& b);

/// The largest that passes.
inline constexpr double kDerivativeTolerance = 1e-8;

}  // namespace chainrule
