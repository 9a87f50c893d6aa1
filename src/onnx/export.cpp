// Nets and graphs written as ONNX files, read again and compared.
#include <algorithm>
#include <cmath>
#include <set>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "onnx/emission.h"

namespace chainrule {
namespace {

/// What is written: a function of inputs, with names.
struct Subject {
  const nn::Layer* net = nullptr;  // or else a graph
  Tensors inputs, outputs;         // of a graph, or example inputs of a net
  std::vector<nn::NamedParameter> parameters;
  std::vector<nn::NamedState> states;
};

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

/// The example with another number of rows.
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

/// Inputs to compare with: floating ones normal, others in the range that the example has.
Tensors drawn(const Tensors& like, std::uint64_t seed) {
  Tensors made;
  for (std::size_t i = 0; i < like.size(); ++i) {
    const Tensor& x = like[i];
    const RandomKey key{.seed = seed, .step = i};
    if (x.is_empty() || x.numel() == 0) {
      made.push_back(x);
    } else if (has_gradient(x.dtype())) {
      made.push_back(detach(cast(normal(x.shape(), key, 0, 1, computed_as(x.dtype())), x.dtype())));
    } else {
      const Tensor numbers = cast(x, f64), low = min(numbers), high = max(numbers);
      made.push_back(detach(cast(floor(uniform(x.shape(), key, low, high + 1, f64)), x.dtype())));
    }
  }
  return made;
}

Tensors run(const nn::Layer& net, const Tensors& inputs) {
  const nn::Ports outputs = net.predict_all(nn::Inputs(inputs));
  return {outputs.all().begin(), outputs.all().end()};
}

std::vector<onnx::Trace> traces_of(const Subject& subject, const OnnxOptions& options) {
  if (subject.net == nullptr) return {{1, subject.inputs, onnx::with_loops_unrolled(subject.outputs)}};
  const auto trace = [&](std::int64_t batch, Tensors inputs) {
    const nn::WholeLayers marked(onnx::marks_taker());
    Tensors outputs = onnx::with_loops_unrolled(run(*subject.net, inputs));
    return onnx::Trace{batch, std::move(inputs), std::move(outputs)};
  };
  if (options.batch.empty()) return {trace(1, subject.inputs)};
  std::vector<onnx::Trace> traces;
  for (const std::int64_t batch : {2, 3, 5})
    traces.push_back(trace(batch, with_batch(subject.inputs, batch)));
  return traces;
}

std::string configuration(const nn::Layer& layer) { return config::to_text(config::write(layer)); }

void describe(const Subject& subject, const OnnxOptions& options, onnx::Model& model) {
  model.producer = "chainrule";
  model.producer_version = CHAINRULE_VERSION;
  model.graph.name = subject.net != nullptr ? std::string(subject.net->kind()) : "graph";
  auto& metadata = model.metadata;
  if (subject.net != nullptr && dynamic_cast<const nn::OnnxNet*>(subject.net) == nullptr)
    metadata.emplace_back("chainrule.net", configuration(*subject.net));
  if (options.model.before) metadata.emplace_back("chainrule.before", configuration(*options.model.before));
  if (options.model.after) metadata.emplace_back("chainrule.after", configuration(*options.model.after));
  if (!options.model.classes.empty()) {
    std::vector<config::Value> names(options.model.classes.begin(), options.model.classes.end());
    metadata.emplace_back("chainrule.classes", config::to_json(config::Value::of_list(std::move(names)), 0));
  }
  std::string states;
  for (const nn::NamedState& state : subject.states) states += (states.empty() ? "" : "\n") + state.name;
  if (!states.empty()) metadata.emplace_back("chainrule.states", states);
  metadata.insert(metadata.end(), options.model.notes.begin(), options.model.notes.end());
}

/// An output, or a parameter, that is called as an input is gets a sign behind.
void make_unique(onnx::Names& names) {
  std::set<std::string> taken;
  for (auto* all : {&names.inputs, &names.outputs, &names.parameters}) {
    for (std::string& name : *all) {
      while (!taken.insert(name).second) name += "_";
    }
  }
}

onnx::Model model_of(const Subject& subject, const OnnxOptions& options) {
  const std::vector<onnx::Trace> traces = traces_of(subject, options);
  onnx::Names names;
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
  onnx::TracedGraph graph = onnx::traced_graph(traces, parameters);
  if (options.fold) onnx::fold_scales(graph, names);
  onnx::Model model;
  describe(subject, options, model);
  onnx::emit(graph, names, model);
  return model;
}

/// The largest difference between two results, relative to the largest number, or 1.
double largest_difference(const Tensors& a, const Tensors& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::vector<double> x = cast(a[i], f64).to_vector<double>(),
                              y = cast(b[i], f64).to_vector<double>();
    if (a[i].shape() != b[i].shape()) return INFINITY;
    double size = 1, difference = 0;
    for (const double v : x) size = std::isfinite(v) ? std::max(size, std::abs(v)) : size;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const bool same = x[k] == y[k] || (std::isnan(x[k]) && std::isnan(y[k]));
      if (!same)
        difference = std::max(difference, std::isnan(x[k] - y[k]) ? INFINITY : std::abs(x[k] - y[k]));
    }
    largest = std::max(largest, difference / size);
  }
  return largest;
}

/// What the file gives, read again, against what the net gives.
double compared(const Subject& subject, const OnnxOptions& options, const std::string& bytes) {
  const nn::OnnxNet again = load_onnx_bytes(bytes, "what was written");
  if (subject.net == nullptr) return largest_difference(subject.outputs, run(again, subject.inputs));
  double largest = 0;
  const std::int64_t tries = options.batch.empty() ? 16 : 4;  // 4 batches of 1, 4, 5 and 6 are 16 as well
  for (std::int64_t i = 0; i < tries; ++i) {
    const std::int64_t batch = i == 0 ? 1 : i + 3;
    const Tensors like = options.batch.empty() ? subject.inputs : with_batch(subject.inputs, batch);
    const Tensors inputs = drawn(like, static_cast<std::uint64_t>(i) + 1);
    Tensors given;
    for (const Tensor& x : inputs) {
      if (!x.is_empty()) given.push_back(x);
    }
    largest = std::max(largest, largest_difference(run(*subject.net, inputs), run(again, given)));
  }
  return largest;
}

struct Written {
  std::string bytes;
  OnnxReport report;
};

Written written(const Subject& subject, const OnnxOptions& options) {
  onnx::Model model = model_of(subject, options);
  Written made{onnx::model_bytes(model), {}};
  made.report.operations = static_cast<std::int64_t>(model.graph.operations.size());
  for (const auto& [name, tensor] : model.graph.initializers) made.report.parameters += tensor.numel();
  if (!options.check) return made;
  made.report.largest_difference = compared(subject, options, made.bytes);
  constexpr double kMost = 1e-4;
  if (!(made.report.largest_difference <= kMost)) {
    throw ValueError(523, cat("[save_onnx] read again, the file gives other numbers: they differ by ",
                              made.report.largest_difference, "; need at most ", kMost,
                              ". Nothing was written. Please report it, with the net."));
  }
  model.metadata.emplace_back("chainrule.largest_difference", cat(made.report.largest_difference));
  made.bytes = onnx::model_bytes(model);
  return made;
}

OnnxReport save_to(const std::string& path, const Subject& subject, const OnnxOptions& options) {
  const Written made = written(subject, options);
  io::replace_file(path, made.bytes);
  return made.report;
}

Subject subject_of(const nn::Layer& net, const nn::Inputs& inputs) {
  Subject subject{&net, {inputs.all().begin(), inputs.all().end()}, {}, {}, {}};
  run(net, subject.inputs);  // builds it, if it was not
  subject.parameters = net.parameters();
  subject.states = net.states();
  return subject;
}

}  // namespace

OnnxReport save_onnx(const std::string& path, const nn::Layer& net, const nn::Inputs& inputs,
                     const OnnxOptions& options) {
  return save_to(path, subject_of(net, inputs), options);
}

OnnxReport save_onnx(const std::string& path, const nn::OnnxNet& net, const OnnxOptions& options) {
  return save_onnx(path, net, nn::Inputs(net.example_inputs()), options);
}

std::string onnx_bytes(const nn::Layer& net, const nn::Inputs& inputs, const OnnxOptions& options) {
  return written(subject_of(net, inputs), options).bytes;
}

OnnxReport export_onnx(const std::string& path, std::span<const Tensor> outputs,
                       std::span<const Tensor> inputs, const OnnxOptions& options) {
  const Subject subject{nullptr, {inputs.begin(), inputs.end()}, {outputs.begin(), outputs.end()}, {}, {}};
  return save_to(path, subject, options);
}

OnnxReport export_onnx(const std::string& path, std::initializer_list<Tensor> outputs,
                       std::initializer_list<Tensor> inputs, const OnnxOptions& options) {
  return export_onnx(path, std::span(outputs.begin(), outputs.size()),
                     std::span(inputs.begin(), inputs.size()), options);
}

}  // namespace chainrule
