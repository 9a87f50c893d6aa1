#pragma once

#include "plan/cache.h"

// CHAINRULE_VERBOSE: 1 for a line on stderr each time a plan is made or run, 2 for a line an instruction.
namespace chainrule {

int verbosity();

/// A plan had to be made: it is new, or unlike another of the same operations. Where a call makes one plan
/// after the other, this is said once.
void report_miss(const CachedPlan& plan, const Trace& trace, const CachedPlan* like);
/// A plan was run.
void report_run(const CachedPlan& plan, const Trace& trace);

}  // namespace chainrule
