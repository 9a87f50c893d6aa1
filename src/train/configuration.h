#pragma once

#include <string>

namespace chainrule::train {

/// What of two configurations, as TOML, is not the same and decides the bits of a run: a line each, "\n
/// loader.seed is 1 in the run, 2 here"; "" if nothing.
std::string differences(const std::string& of_run, const std::string& here);

}  // namespace chainrule::train
