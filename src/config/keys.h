#pragma once

#include <vector>

#include "chainrule/config.h"

namespace chainrule::config {

/// Refuses a key that is given twice (E225).
void check_keys(const std::vector<Entry>& table);

}  // namespace chainrule::config
