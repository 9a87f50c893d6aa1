#pragma once

#include <string_view>

#include "plan/cache.h"

// What CHAINRULE_VERBOSE asks for: 1 for a line each time a plan is made or run, 2 for a line an instruction.
namespace chainrule {

/// @throws ValueError  at the first call, if the variable holds anything else (E003).
int verbosity();

/// Gets the lines, without their ends; from any thread.
using ReportSink = void (*)(std::string_view line);
/// Who gets them. Null, or never called: they go to standard error, as who sets the variable wants.
void set_report_sink(ReportSink sink);

/// A plan had to be made: it is new, or unlike another of the same operations. Where a call makes one plan
/// after the other, this is said once.
void report_miss(const CachedPlan& plan, const Trace& trace, const CachedPlan* like);
/// A plan was run.
void report_run(const CachedPlan& plan, const Trace& trace);

}  // namespace chainrule
