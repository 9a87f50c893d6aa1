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
Probe probe(const ComposedCall& call, DType floating = DType::f64);
Probe probe(const ElementwiseFunction& f);

/// How far the derivative by vjp along a random direction is from differences, relative to the latter or 1.
/// Of order 2: the same for the first derivative along another direction. Infinite for NaN.
double derivative_error(const Probe& probe, int order);

/// The largest that passes.
inline constexpr double kDerivativeTolerance = 1e-7;

}  // namespace chainrule
