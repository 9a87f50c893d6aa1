#pragma once

#include <string>
#include <vector>

#include "onnx/form.h"
#include "onnx/traced.h"

namespace chainrule::onnx {

/// What things are called in the file.
struct Names {
  std::vector<std::string> inputs, outputs, parameters;
  std::string batch;
};

/// Puts what follows a convolution or a product with weights, channel by channel, into the weights and one
/// bias.
void fold_scales(TracedGraph& graph, Names& names);

/// The graph of a file. Parameters become initializers, other leaves Constant nodes; what depends on neither
/// an input nor a parameter is computed now.
/// @throws ValueError  for an operation without a form: lists all (E520); and E522.
void emit(const TracedGraph& graph, const Names& names, Model& model);

}  // namespace chainrule::onnx
