// The gradients of any net against differences, in f64.
#include "net_gradients.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "json_text.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

Tensor in_f64(const Tensor& x) { return is_floating(x.dtype()) ? detach(cast(x, f64)) : x; }

/// First values that are all alike, such as biases of 0, lie on relu's kink wherever an input is 0: draws
/// some beside them.
void move_off_kinks(const nn::Layer& net, std::uint64_t seed) {
  Random random(seed);
  for (auto [name, parameter] : net.parameters()) {
    std::vector<double> values = parameter.value().to_vector();
    if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end()) continue;
    for (double& each : values) each += random.uniform(-0.1, 0.1);
    parameter.set_value(from_data(values, parameter.value().shape()));
  }
}

/// Lets a net hold in several places what another one holds there, such as an embedding that is the weight of
/// the last layer, too: settings do not say it.
void tie_as(const nn::Layer& of, nn::Layer& net) {
  const std::vector<nn::Members::Member> theirs = of.variables(), ours = net.variables();
  for (std::size_t i = 0; i < std::min(theirs.size(), ours.size()); ++i) {
    const auto first = std::find_if(theirs.begin(), theirs.end(),
                                    [&](const auto& member) { return member.is_same(theirs[i]); });
    const nn::Members::Member& kept = ours[static_cast<std::size_t>(first - theirs.begin())];
    if (ours[i].parameter != nullptr && kept.parameter != nullptr) *ours[i].parameter = *kept.parameter;
    if (ours[i].state != nullptr && kept.state != nullptr) *ours[i].state = *kept.state;
  }
}

/// Files in the format ONNX say what dtype their numbers have: they are read as f64.
void read_in_f64(config::Value& value) {
  const bool is_onnx = value.kind == config::Value::Kind::call && value.text == "onnx";
  for (config::Value& each : value.list) read_in_f64(each);
  for (config::Entry& each : value.table) {
    read_in_f64(each.value);
    if (is_onnx && each.key == "in_f64") each.value = true;
  }
}

/// The net again, in f64, with the same weights if it has some.
Shared<nn::Layer> in_f64(const Experiment& experiment, bool is_trained, const Tensor& x) {
  const nn::Layer& of = *experiment.net;
  config::Value settings = config::write(of);
  read_in_f64(settings);
  const Shared<nn::Layer> net = config::make<nn::Layer>(settings);
  net->build(x, {.seed = experiment.seed, .dtype = f64, .follow = false});
  if (is_trained) {
    tie_as(of, *net);
    load(tensors_of(of), *net);
  } else {
    move_off_kinks(*net, experiment.seed);
  }
  return net;
}

/// The first rows to learn from.
data::Batch first_rows(const LoadedData& data, std::int64_t count) {
  if (data.train.rows() < count) {
    throw ValueError(85, fmt::format("[check] the set has {} training rows, {} are asked for with --samples.",
                                     data.train.rows(), count));
  }
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return data.train.take(rows);
}

std::string_view word(const explain::NetCheck& made) {
  return made.differs() ? "differ" : made.is_complete() ? "agree" : "incomplete";
}

}  // namespace

NetGradients check_gradients(const Experiment& experiment, const LoadedData& data, bool is_trained,
                             const CheckNetOptions& options) {
  const data::Batch batch = first_rows(data, options.samples);
  const Tensor x = in_f64(data.scaler ? (*data.scaler)(batch[0]) : batch[0]);
  const Tensor t = in_f64(data.scaler ? data.scaler->target(batch.target()) : batch.target());
  const Shared<nn::Layer> net = in_f64(experiment, is_trained, x);
  const loss::AnyLoss loss(experiment.loss);
  const auto of_pass = [&](nn::Pass& pass) { return (*loss)(net->forward(x, pass), t); };
  return {explain::check_net(*net, of_pass,
                             {.elements = options.elements,
                              .tolerance = options.tolerance,
                              .seed = options.seed,
                              .broken = options.broken},
                             {.training = true, .seed = options.seed}),
          net};
}

std::string to_json(const explain::NetCheck& made, const CheckNetOptions& options,
                    const Experiment& experiment) {
  Json parameters = Json::array();
  for (const explain::ParameterCheck& p : made.parameters) {
    parameters.push_back({{"name", p.path},
                          {"shape", std::vector<std::int64_t>(p.shape.begin(), p.shape.end())},
                          {"compared", p.compared},
                          {"unseen", p.unseen},
                          {"element", p.element},
                          {"analytic", p.analytic},
                          {"numeric", p.numeric},
                          {"max_relative_error", p.relative_error},
                          {"passed", !p.differs && p.compared > 0}});
  }
  return json_text(Json{{"passed", !made.differs() && made.is_complete()},
                        {"verdict", word(made)},
                        {"parameters", std::move(parameters)},
                        {"culprit", made.culprit.empty() ? Json() : Json(made.culprit)},
                        {"net", config::describe(*experiment.net)},
                        {"data", experiment.data.name},
                        {"samples", options.samples},
                        {"elements", options.elements},
                        {"tolerance", options.tolerance},
                        {"seed", options.seed},
                        {"broken", options.broken.empty() ? Json() : Json(options.broken)},
                        {"version", CHAINRULE_VERSION}});
}

}  // namespace chainrule::cli
