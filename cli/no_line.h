#pragma once

#include "graph/node.h"

namespace chainrule::cli {

/// While one exists, messages about a net name its layer, and no line of the tool's own source.
struct NoLine : OriginScope {
  NoLine() : OriginScope(Location{"", 0}) {}
};

}  // namespace chainrule::cli
