#pragma once

#include <string>

#include "chainrule/train.h"

namespace chainrule::cli {

/// The handler that keeps a run in its folder, but so that a disk that fills while the run trains does not
/// end it: a warning says so, and from then on nothing more is written there. What was kept before stays
/// whole, and the run can be resumed from it. What fails at the beginning fails.
/// @param folder  for the warning.
/// @param is_kept  false from then on; it outlives the handler.
Shared<train::Handler> forgiving(Shared<train::Handler> keeper, std::string folder, bool& is_kept);

}  // namespace chainrule::cli
