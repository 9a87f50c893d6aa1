#pragma once

#include "plan/trace.h"

namespace chainrule {

/// Computes a trace by the reference loops, operation by operation, and compares what was kept.
///
/// @throws ValueError  if a result differs by more than 1e-9 in f64, 1e-4 in f32, relative to the largest
/// number of the result or 1; or at all in other dtypes (E048).
void verify(const Trace& trace);

}  // namespace chainrule
