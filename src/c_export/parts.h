#pragma once

#include <string>
#include <vector>

#include "c_export/lower.h"
#include "chainrule/c_export.h"

namespace chainrule::c_export {

/// What is exported: layers in a row, and what their ports are called.
struct Exported {
  std::string name;
  const nn::Layer* net = nullptr;
  const Model* model = nullptr;  // with what goes before and after; or null
  CExportOptions options;

  nn::Ports predict(const nn::Inputs& inputs) const;
};

/// A row of each input.
using Row = std::vector<Tensor>;

/// The parameters that the C program can train, and their names there.
std::vector<Argument> trained_parameters(const Exported& of);
/// The step as a graph: the new parameters, by the same names, and last the loss.
/// @throws ValueError E572
std::vector<Argument> train_step(const Exported& of, const Tensor& prediction, const Tensor& target,
                                 const Tensor& rate, const std::vector<Argument>& parameters);

/// Fills `constants.whole` for the weights; returns them and what they are in the C program.
struct Rounded {
  std::vector<Tensor> weights, values;
};
Rounded round_weights(const Lowering& graph, Constants& constants);

/// Everything that the two files are written from.
struct Written {
  const Exported* of = nullptr;
  std::vector<std::string> input_names, output_names;
  Row inputs, outputs;
  std::vector<Argument> state;
  std::vector<Row> examples, expected;
  std::int64_t workspace_bytes = 0;
  std::string predict, train;  // bodies of functions
  std::set<std::string_view> functions;
};
/// Writes the texts, and how many bytes all takes.
void write_files(const Written& from, Constants& constants, CSource& made);

}  // namespace chainrule::c_export
