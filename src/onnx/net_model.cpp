// Nets and graphs as models of the format.
#include "onnx/net_model.h"

#include <algorithm>
#include <set>

#include "chainrule/config.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "onnx/emission.h"

namespace chainrule::onnx {
namespace {

std::vector<std::string> split_names(std::string_view all) {
  std::vector<std::string> names;
  while (!all.empty()) {
    const std::size_t end = std::min(all.find(", "), all.size());
    std::string name(all.substr(0, end));
    if (name.ends_with('?')) name.pop_back();
    names.push_back(std::move(name));
    all.remove_prefix(std::min(end + 2, all.size()));
  }
  return names;
}

std::vector<std::string> chosen_names(const std::vector<std::string>& given, std::string_view own,
                                      std::string_view letter, std::size_t count) {
  std::vector<std::string> names = given.empty() ? split_names(own) : given;
  for (std::size_t i = names.size(); i < count; ++i)
    names.push_back(cat(letter, count == 1 ? "" : std::to_string(i + 1)));
  names.resize(count);
  return names;
}

std::vector<Trace> traces_of(const Subject& subject, const OnnxOptions& options) {
  if (subject.net == nullptr) return {{1, subject.inputs, with_loops_unrolled(subject.outputs)}};
  const auto trace = [&](std::int64_t batch, Tensors inputs) {
    const nn::WholeLayers marked(marks_taker());
    Tensors outputs = with_loops_unrolled(outputs_of(*subject.net, inputs));
    return Trace{batch, std::move(inputs), std::move(outputs)};
  };
  if (options.batch.empty()) return {trace(1, subject.inputs)};
  std::vector<Trace> traces;
  for (const std::int64_t batch : {2, 3, 5})
    traces.push_back(trace(batch, with_batch(subject.inputs, batch)));
  return traces;
}

std::string configuration(const nn::Layer& layer) { return config::to_text(config::write(layer)); }

void describe(const Subject& subject, const OnnxOptions& options, Model& model) {
  model.producer = "chainrule";
  model.producer_version = CHAINRULE_VERSION;
  model.graph.name = subject.net != nullptr ? std::string(subject.net->kind()) : "graph";
  auto& metadata = model.metadata;
  if (subject.net != nullptr && subject.net->kind() != "onnx")
    metadata.emplace_back("chainrule.net", configuration(*subject.net));
  if (options.model.before) metadata.emplace_back("chainrule.before", configuration(*options.model.before));
  if (options.model.after) metadata.emplace_back("chainrule.after", configuration(*options.model.after));
  if (!options.model.classes.empty()) {
    std::vector<config::Value> names(options.model.classes.begin(), options.model.classes.end());
    metadata.emplace_back("chainrule.classes", config::to_json(config::Value::of_list(std::move(names)), 0));
  }
  metadata.insert(metadata.end(), options.model.notes.begin(), options.model.notes.end());
}

/// The states that are in the file, by the names that they have there.
void name_states(std::span<const std::string> names, Model& model) {
  std::string states;
  for (const std::string& name : names) {
    if (model.graph.initializers.contains(name)) states += (states.empty() ? "" : "\n") + name;
  }
  if (!states.empty()) model.metadata.emplace_back("chainrule.states", states);
}

/// An output, or a parameter, that is called as an input is gets a sign behind.
void make_unique(Names& names) {
  std::set<std::string> taken;
  for (auto* all : {&names.inputs, &names.outputs, &names.parameters}) {
    for (std::string& name : *all) {
      while (!taken.insert(name).second) name += "_";
    }
  }
}

}  // namespace

Tensors with_batch(const Tensors& inputs, std::int64_t batch) {
  Tensors made;
  for (const Tensor& x : inputs) {
    if (x.is_empty() || x.ndim() == 0) {
      made.push_back(x);
      continue;
    }
    made.push_back(detach(take(x, remainder(arange(batch), std::max<std::int64_t>(x.shape()[0], 1)))));
  }
  return made;
}

Tensors outputs_of(const nn::Layer& net, const Tensors& inputs) {
  const nn::Ports outputs = net.predict_all(nn::Inputs(inputs));
  return {outputs.all().begin(), outputs.all().end()};
}

Subject subject_of(const nn::Layer& net, const nn::Inputs& inputs) {
  Subject subject{&net, {inputs.all().begin(), inputs.all().end()}, {}, {}, {}};
  outputs_of(net, subject.inputs);  // builds it, if it was not
  subject.parameters = net.parameters();
  subject.states = net.states();
  return subject;
}

Model model_of(const Subject& subject, const OnnxOptions& options) {
  const std::vector<Trace> traces = traces_of(subject, options);
  Names names;
  Tensors parameters;
  for (const nn::NamedParameter& p : subject.parameters)
    parameters.push_back(p.parameter.value()), names.parameters.push_back(p.name);
  for (const nn::NamedState& s : subject.states)
    parameters.push_back(s.state.value()), names.parameters.push_back(s.name);
  names.batch = options.batch;
  names.inputs = chosen_names(options.inputs, subject.net != nullptr ? subject.net->input_names() : "", "x",
                              traces[0].inputs.size());
  names.outputs = chosen_names(options.outputs, subject.net != nullptr ? subject.net->output_names() : "",
                               "y", traces[0].outputs.size());
  make_unique(names);
  const std::vector<std::string> states(
      names.parameters.begin() + static_cast<std::ptrdiff_t>(subject.parameters.size()),
      names.parameters.end());
  TracedGraph graph = traced_graph(traces, parameters);
  if (options.fold) fold_scales(graph, names);
  Model model;
  describe(subject, options, model);
  emit(graph, names, model);
  name_states(states, model);
  return model;
}

}  // namespace chainrule::onnx
