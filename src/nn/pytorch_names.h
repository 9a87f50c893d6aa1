#pragma once

#include <string>
#include <vector>

#include "chainrule/nn/layer.h"

namespace chainrule::nn {

/// A tensor of PyTorch's, and what it is here.
struct TorchEntry {
  std::string name;                 // within its layer: "weight"
  std::vector<Variable> variables;  // more than one: they stand one behind the other along its first axis
  bool transposed = false;
  bool is_row = false;          // a single number is a row of one there
  bool counts_batches = false;  // num_batches_tracked, which nothing here needs
};
/// A layer with variables of its own.
struct TorchLayer {
  std::string path;      // as PyTorch has it: "0", "encoder.self_attn"
  std::string own_path;  // as this library has it: "affine1"
  std::vector<TorchEntry> entries;
};
/// The layers of a net in their order; a variable that is held twice stands in both places.
std::vector<TorchLayer> torch_layers(Layer& net);

}  // namespace chainrule::nn
