#pragma once

#include <string_view>

#include "chainrule/config.h"

namespace chainrule::config {

/// Refuses a dotted key of more than kMaxDepth parts (E224), before a parser makes as many tables of it: to
/// delete them takes a stack as deep.
void check_dotted_keys(std::string_view toml, const Place& start);

}  // namespace chainrule::config
