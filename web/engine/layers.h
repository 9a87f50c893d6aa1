#pragma once

#include <string>
#include <vector>

#include "chainrule/nn/layer.h"

namespace chainrule::web {

/// What a layer gave.
struct LayerOutput {
  std::string path, what;  // "affine1", "affine(8)"
  Tensor output;
};
/// Each layer that holds no others, in the order in which they run, as inference.
std::vector<LayerOutput> layers_of(const nn::Layer& net, const Tensor& x);

}  // namespace chainrule::web
