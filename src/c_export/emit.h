#pragma once

#include <string>

#include "c_export/lower.h"

namespace chainrule::c_export {

/// Whether a node is of single elements: computed in a loop with its neighbours.
bool is_single(const Node& node);
/// Why this use of an operation has no form in C; "" if it has.
std::string misfit_of(const Node& node);
/// The axis of `input` with scales of their own, if the node takes it as weights that may be whole numbers;
/// else -1.
int weight_axis(const Node& node, const Tensor& input);

}  // namespace chainrule::c_export
