#pragma once

#include <string>

#include "chainrule/train/sweep.h"

namespace chainrule::cli {

/// An SVG of what came of the runs of a sweep: a figure a setting, its values against the scores.
/// @param measured  what the scores are: "validation.loss".
std::string sweep_svg(const train::SweepResult& result, const std::string& measured, bool larger_is_better);

}  // namespace chainrule::cli
