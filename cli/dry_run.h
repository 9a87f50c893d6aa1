#pragma once

#include <cstdint>

#include "experiment.h"

namespace chainrule::cli {

/// Prints layers, shapes, parameters, memory, and the time that the run would take, from about a second of
/// steps. Returns the exit code.
int describe_run(const Experiment& experiment, const LoadedData& data, train::Trainer& trainer,
                 std::int64_t steps);

}  // namespace chainrule::cli
