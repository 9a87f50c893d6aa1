#pragma once

#include <vector>

#include "chainrule/onnx.h"
#include "chainrule/op.h"
#include "onnx/model.h"

namespace chainrule::onnx {

/// What is written: a function of inputs, with names.
struct Subject {
  const nn::Layer* net = nullptr;  // or else a graph
  Tensors inputs, outputs;         // of a graph, or example inputs of a net
  std::vector<nn::NamedParameter> parameters;
  std::vector<nn::NamedState> states;
};

/// A net, and what it takes; built, if it was not.
Subject subject_of(const nn::Layer& net, const nn::Inputs& inputs);

/// What the net gives.
Tensors outputs_of(const nn::Layer& net, const Tensors& inputs);
/// The example with another number of rows.
Tensors with_batch(const Tensors& inputs, std::int64_t batch);

/// As it will stand in a file.
/// @throws ValueError  for operations and sizes that have no form (E520, E522).
Model model_of(const Subject& subject, const OnnxOptions& options);

}  // namespace chainrule::onnx
