#include "training.h"

#include <algorithm>

#include "chainrule/ops.h"

namespace chainrule::cli {
namespace {

Experiment made(Experiment experiment, LoadedData& data) {
  complete(experiment, data);
  build_net(experiment, data);
  return experiment;
}

/// Makes that there are reports where nothing is measured, too; and keeps in checkpoints what somebody set
/// the learning rate to while it trained.
class Reporting final : public train::Handler {
 public:
  explicit Reporting(optim::Optimizer& optimizer) : optimizer_(optimizer) {}
  bool measures() const override { return true; }
  void call(train::Trainer& /*trainer*/) override {}
  NamedTensors state() const override {
    NamedTensors all;
    if (optimizer_.lr_scale() != 1) all.add(kScale, scalar(optimizer_.lr_scale(), f64));
    return all;
  }
  void restore(const NamedTensors& state) override {
    const Tensor* scale = state.find(kScale);
    optimizer_.set_lr_scale(scale != nullptr ? scale->item() : 1);
  }

 private:
  static constexpr const char* kScale = "lr_scale";
  optim::Optimizer& optimizer_;
};

}  // namespace

Training::Training(Experiment experiment, LoadedData data, train::Team* team)
    : experiment_(made(std::move(experiment), data)),
      data_(std::move(data)),
      optimizer_(*experiment_.net, experiment_.optimizer.rule, experiment_.optimizer.options),
      trainer_(task(), optimizer_, loader(),
               {.seed = experiment_.seed,
                .shards = experiment_.train.shards,
                .sync_batch_norm = experiment_.train.sync_batch_norm,
                .team = team}) {
  train::refuse_late_average(experiment_.train, steps(), trainer_.steps_per_epoch(), kTrainNames);
}

data::Loader Training::loader() const {
  return {data_.train,
          {.batch_size = experiment_.train.batch_size,
           .seed = experiment_.seed,
           .order = experiment_.train.order,
           .transforms = transforms_of(experiment_.data),
           .workers = experiment_.data.workers}};
}

std::int64_t Training::steps() const {
  const TrainSettings& settings = experiment_.train;
  const std::int64_t per_epoch = trainer_.steps_per_epoch();
  if (settings.epochs > 0) return epochs(settings.epochs).in_steps(per_epoch);
  return settings.steps > 0 ? settings.steps : 10 * per_epoch;
}

std::int64_t Training::report_every() const {
  constexpr std::int64_t kOfTexts = 250;  // an epoch of a text, each of whose places begins a row, is long
  const std::int64_t asked = experiment_.train.report_every, per_epoch = trainer_.steps_per_epoch();
  if (asked > 0) return asked;
  return data_.is_text ? std::min(kOfTexts, per_epoch) : per_epoch;
}

std::vector<std::pair<std::string, data::Source>> Training::parts() const {
  std::vector<std::pair<std::string, data::Source>> parts;
  if (experiment_.train.measure_train) parts.emplace_back("train", data_.train);
  if (data_.validation) parts.emplace_back("validation", data_.validation);
  if (data_.test) parts.emplace_back("test", data_.test);
  return parts;
}

void Training::add_handlers() {
  const Duration every = chainrule::steps(report_every());
  trainer_.on(every, Shared<train::Handler>(new Reporting(optimizer_)));
  for (const auto& [part, source] : parts()) trainer_.on(every, train::evaluate(source, {.name = part}));
  train::hang(trainer_, experiment_.train, every);
}

train::Result Training::run() {
  train::Result result = trainer_.run(chainrule::steps(steps()));
  if (experiment_.train.patience == 0) return result;
  result.last.metrics.clear();
  for (const auto& [part, source] : parts()) {
    for (train::Measure& measure : train::measure(task(), source, 1000, trainer_.options().team)) {
      measure.name = part + "." + measure.name;
      result.last.metrics.push_back(std::move(measure));
    }
  }
  return result;
}

}  // namespace chainrule::cli
