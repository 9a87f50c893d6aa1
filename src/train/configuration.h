#pragma once

#include <string>

#include "chainrule/train/team.h"

namespace chainrule::train {

/// What of two configurations, as TOML, is not the same and decides the bits of a run: a line each, "\n
/// loader.seed is 1 in the run, 2 here"; "" if nothing.
std::string differences(const std::string& of_run, const std::string& here);

/// Compares what the ranks of a team have, as TOML.
/// @throws RankError  on all ranks, naming what is not the same, and on which (E607).
void require_same(Team& team, const std::string& toml);

}  // namespace chainrule::train
