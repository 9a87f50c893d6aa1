#pragma once

#include "chainrule/explain.h"

namespace chainrule::explain {

/// Notes for each node that made an infinite or undefined number out of finite ones, forward and backward.
void add_notes(Trace& trace);

}  // namespace chainrule::explain
