#pragma once

#include <span>
#include <vector>

#include "chainrule/grad.h"

namespace chainrule {

/// As `grad`, into a vector that is there already.
void append_gradients(const Tensor& output, std::span<const Tensor> variables, std::vector<Tensor>& gradients,
                      GradOptions options = {}, Location where = Location::current());

}  // namespace chainrule
