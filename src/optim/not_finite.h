#pragma once

#include <string>
#include <vector>

#include "chainrule/nn/parameter.h"
#include "chainrule/tensor.h"

namespace chainrule::optim {

/// Where the first number of a graph comes from that is infinite or NaN.
struct Culprit {
  enum class Kind { operation, parameter, data } kind;
  std::string text;       ///< "log in layer affine1, called from train.cpp:41", "parameter affine1.weight"
  std::string name = {};  ///< of the parameter
  bool is_nan = false;    ///< whether it has a NaN, which no size of a step makes of finite numbers
};

/// The operation that made it out of finite numbers, or the leaf that has it. Computes every node, and keeps
/// them all.
Culprit first_not_finite(const Tensor& output, const std::vector<nn::NamedParameter>& parameters);

}  // namespace chainrule::optim
