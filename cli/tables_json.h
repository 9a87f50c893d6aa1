#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "chainrule/config.h"

namespace chainrule::cli {

/// Settings as JSON: name, default, kind, range, doc, and choices, none of which most settings have.
nlohmann::ordered_json leaves_json(const std::vector<config::Leaf>& leaves);

/// The rows of a table, with their settings.
nlohmann::ordered_json rows_json(std::span<const Registry::Row> rows);

}  // namespace chainrule::cli
