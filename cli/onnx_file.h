#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/nn/model.h"

namespace chainrule::cli {

/// Whether a word names a file in the format ONNX, by its ending.
bool is_onnx(const std::string& name);
/// @throws FileError, ValueError  as load_onnx; FileError  if the tool was built without ONNX (E510).
Model load_onnx_file(const std::string& path);
/// What `info` says of it.
std::string onnx_text(const std::string& path);
/// Shape of a row of its first input; empty if the file does not say it.
std::vector<std::int64_t> onnx_row(const nn::Layer& net);

/// A net of another program that says how likely each class is, as one that gives logits and takes pictures
/// as they are; empty if it is none.
Shared<nn::Layer> classifier_of(const nn::Layer& net);

struct OnnxExport {
  std::string out;
  bool fold = false, fixed = false;
};
/// Writes a model; returns what it says of it.
std::string write_onnx_file(const Model& model, const nn::Inputs& example, const OnnxExport& options);

}  // namespace chainrule::cli
