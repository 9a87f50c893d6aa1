#include "replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/explain/net.h"

namespace chainrule::cli {

struct Replay::Inside {
  Experiment experiment;
  LoadedData data;
  data::LoaderOptions batches;
  optim::Optimizer optimizer;
  train::Trainer trainer;
  data::Loader loader;

  // What the run measured, for a rate that fell on a plateau.
  train::History history;
  double best = std::numeric_limits<double>::quiet_NaN();
  std::int64_t since = 0;

  Inside(Experiment of_run, LoadedData loaded)
      : experiment(std::move(of_run)),
        data(std::move(loaded)),
        batches{.batch_size = experiment.train.batch_size,
                .seed = experiment.seed,
                .order = experiment.train.order,
                .transforms = transforms_of(experiment.data)},
        optimizer(*experiment.net, experiment.optimizer.rule, experiment.optimizer.options),
        trainer(make_task(experiment, data), optimizer, {data.train, batches}, {.seed = experiment.seed}),
        loader(data.train, batches) {}

  void step();
};

/// As train::reduce_on_plateau does it in a run.
void Replay::Inside::step() {
  trainer.step();
  const TrainSettings& settings = experiment.train;
  if (settings.plateau_patience == 0) return;
  for (const train::Report& report : history) {
    const double* loss = report.step == trainer.steps_done() ? report.find("validation.loss") : nullptr;
    if (loss == nullptr) continue;
    ++since;
    if (*loss < best || (std::isnan(best) && !std::isnan(*loss))) best = *loss, since = 0;
    if (since < settings.plateau_patience) continue;
    since = 0;
    const double scale = optimizer.lr_scale();
    optimizer.set_lr_scale(
        std::max(scale * settings.plateau_factor, std::min(scale, settings.plateau_smallest)));
  }
}

Replay::Replay(const std::string& run) : inside_(nullptr) {
  Experiment experiment = read_run(run);
  LoadedData data = load_data(experiment.data, experiment.seed);
  complete(experiment, data);
  build_net(experiment, data);
  inside_ = new Inside(std::move(experiment), std::move(data));
  inside_->history = history_of(run);
}

Replay::~Replay() { delete inside_; }

std::int64_t Replay::steps() const {
  const TrainSettings& settings = inside_->experiment.train;
  const std::int64_t per_epoch = inside_->trainer.steps_per_epoch();
  if (settings.epochs > 0) return epochs(settings.epochs).in_steps(per_epoch);
  return settings.steps > 0 ? settings.steps : 10 * per_epoch;
}

NamedTensors Replay::at(std::int64_t step) {
  train::Trainer& trainer = inside_->trainer;
  while (trainer.steps_done() < step) inside_->step();
  NamedTensors all;
  for (const auto& [name, tensor] : trainer.tensors()) all.add(name, detach(tensor));
  const data::Batch batch = inside_->loader.at(step);
  const train::Task& task = trainer.task();
  const auto loss = [&](nn::Pass& pass) { return task.outcome(batch, pass).loss; };
  const explain::NetTrace trace = explain::explain_net(
      trainer.net(), loss, {.training = true, .seed = inside_->experiment.seed, .step = step});
  const auto name_of = [](const explain::LayerTrace& layer) {
    return layer.run == 1 ? layer.path : fmt::format("{}#{}", layer.path, layer.run);
  };
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    if (!tensor.is_empty() && !all.contains(name)) all.add(name, tensor);
  };
  for (const explain::LayerTrace& layer : trace.layers) add(name_of(layer), layer.output);
  add("loss", scalar(trace.loss, f64));
  for (auto layer = trace.layers.rbegin(); layer != trace.layers.rend(); ++layer) {
    add(name_of(*layer) + ".grad", layer->gradient);
    for (const explain::ParameterTrace& p : layer->parameters) add(p.path + ".grad", p.gradient);
  }
  return all;
}

}  // namespace chainrule::cli
