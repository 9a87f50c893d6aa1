// chainrule check NAME: the gradients of any net, by parameter, against differences.
#include "check_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "chainrule/error.h"
#include "chainrule/explain/check.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "color.h"
#include "exit_code.h"
#include "explain/table.h"
#include "json_text.h"
#include "output.h"
#include "subject.h"

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
Shared<nn::Layer> in_f64(const Subject& subject, const Tensor& x) {
  const nn::Layer& of = *subject.experiment.net;
  config::Value settings = config::write(of);
  read_in_f64(settings);
  const Shared<nn::Layer> net = config::make<nn::Layer>(settings);
  net->build(x, {.seed = subject.experiment.seed, .dtype = f64, .follow = false});
  if (subject.is_trained) {
    tie_as(of, *net);
    load(tensors_of(of), *net);
  } else {
    move_off_kinks(*net, subject.experiment.seed);
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

std::string place_of(const explain::ParameterCheck& p) {
  if (p.compared == 0) return "";
  if (p.element < 0) return "all of it";
  std::string text;
  std::int64_t rest = p.element;
  for (int axis = p.shape.ndim() - 1; axis >= 0; --axis) {
    text = fmt::format("{}{}{}", rest % p.shape[axis], text.empty() ? "" : ",", text);
    rest /= p.shape[axis];
  }
  return "[" + text + "]";
}

std::string_view word(const explain::NetCheck& made) {
  return made.differs() ? "differ" : made.is_complete() ? "agree" : "incomplete";
}

std::string sentence(const explain::NetCheck& made) {
  if (!made.differs() && made.is_complete()) return "They agree.\n";
  std::string names;
  for (const explain::ParameterCheck& p : made.parameters) {
    if (made.differs() ? p.differs : p.compared == 0) names += (names.empty() ? "" : ", ") + p.path;
  }
  if (made.differs()) return fmt::format("They do not agree for {}.\n{}\n", names, made.culprit);
  return fmt::format(
      "No difference was found, but nothing could be compared for {}: no step tells anything there.\n"
      "Try another --seed, or other --samples.\n",
      names);
}

std::string text_of(const explain::NetCheck& made, const std::string& heading) {
  explain::Table table({"parameter", ">compared", "worst at", ">backward", ">difference", ">error", ""});
  std::int64_t unseen = 0;
  for (const explain::ParameterCheck& p : made.parameters) {
    unseen += p.unseen;
    table.add({p.path, std::to_string(p.compared), place_of(p), fmt::format("{:.5g}", p.analytic),
               fmt::format("{:.5g}", p.numeric), fmt::format("{:.1e}", p.relative_error),
               p.differs         ? "DIFFERS"
               : p.compared == 0 ? "nothing to compare"
                                 : "ok"});
  }
  std::string text = heading + "\n\n" + table.to_string();
  if (unseen > 0) {
    text += fmt::format("{} more could not be seen: a kink lies there, or rounding hides them.\n", unseen);
  }
  return text + "\n" + sentence(made);
}

std::string json_of(const explain::NetCheck& made, const CheckNetOptions& options, const Subject& subject) {
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
                        {"net", config::describe(*subject.experiment.net)},
                        {"data", subject.experiment.data.name},
                        {"samples", options.samples},
                        {"elements", options.elements},
                        {"tolerance", options.tolerance},
                        {"seed", options.seed},
                        {"broken", options.broken.empty() ? Json() : Json(options.broken)},
                        {"version", CHAINRULE_VERSION}});
}

}  // namespace

int check_any_net(const CheckNetOptions& options) {
  Subject subject = open_subject(options.name, options.given);
  if (!subject.has_settings) {
    throw ValueError(
        347, fmt::format("[check] {} does not say how it was trained: neither loss nor metrics are known. "
                         "Take a model that chainrule train saved.",
                         subject.trained.path));
  }
  const LoadedData data = data_for(subject);
  const data::Batch batch = first_rows(data, options.samples);
  const Tensor x = in_f64(data.scaler ? (*data.scaler)(batch[0]) : batch[0]);
  const Tensor t = in_f64(data.scaler ? data.scaler->target(batch.target()) : batch.target());
  const Shared<nn::Layer> net = in_f64(subject, x);
  const loss::AnyLoss loss(subject.experiment.loss);
  const auto of_pass = [&](nn::Pass& pass) { return (*loss)(net->forward(x, pass), t); };
  const explain::NetCheck made = explain::check_net(*net, of_pass,
                                                    {.elements = options.elements,
                                                     .tolerance = options.tolerance,
                                                     .seed = options.seed,
                                                     .broken = options.broken},
                                                    {.training = true, .seed = options.seed});
  if (options.json) {
    write_text(stdout, json_of(made, options, subject));
  } else {
    write_text(
        stdout,
        colored_verdicts(text_of(
            made,
            fmt::format(
                "Gradients by backpropagation and by differences, as training computes them, of\n"
                "  {}\nin f64, at the first {}of {}:",
                config::describe(*net),
                options.samples == 1 ? "training row " : fmt::format("{} training rows ", options.samples),
                subject.experiment.data.name))));
  }
  return made.differs() ? kCheckFailed : made.is_complete() ? kDone : kFailed;
}

}  // namespace chainrule::cli
