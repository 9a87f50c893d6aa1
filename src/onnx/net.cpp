// A net from an ONNX file, as a layer.
#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "onnx/program.h"

namespace chainrule {
namespace nn {

OnnxNet::OnnxNet(std::string file, const OnnxReadOptions& options)
    : file_(std::move(file)), options_(options) {}

void OnnxNet::fields(Fields& f) {
  f("file", file_, "the ONNX file, read when the net is first used");
  f("in_f64", options_.in_f64, "all floating numbers become f64; else they are what the file says");
}

const onnx::Program& OnnxNet::program() const {
  if (!program_) *const_cast<OnnxNet*>(this) = load_onnx(file_, options_);
  return static_cast<const onnx::Program&>(*program_);
}

void OnnxNet::members(Members& m) {
  if (!program_ && !file_.empty()) program();
  for (auto& [name, parameter] : parameters_) m(name, parameter);
  for (auto& [name, state] : states_) m(name, state);
}

std::string_view OnnxNet::input_names() const { return program().input_names(); }
std::string_view OnnxNet::output_names() const { return program().output_names(); }

Ports OnnxNet::compute(const Inputs& in, Pass& pass) const {
  const onnx::Program& program = this->program();
  for (std::size_t i = 0; i < program.inputs().size(); ++i) {
    const onnx::Value& wanted = *program.inputs()[i];
    const Shape& given = in[i].shape();
    const onnx::ElementType* type = onnx::find_element_type(wanted.type);
    bool fits = type == nullptr || type->dtype == in[i].dtype();
    if (wanted.has_shape) {
      fits = fits && static_cast<std::size_t>(given.ndim()) == wanted.sizes.size();
      for (int axis = 1; fits && axis < given.ndim(); ++axis) {
        const std::int64_t size = wanted.sizes[static_cast<std::size_t>(axis)].number;
        fits = size < 0 || size == given[axis];
      }
    }
    if (fits) continue;
    std::string sizes;
    for (const onnx::Size& size : wanted.sizes) {
      sizes += cat(sizes.empty() ? "" : ", ", size.number >= 0    ? std::to_string(size.number)
                                              : size.name.empty() ? "?"
                                                                  : size.name);
    }
    throw ShapeError(509, cat("[onnx] input ", wanted.name, " is ", given, " ", in[i].dtype(), "; ",
                              program.name(), " takes (", sizes, ")", type == nullptr ? "" : " ",
                              type == nullptr ? std::string_view() : name_of(type->dtype),
                              ". The first axis may have any size."));
  }
  onnx::Run run = program.start(pass);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    run.values[static_cast<std::size_t>(program.parameters()[i].place)] = parameters_[i].second.value();
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const std::int32_t place = program.statistics()[i].place;
    run.values[static_cast<std::size_t>(place)] = pass.value(states_[i].second);
    run.states.emplace_back(place, states_[i].second);
  }
  Ports outputs;
  for (Tensor& output : program.run(run, in.all())) outputs.push_back(std::move(output));
  return outputs;
}

std::vector<Tensor> OnnxNet::example_inputs(std::int64_t batch) const {
  std::vector<Tensor> inputs;
  for (const onnx::Value* input : program().inputs()) {
    const onnx::ElementType* type = onnx::find_element_type(input->type);
    if (!input->has_shape || type == nullptr) {
      throw ValueError(507, cat("[onnx] ", program().name(), " does not say the shape of its input ",
                                input->name, ". Give inputs of your own."));
    }
    std::vector<std::int64_t> sizes;
    for (const onnx::Size& size : input->sizes) sizes.push_back(size.number >= 0 ? size.number : batch);
    const Shape shape(sizes);
    if (shape.numel() > onnx::kMostNumbers) {
      throw ValueError(525, cat("[onnx] ", program().name(), ": its input ", input->name, " is ", shape, ", ",
                                shape.numel(), " numbers; an example may have at most ", onnx::kMostNumbers,
                                ". Mistrust the file, or give inputs of your own."));
    }
    inputs.push_back(zeros(shape, type->dtype));
  }
  return inputs;
}

const std::vector<std::pair<std::string, std::string>>& OnnxNet::metadata() const {
  return program().model().metadata;
}

bool OnnxNet::gives_probabilities() const {
  const onnx::Model& model = program().model();
  const auto& outputs = model.graph.outputs;
  const auto& all = model.graph.operations;
  return !outputs.empty() && std::any_of(all.begin(), all.end(), [&](const onnx::Operation& each) {
    return each.type == "Softmax" && !each.outputs.empty() && each.outputs[0] == outputs[0].name;
  });
}

std::string OnnxNet::summary() const {
  const onnx::Program& program = this->program();
  const onnx::Model& model = program.model();
  std::map<std::string, int> counts;
  for (const onnx::Operation& operation : model.graph.operations) ++counts[operation.type];
  std::string text = cat(program.name(), ": ONNX, opset ", model.opset, ", IR ", model.ir_version);
  if (!model.producer.empty()) text += cat(", by ", model.producer, " ", model.producer_version);
  const auto port = [&](std::string_view what, const onnx::Value& value) {
    const onnx::ElementType* type = onnx::find_element_type(value.type);
    text += cat("\n", what, " ", value.name, " (");
    for (std::size_t i = 0; i < value.sizes.size(); ++i) {
      const onnx::Size& size = value.sizes[i];
      text += cat(i == 0 ? "" : ", ", size.number >= 0    ? std::to_string(size.number)
                                      : size.name.empty() ? "?"
                                                          : size.name);
    }
    text += cat(")", type == nullptr ? "" : " ", type == nullptr ? std::string_view() : type->name);
  };
  for (const onnx::Value* input : program.inputs()) port("input ", *input);
  for (const onnx::Value& output : model.graph.outputs) port("output", output);
  text += "\noperators:";
  for (const auto& [name, count] : counts) text += cat(" ", name, count > 1 ? cat(" x", count) : "");
  std::int64_t numbers = 0;
  for (const auto& [name, parameter] : parameters_) {
    numbers += parameter.value().numel();
    text += cat("\n  ", name, " ", parameter.value().shape(), " ", parameter.value().dtype());
  }
  return text + cat("\n", parameters_.size(), " parameters, ", numbers, " numbers\n");
}

}  // namespace nn

nn::OnnxNet load_onnx_bytes(std::string_view bytes, const std::string& name, const std::string& folder,
                            const OnnxReadOptions& options) {
  static const bool kIsKnown =
      (registry<nn::Layer>().add<nn::OnnxNet>(), true);  // to configurations: onnx(file=...)
  static_cast<void>(kIsKnown);
  nn::OnnxNet net;
  net.file_ = name;
  net.options_ = options;
  onnx::Model model = onnx::parse_model(bytes, name, folder);
  if (options.in_f64) onnx::widen(model);
  const Shared<onnx::Program> program(new onnx::Program(std::move(model), name));
  net.program_ = program;
  for (const onnx::Program::Held& held : program->parameters()) {
    net.parameters_.emplace_back(held.name, nn::Parameter(held.tensor));
  }
  for (const onnx::Program::Held& held : program->statistics()) {
    net.states_.emplace_back(held.name, nn::State(held.tensor));
  }
  return net;
}

nn::OnnxNet load_onnx(const std::string& path, const OnnxReadOptions& options) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
  const std::string bytes = io::read_file(path, kMost);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return load_onnx_bytes(bytes, path, folder.empty() ? "." : folder, options);
}

Model load_onnx_model(const std::string& path) {
  Model model;
  const Shared<nn::OnnxNet> net(new nn::OnnxNet(load_onnx(path)));
  model.net = net;
  const auto layer = [&](const std::string& key, const std::string& text) {
    return config::make<nn::Layer>(config::parse_text(text, cat(path, ", ", key)));
  };
  for (const auto& [key, text] : net->metadata()) {
    if (key == "chainrule.before") {
      model.options.before = layer(key, text);
    } else if (key == "chainrule.after") {
      model.options.after = layer(key, text);
    } else if (key == "chainrule.classes") {
      for (const config::Value& value : config::parse_json(text, cat(path, ", ", key)).list)
        model.options.classes.push_back(value.text);
    } else if (!key.starts_with("chainrule.")) {
      model.options.notes.emplace_back(key, text);
    }
  }
  return model;
}

}  // namespace chainrule
