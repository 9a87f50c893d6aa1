#pragma once

#include <string>

#include "chainrule/plot/plot.h"

namespace chainrule::plot {

/// What a subject lacks for a plot; empty: nothing.
/// @{
std::string lacks_net(const Subject& of);
std::string lacks_answers(const Subject& of);
std::string lacks_classes(const Subject& of);
std::string lacks_image(const Subject& of);  ///< rows that are (1 or 3, height, width)
/// @}

/// How likely the net finds each class, row by row: (rows, classes). Outputs that are probabilities are left;
/// others go through softmax, a single one through a sigmoid.
std::vector<double> probabilities(const Answers& answers, std::size_t& classes);

/// "98%", "99.97%", "<0.01%".
std::string percent(double share);

}  // namespace chainrule::plot
