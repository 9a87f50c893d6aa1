#pragma once

#include <cstdint>
#include <string>

#include "chainrule/data/loader.h"
#include "chainrule/train/team.h"

namespace chainrule::train {

/// A table for configurations: checksums of the numbers in the rows, some of which stand for many, and of the
/// weights by which they are drawn.
std::string rows_table(const data::Loader& loader, std::int64_t most_numbers);

/// What of two configurations, as TOML, is not the same and decides the bits of a run: a line each, "\n
/// loader.seed is 1 in the run, 2 here"; "" if nothing. Rows count where both have checksums of them.
std::string differences(const std::string& of_run, const std::string& here);

/// Compares what the ranks of a team have, as TOML.
/// @throws RankError  on all ranks, naming what is not the same, and on which (E607).
void require_same(Team& team, const std::string& toml);

}  // namespace chainrule::train
