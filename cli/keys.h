#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// The key that a short name stands for, "optimizer.lr" for "lr"; others stay.
std::string key_of(const std::string& name);

/// Options for the keys of run.toml: short names for the common ones, --set, and each by its dotted name,
/// which help does not list. What was given is collected in the order in which it is to be applied.
void add_keys(CLI::App& app, std::vector<Given>& given);

/// --net, --data, --data-dir and --set alone, for commands that train nothing.
void add_net_key(CLI::App& app, std::vector<Given>& given);

}  // namespace chainrule::cli
