#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// A key of run.toml that has a short name as an option.
struct ShortKey {
  const char* option;  ///< "--lr"
  const char* key;     ///< "optimizer.lr"
  const char* type;    ///< as help has it: "RATE"
  const char* doc;
};
/// All of them, in the order in which they are applied: a net before its settings.
std::span<const ShortKey> short_keys();
/// The short names: "data", "lr", ...
std::vector<std::string> short_names();

/// The key that a short name stands for, "optimizer.lr" for "lr", "--lr" and "train.lr"; others stay.
std::string key_of(const std::string& name);
/// The key that was meant by one that there is not, or "".
std::string key_near(const std::string& key, const Experiment& experiment);

}  // namespace chainrule::cli
