#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// The key that a short name stands for, "optimizer.lr" for "lr", "--lr" and "train.lr"; others stay.
std::string key_of(const std::string& name);
/// The short names: "data", "lr", ...
std::vector<std::string> short_names();
/// What a short name is, in a line; "" if there is none.
std::string short_text(const std::string& name);
/// The key that was meant by one that there is not, or "".
std::string key_near(const std::string& key, const Experiment& experiment);

/// Options for the keys of run.toml: short names for the common ones, --set, and each by its dotted name,
/// which help does not list. What was given is collected in the order in which it is to be applied.
void add_keys(CLI::App& app, std::vector<Given>& given);

/// --net, --data, --data-dir and --set alone, for commands that train nothing.
void add_net_key(CLI::App& app, std::vector<Given>& given);

}  // namespace chainrule::cli
