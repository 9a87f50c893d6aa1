#pragma once

#include <string_view>

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::config {

/// What a layer would do without end.
inline ValueError holds_itself(std::string_view kind) {
  return ValueError(254, cat("[", kind,
                             "] the layer holds itself, among its layers or theirs: it would never "
                             "end. Put a clone() there.",
                             OriginScope::current({}).to_string()));
}

}  // namespace chainrule::config
