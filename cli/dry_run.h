#pragma once

#include "training.h"

namespace chainrule::cli {

/// Prints layers, shapes, parameters, memory, and the time that the run would take, from about a second of
/// steps. Returns the exit code.
int describe_run(Training& training, bool is_json);

}  // namespace chainrule::cli
