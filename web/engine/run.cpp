#include "run.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "check_net.h"
#include "core/text.h"
#include "explain_batch.h"
#include "layers.h"
#include "net_gradients.h"
#include "onnx/net_model.h"

namespace chainrule::web {
namespace {

using Rows = std::vector<std::int64_t>;

cli::Training* open(const std::string& toml) {
  cli::Experiment experiment;
  config::read(experiment, config::parse_toml(toml, "run.toml"));
  cli::LoadedData data = cli::load_data(experiment.data, experiment.seed);
  auto training = std::make_unique<cli::Training>(std::move(experiment), std::move(data));
  training->add_handlers();
  return training.release();
}

double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

Json shape_of(const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); }

void append(std::vector<float>& to, const Tensor& from) {
  const std::vector<float> more = cast(from, f32).to_vector<float>();
  to.insert(to.end(), more.begin(), more.end());
}

/// A report as history.jsonl has it, its metrics beside the loss.
Json report(const train::Report& of) {
  Json made = Json::parse(train::to_json(of));
  const Json metrics = made["metrics"];
  made.erase("metrics");
  for (const auto& [name, value] : metrics.items()) made[name] = value;
  return made;
}

}  // namespace

Run::Run(const std::string& toml) : training_(open(toml)) {}

Json Run::about() const {
  const cli::Experiment& experiment = training_->experiment();
  const cli::LoadedData& data = training_->data();
  std::int64_t parameters = 0;
  for (const auto& [name, parameter] : training_->net().parameters()) parameters += parameter.value().numel();
  Json inputs = Json::array();
  for (const auto& column : data.columns) inputs.push_back(column->name);
  Json parts = Json::array();
  for (const auto& [name, source] :
       {std::pair("train", &data.train), {"validation", &data.validation}, {"test", &data.test}}) {
    if (*source) parts.push_back({{"name", name}, {"rows", source->rows()}});
  }
  return {{"data", data.described},
          {"net", config::describe(*experiment.net)},
          {"loss", config::describe(*experiment.loss)},
          {"rule", config::describe(*experiment.optimizer.rule)},
          {"parameters", parameters},
          {"steps", training_->steps()},
          {"report_every", training_->report_every()},
          {"steps_per_epoch", training_->trainer().steps_per_epoch()},
          {"columns", inputs},
          {"target", data.target},
          {"classes", data.classes},
          {"has_classes", data.has_classes},
          {"input", shape_of(data.train.columns()[0].shape)},
          {"parts", parts},
          {"settings", config::to_toml(config::write(experiment))}};
}

Json Run::train(std::int64_t steps, double milliseconds) {
  train::Trainer& trainer = training_->trainer();
  const std::size_t reports = trainer.history().size();
  const std::int64_t last = training_->steps(), every = training_->report_every(),
                     first = trainer.steps_done();
  const double until = now() + milliseconds;
  double loss = 0;
  while (!is_done_ && trainer.steps_done() < last && trainer.steps_done() - first < steps) {
    const std::int64_t next = trainer.steps_done() + 1;
    if (next % every == 0 || next == last) {  // handlers are due: the last one of a run reports in any case
      const train::Result result = trainer.run(chainrule::steps(1));
      loss = trainer.state().loss;
      is_done_ = result.stopped || next == last;
      reason_ = result.reason;
    } else {
      loss = trainer.step();
    }
    if (now() >= until) break;
  }
  Json made{{"step", trainer.steps_done()},
            {"steps", trainer.steps_done() - first},
            {"loss", loss},
            {"done", is_done_},
            {"reason", reason_},
            {"reports", Json::array()}};
  for (std::size_t i = reports; i < trainer.history().size(); ++i) {
    made["reports"].push_back(report(trainer.history()[i]));
  }
  return made;
}

Tensor Run::scaled(const Tensor& x) const {
  const Shared<data::Scaler>& scaler = training_->data().scaler;
  return scaler ? (*scaler)(x) : x;
}

/// Outputs as people read them: probabilities, or numbers in the target's units.
Tensor Run::answers(const Tensor& y) const {
  const cli::LoadedData& data = training_->data();
  if (data.has_classes) return softmax(y, 1);
  return data.scaler ? data.scaler->inverse(y) : y;
}

const data::Source& Run::part(const std::string& name) const {
  const cli::LoadedData& data = training_->data();
  const data::Source& found = name == "test"         ? data.test
                              : name == "validation" ? data.validation
                                                     : data.train;
  if (!found) throw ValueError(621, cat("[web] there is no ", name, " part. Set data.", name, " above 0."));
  return found;
}

Json Run::net(std::vector<float>& numbers) const {
  const Tensor row = scaled(training_->data().train.take({0})[0]);
  Json made{{"layers", Json::array()}, {"parameters", Json::array()}};
  for (const LayerOutput& each : layers_of(training_->net(), row)) {
    made["layers"].push_back(
        {{"path", each.path}, {"what", each.what}, {"shape", shape_of(each.output.shape())}});
  }
  for (const auto& [path, parameter] : training_->net().parameters()) {
    made["parameters"].push_back(
        {{"path", path}, {"shape", shape_of(parameter.value().shape())}, {"at", numbers.size()}});
    append(numbers, parameter.value());
  }
  return made;
}

Json Run::map(const Window& window, std::vector<float>& numbers) const {
  constexpr std::int64_t kMostUnits = 64;
  const cli::LoadedData& data = training_->data();
  if (data.train.columns()[0].shape != Shape{2}) {
    throw ValueError(
        622, "[web] a map needs a net of two inputs: this one has others. Choose data with two columns.");
  }
  std::vector<float> places;
  for (std::int64_t i = 0; i < window.size * window.size; ++i) {
    const double across = static_cast<double>(i % window.size) + 0.5,
                 down = static_cast<double>(i / window.size) + 0.5;
    const auto size = static_cast<double>(window.size);
    places.push_back(static_cast<float>(window.left + (window.right - window.left) * across / size));
    places.push_back(static_cast<float>(window.top + (window.bottom - window.top) * down / size));
  }
  const Tensor x = scaled(from_data(places, {window.size * window.size, 2}));
  Json made{{"layers", Json::array()}};
  const auto add = [&](const std::string& path, const Tensor& y) {
    const std::int64_t units = y.size(1);
    made["layers"].push_back({{"path", path}, {"units", units}, {"at", numbers.size()}});
    append(numbers, permute(y, {1, 0}));
  };
  const std::vector<LayerOutput> layers = layers_of(training_->net(), x);
  for (const LayerOutput& each : layers) {
    if (each.output.ndim() == 2 && each.output.size(1) <= kMostUnits) add(each.path, each.output);
  }
  if (!layers.empty() && layers.back().output.ndim() == 2) add("", answers(layers.back().output));
  return made;
}

Json Run::rows(const std::string& name, std::int64_t first, std::int64_t count,
               std::vector<float>& numbers) const {
  const data::Source& source = part(name);
  const std::int64_t end = std::min(first + count, source.rows());
  if (first < 0 || first >= end)
    throw ValueError(621, cat("[web] row ", first, ": the part has rows 0 to ", source.rows() - 1, "."));
  const data::Batch batch = source.range(first, end);
  append(numbers, batch[0]);
  const std::size_t at = numbers.size();
  append(numbers, batch.target());
  return {{"rows", end - first},
          {"all", source.rows()},
          {"input", shape_of(source.columns()[0].shape)},
          {"target_at", at}};
}

Json Run::predict(const std::vector<double>& row) const {
  const Shape& shape = training_->data().train.columns()[0].shape;
  if (static_cast<std::int64_t>(row.size()) != shape.numel()) {
    throw ValueError(621, cat("[web] a row has ", shape.numel(), " numbers; ", row.size(), " are given."));
  }
  std::vector<std::int64_t> of_one{1};
  of_one.insert(of_one.end(), shape.begin(), shape.end());
  const Tensor x = scaled(cast(from_data(row, Shape(of_one)), f32));
  return {{"y", answers(training_->net().predict(x)).to_vector()}};
}

Json Run::explain(const std::string& name, std::int64_t row, const std::string& parameter) {
  constexpr std::int64_t kMostNumbers = 4096;
  train::Trainer& trainer = training_->trainer();
  cli::NetExplanation made;
  data::Batch batch;
  explain::NetOptions mode;
  made.model = "the page";
  if (name.empty()) {
    data::Loader loader = training_->loader();
    batch = loader.at(trainer.steps_done());
    made.rows = loader.rows(trainer.steps_done());
    made.title = cat("the batch of step ", trainer.steps_done() + 1, ", ", batch.rows(), " training rows");
    mode = {.training = true, .seed = training_->experiment().seed, .step = trainer.steps_done()};
  } else {
    const data::Source& source = part(name);
    if (row < 0 || row >= source.rows())
      throw ValueError(621, cat("[web] row ", row, ": the part has rows 0 to ", source.rows() - 1, "."));
    batch = source.take({row});
    made.rows = {row};
    made.title = cat("row ", row, " of the ", name, " part of ", training_->experiment().data.name);
  }
  const train::Task task = training_->task();
  cli::explain_batch(made, {task, training_->optimizer(), batch, mode, parameter,
                            cat("the optimizer's states are those of step ", trainer.steps_done())});
  Json all = Json::parse(cli::to_json(made));
  const auto numbers = [&](const Tensor& tensor) {
    return tensor.is_empty() || tensor.numel() > kMostNumbers ? Json() : Json(tensor.to_vector());
  };
  for (std::size_t i = 0; i < made.net.layers.size(); ++i) {
    const explain::LayerTrace& layer = made.net.layers[i];
    all["layers"][i]["values"] = {{"input", numbers(layer.input)},
                                  {"output", numbers(layer.output)},
                                  {"gradient", numbers(layer.gradient)}};
    for (std::size_t p = 0; p < layer.parameters.size(); ++p) {
      all["layers"][i]["parameters"][p]["values"] = {{"value", numbers(layer.parameters[p].value)},
                                                     {"gradient", numbers(layer.parameters[p].gradient)}};
    }
  }
  all["inputs"] = numbers(batch[0]);
  all["target"] = numbers(batch.target());
  return all;
}

Json Run::onnx(std::vector<float>& numbers) const {
  const cli::LoadedData& data = training_->data();
  const Tensor row = data.train.take({0})[0];
  const OnnxOptions options{.model = cli::model_options(training_->experiment(), data)};
  const nn::Layer& net = training_->net();
  const onnx::Model model =
      onnx::model_of(onnx::subject_of(net, nn::Inputs({zeros(row.shape(), row.dtype())})), options);
  const std::string bytes = onnx::unchecked_bytes(model);
  for (const char byte : bytes) numbers.push_back(static_cast<float>(static_cast<unsigned char>(byte)));
  return {{"operators", model.graph.operations.size()}, {"bytes", bytes.size()}};
}

Json Run::check(std::int64_t samples, std::int64_t elements, const std::string& broken) const {
  cli::CheckNetOptions options;
  options.samples = samples, options.elements = elements, options.broken = broken;
  const cli::NetGradients made =
      cli::check_gradients(training_->experiment(), training_->data(), true, options);
  return Json::parse(cli::to_json(made.check, options, training_->experiment()));
}

}  // namespace chainrule::web
