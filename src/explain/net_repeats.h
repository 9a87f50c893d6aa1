#pragma once

#include "chainrule/explain/graph.h"

namespace chainrule::explain {

/// Of boxes in a row that are alike, keeps the first, with a count: groups from two on, several plain layers
/// from three times on.
void collapse_repeats(NetNode& group);

}  // namespace chainrule::explain
