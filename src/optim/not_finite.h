#pragma once

#include <string>

#include "chainrule/tensor.h"

namespace chainrule::optim {

/// The operation of a graph that made the first infinite number or NaN out of finite ones: "log in layer
/// affine1, called from train.cpp:41"; or the leaf that has one. Computes every node, and keeps them all.
std::string first_not_finite(const Tensor& output);

}  // namespace chainrule::optim
