#pragma once

#include <string>

#include "chainrule/config.h"
#include "experiment.h"

namespace chainrule::cli {

/// What the training rows were, to tell whether a run that goes on has the same: their number, and a checksum
/// of rows spread evenly over them (all, if they have not more than some million numbers).
config::Value fingerprint_of(const LoadedData& data);

/// @param run  the folder of a run that is to go on.
/// @throws ValueError  if its data were others (E359). Older runs do not say.
void check_fingerprint(const std::string& run, const LoadedData& data);

}  // namespace chainrule::cli
