#include <chrono>
#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/train.h"
#include "core/text.h"

namespace chainrule::train {
namespace {

void check_fit(std::vector<nn::NamedParameter>& parameters, const data::Dataset& set) {
  const Tensor& first = parameters.front().parameter->value();
  const std::int64_t inputs = first.shape()[0];
  const std::int64_t outputs = parameters.back().parameter->value().shape()[0];
  if (first.dtype() != f32) {
    throw ValueError(81, cat("[train] the net is ", name_of(first.dtype()), "; images are gathered as f32."));
  }
  for (const data::ImageSet* part : {&set.train, &set.test}) {
    if (part->count < 1) {
      throw ValueError(81, cat("[train] the set '", set.name, "' has ", set.train.count, " training and ",
                               set.test.count, " test images; need at least one of each."));
    }
    if (part->image_size() != inputs || set.classes > outputs) {
      throw ValueError(81, cat("[train] the set '", set.name, "' has images of ", part->height, " x ",
                               part->width, " in ", set.classes, " classes, but the net has ", inputs,
                               " inputs and ", outputs, " outputs. Make the net with input ",
                               part->image_size(), " and output ", set.classes, "."));
    }
  }
}

}  // namespace

/// Adds up what a run reports: the time spent in steps, and their losses.
class Trainer::Meter {
 public:
  using Clock = std::chrono::steady_clock;

  void start() { started_ = Clock::now(); }
  void stop() { seconds_ += std::chrono::duration<double>(Clock::now() - started_).count(); }
  void add(double loss) {
    sum_ += loss;
    ++count_;
  }
  bool has_losses() const { return count_ > 0; }
  double seconds() const { return seconds_; }

  /// The mean of the losses added since it was last asked for.
  double take_mean() {
    const double mean =
        count_ > 0 ? sum_ / static_cast<double>(count_) : std::numeric_limits<double>::quiet_NaN();
    sum_ = 0;
    count_ = 0;
    return mean;
  }

 private:
  Clock::time_point started_;
  double seconds_ = 0;
  double sum_ = 0;
  std::int64_t count_ = 0;
};

Trainer::Trainer(nn::TwoLayerNet& net, const data::Dataset& dataset, const Options& options)
    : net_(net),
      dataset_(dataset),
      batches_(dataset.train.count,
               {.batch_size = options.batch_size, .order = options.order, .seed = options.seed}),
      parameters_(net.params()),
      optimizer_(parameters_, options.lr) {
  check_fit(parameters_, dataset);
}

double Trainer::step() {
  const Batch batch = gather_batch(dataset_.train, batches_.at(steps_done_));
  const Tensor loss = net_.loss(batch.x, batch.t);
  optimizer_.step(grad(loss, nn::values(parameters_)), loss);
  ++steps_done_;
  const double value = loss.item();
  if (!std::isfinite(value)) {
    throw ValueError(
        80, cat("[train] the loss is ", std::isnan(value) ? "nan" : "infinite", " at step ", steps_done_,
                ": training diverged. Use a smaller lr than ", optimizer_.lr(), "."));
  }
  return value;
}

Result Trainer::run(std::int64_t steps, Observer& observer) {
  if (steps < 1) throw ValueError(82, cat("[train] ", steps, " steps; need at least 1."));
  Result result;
  Meter meter;
  const auto report = [&] {
    meter.stop();
    result.history.push_back({.step = steps_done_,
                              .epoch = (steps_done_ + steps_per_epoch() - 1) / steps_per_epoch(),
                              .loss = meter.take_mean(),
                              .train_accuracy = accuracy(net_, dataset_.train),
                              .test_accuracy = accuracy(net_, dataset_.test),
                              .seconds = meter.seconds()});
    observer.reported(result.history.back());
    meter.start();
  };

  meter.start();
  while (result.steps < steps) {
    if ((result.interrupted = observer.should_stop())) break;
    const double loss = step();
    meter.add(loss);
    ++result.steps;
    observer.stepped(steps_done_, loss);
    if (steps_done_ % steps_per_epoch() == 0) report();
  }
  if (meter.has_losses() || result.history.empty()) report();

  const Report& last = result.history.back();
  result.seconds = last.seconds;
  result.final_loss = last.loss;
  result.train_accuracy = last.train_accuracy;
  result.test_accuracy = last.test_accuracy;
  return result;
}

Result Trainer::run(std::int64_t steps) {
  Observer silent;
  return run(steps, silent);
}

}  // namespace chainrule::train
