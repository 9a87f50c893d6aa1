#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "chainrule/config.h"

namespace chainrule::cli {

/// Settings as JSON: name, default, kind, range, doc, and the choices where there are some.
nlohmann::ordered_json leaves_json(const std::vector<config::Leaf>& leaves);

/// The rows of a table, with their settings.
nlohmann::ordered_json rows_json(const Registry& rows);

}  // namespace chainrule::cli
