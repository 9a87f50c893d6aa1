#pragma once

#include "experiment.h"

namespace chainrule::cli {

/// Whether targets in units of their own, as scaled ones are, mean nothing to the loss: it takes classes,
/// probabilities or a yes and a no, and refuses other numbers.
bool refuses_numbers(const loss::Loss& loss);

/// Whether loss and metrics can be taken of the net's outputs and the target: tried on a row, so that a run
/// that cannot work says so in words of its settings before it begins. The net must be built.
/// @throws ValueError  if not (E354).
void check_fit(const Experiment& experiment, const LoadedData& data);

}  // namespace chainrule::cli
