#pragma once

#include "progress.h"
#include "training.h"

namespace chainrule::cli {

/// Warns of a training that does not learn, each once, with the likely cause and what to try:
/// - the loss is ten times what it was at first, for some steps in a row, or a thousand times at once;
/// - after an epoch, and at least 100 steps, accuracy is about chance, or r2 is not above 0, and the loss has
///   hardly fallen;
/// - then half of an activation's units, or more, are dead: of no row of a batch does any gradient come back.
///
/// It is called at each step, and looks at the loss only; the rest is done once, at a report.
/// @param progress  whose bar a warning takes the place of. Both must outlive the handler.
Shared<train::Handler> watch_for_symptoms(const Training& training, Progress& progress);

}  // namespace chainrule::cli
