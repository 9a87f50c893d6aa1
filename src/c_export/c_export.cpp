#include "chainrule/c_export.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "c_export/parts.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "chainrule/plan.h"
#include "core/text.h"

namespace chainrule {
namespace c_export {

nn::Ports Exported::predict(const nn::Inputs& inputs) const {
  return model != nullptr ? nn::Ports(model->predict(inputs[0])) : net->predict_all(inputs);
}

namespace {

constexpr std::int64_t kExamples = 4;

void check_name(const std::string& name) {
  const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const bool is_good = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                       std::all_of(name.begin(), name.end(), is_letter);
  if (is_good) return;
  throw ValueError(
      571, cat("[export_c] '", name,
               "' cannot be the name of functions in C. Take letters, digits and _, no digit first."));
}

/// The first rows, each by itself; the whole where inputs have no rows in common.
std::vector<Row> rows_of(const nn::Inputs& examples) {
  std::int64_t rows = -1;
  bool alike = true;
  for (const Tensor& input : examples.all()) {
    if (input.is_empty()) continue;
    const std::int64_t own = input.ndim() == 0 ? 0 : input.size(0);
    alike = alike && own > 0 && (rows < 0 || own == rows);
    rows = own;
  }
  std::vector<Row> made;
  for (std::int64_t i = 0; i < (alike ? std::min(rows, kExamples) : 1); ++i) {
    Row row;
    for (const Tensor& input : examples.all()) {
      row.push_back(input.is_empty() || !alike ? input : slice(input, 0, i, i + 1));
    }
    for (Tensor& one : row) {
      if (!one.is_empty()) one = detach(one);
    }
    made.push_back(std::move(row));
  }
  return made;
}

/// Names from "x, h?"; with a prefix where a name would mean something else in C.
std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  std::string name;
  const auto finish = [&] {
    if (!name.empty()) names.push_back(name);
    name.clear();
  };
  for (const char c : list) {
    if (c == ',') finish();
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') name += c;
  }
  finish();
  return names;
}

std::string operation_list(const Lowering& graph) {
  return cat("[export_c] these operations have no form in C:", graph.missing(),
             "\nExport a net without them.");
}

void name_constants(const Exported& of, Constants& constants) {
  for (const nn::NamedParameter& named : of.net->parameters()) {
    std::string name = cat("$_", named.name);
    std::replace(name.begin(), name.end(), '.', '_');
    constants.names[named.parameter.value().node()] = name;
  }
}

/// What the net says of a row with rounded weights; without any, what it says.
Row predict_with(const Exported& of, const Row& row, const Rounded& rounded, const Row& inputs,
                 const Row& outputs) {
  if (rounded.weights.empty()) {
    const nn::Ports ports = of.predict(nn::Inputs(std::span<const Tensor>(row)));
    return {ports.all().begin(), ports.all().end()};
  }
  std::vector<Tensor> from, values;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].is_empty()) continue;
    from.push_back(inputs[i]);
    values.push_back(row[i]);
  }
  from.insert(from.end(), rounded.weights.begin(), rounded.weights.end());
  values.insert(values.end(), rounded.values.begin(), rounded.values.end());
  Plan plan = make_plan(outputs, std::span<const Tensor>(from));
  return plan.run(std::span<const Tensor>(values));
}

double distance(const Row& a, const Row& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::vector<double> x = a[i].to_vector<double>(), y = b[i].to_vector<double>();
    for (std::size_t j = 0; j < x.size(); ++j) largest = std::max(largest, std::abs(x[j] - y[j]));
  }
  return largest;
}

std::vector<Argument> arguments(const std::vector<std::string>& names, const Row& tensors) {
  std::vector<Argument> made;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors[i].is_empty()) made.push_back({names[i], tensors[i]});
  }
  return made;
}

CSource make(const Exported& of, const nn::Inputs& examples) {
  check_name(of.name);
  Written written;
  written.of = &of;
  written.examples = rows_of(examples);
  written.input_names = of.model != nullptr ? std::vector<std::string>{"x"} : names_in(of.net->input_names());
  written.output_names =
      of.model != nullptr ? std::vector<std::string>{"y"} : names_in(of.net->output_names());
  for (std::string& name : written.output_names) {  // h goes in, h_out comes out
    const auto& taken = written.input_names;
    if (std::find(taken.begin(), taken.end(), name) != taken.end()) name += "_out";
  }
  if (written.examples.empty())
    throw ValueError(571, "[export_c] there is no row among the examples. Give one.");
  for (const Tensor& input : written.examples[0]) {
    written.inputs.push_back(input.is_empty() ? input : zeros(input.shape(), input.dtype()));
  }
  const nn::Ports ports = of.predict(nn::Inputs(std::span<const Tensor>(written.inputs)));
  written.outputs.assign(ports.all().begin(), ports.all().end());
  written.state = trained_parameters(of);

  Constants constants;
  name_constants(of, constants);
  std::vector<Argument> inputs = arguments(written.input_names, written.inputs);
  inputs.insert(inputs.end(), written.state.begin(), written.state.end());
  Lowering predict(constants, inputs, arguments(written.output_names, written.outputs));
  if (!predict.missing().empty()) throw ValueError(570, operation_list(predict));

  const Rounded rounded = of.options.int8 ? round_weights(predict, constants) : Rounded{};
  CSource made;
  for (const Row& row : written.examples) {
    written.expected.push_back(predict_with(of, row, rounded, written.inputs, written.outputs));
    if (!of.options.int8) continue;
    made.int8_error =
        std::max(made.int8_error, distance(written.expected.back(), predict_with(of, row, {}, {}, {})));
  }
  predict.run();
  written.workspace_bytes = predict.writer().assign_memory();
  written.predict = predict.writer().text();
  written.functions = predict.writer().functions();

  if (!written.state.empty()) {
    const Tensor target = zeros(written.outputs[0].shape()), rate = zeros({});
    inputs.push_back({"t", target});
    inputs.push_back({"rate", rate});
    Lowering train(constants, inputs, train_step(of, written.outputs[0], target, rate, written.state));
    if (!train.missing().empty()) throw ValueError(570, operation_list(train));
    train.run();
    written.workspace_bytes = std::max(written.workspace_bytes, train.writer().assign_memory());
    written.train = train.writer().text();
    written.functions.insert(train.writer().functions().begin(), train.writer().functions().end());
    for (const Argument& one : written.state) made.state_bytes += 4 * one.tensor.numel();
  }
  write_files(written, constants, made);
  return made;
}

CSource write_to(const std::string& path, CSource made) {
  io::replace_file(cat(path, ".h"), made.header);
  io::replace_file(cat(path, ".c"), made.source);
  return made;
}

std::string name_from(const std::string& path) {
  const std::size_t at = path.find_last_of('/');
  return at == std::string::npos ? path : path.substr(at + 1);
}

}  // namespace
}  // namespace c_export

CSource c_source(const std::string& name, const nn::Layer& net, const nn::Inputs& examples,
                 const CExportOptions& options) {
  return c_export::make({name, &net, nullptr, options}, examples);
}

CSource c_source(const std::string& name, const Model& model, const Tensor& examples,
                 const CExportOptions& options) {
  return c_export::make({name, model.net.get(), &model, options}, examples);
}

CSource export_c(const std::string& path, const nn::Layer& net, const nn::Inputs& examples,
                 const CExportOptions& options) {
  return c_export::write_to(path, c_source(c_export::name_from(path), net, examples, options));
}

CSource export_c(const std::string& path, const Model& model, const Tensor& examples,
                 const CExportOptions& options) {
  return c_export::write_to(path, c_source(c_export::name_from(path), model, examples, options));
}

}  // namespace chainrule
