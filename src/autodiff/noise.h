#pragma once

#include "chainrule/tensor.h"

namespace chainrule {

/// How far rounding may have taken one number that a graph of any size computes: far more than a rounding
/// step of its own where something in the graph cancels, as where a sigmoid y is nearly 1 and its derivative
/// is y (1 - y).
///
/// Measured, not bounded: the graph is computed again with each result that is rounded (Ulp, chainrule/op.h)
/// off by a random part of its rounding step (Monte Carlo arithmetic: D. S. Parker, UCLA CSD-970002, 1997),
/// and the largest of eight such deviations is returned: infinity where one of them is not a number.
double rounding_noise(const Tensor& y);

}  // namespace chainrule
