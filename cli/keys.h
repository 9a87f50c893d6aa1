#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "key_names.h"

namespace chainrule::cli {

/// What a short name is, in a line; "" if there is none.
std::string short_text(const std::string& name);

/// Options for the keys of run.toml: short names for the common ones, --set, and each by its dotted name,
/// which help does not list. What was given is collected in the order in which it is to be applied.
void add_keys(CLI::App& app, std::vector<Given>& given);

/// --net, --data, --data-dir and --set alone, for commands that train nothing.
void add_net_key(CLI::App& app, std::vector<Given>& given);

}  // namespace chainrule::cli
