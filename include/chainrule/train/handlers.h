#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/duration.h"
#include "chainrule/train/handler.h"

// The handlers there are. Anything callable is one, too: trainer.on(steps(1), [&](Trainer& t) { ... }).
namespace chainrule::train {

struct EvaluateOptions {
  std::string name = "test";  ///< in front of the metrics' names: "test.accuracy"
  std::int64_t batch_size = 1000;
};
/// Measures the task's loss and metrics over a source.
/// @throws ValueError  for a source without rows (E081).
Shared<Handler> evaluate(data::Source source, EvaluateOptions options = {});

/// Records what a function gives under a name. @param function  of (Trainer&), gives a number.
template <class F>
Shared<Handler> measure(std::string name, F function);

/// Writes each report as a line.
Shared<Handler> report();  // to std::cout
Shared<Handler> report(std::ostream& out);

enum class Best : std::uint8_t { automatic, smallest, largest };

struct EarlyStoppingOptions {
  std::string metric = "test.loss";
  std::int64_t patience = 10;   ///< how many reports in a row may not be better than the best
  double min_delta = 0;         ///< by how much a better one must be better
  Best mode = Best::automatic;  ///< as the metric says
};
/// Stops the run when a metric has stopped getting better. A function of the history: resuming changes
/// nothing.
/// @throws ValueError  if nobody measures the metric (E300), or it is not known whether it is to be large or
///     small (E308); for options out of range (E301).
Shared<Handler> early_stopping(EarlyStoppingOptions options = {});

/// Keeps the weights of the report where a metric was best, and puts them into the net at the end of a run.
/// The next run goes on with the last weights, not the best.
/// @throws ValueError  as early_stopping.
Shared<Handler> keep_best(std::string metric = "test.loss", Best mode = Best::automatic);

struct PlateauOptions {
  std::string metric = "test.loss";
  double factor = 0.1;         ///< what the learning rate is multiplied by; from 0 to less than 1
  std::int64_t patience = 10;  ///< after so many reports in a row that were not better
  double min_delta = 0;        ///< by how much a better one must be better
  double smallest = 0;         ///< share of the schedule's rate below which it does not go
  Best mode = Best::automatic;
};
/// Lowers the learning rate when a metric has stopped getting better: the schedule's, by a scale of the
/// optimizer, which is kept in checkpoints.
/// @throws ValueError  as early_stopping.
Shared<Handler> reduce_on_plateau(PlateauOptions options = {});

struct AverageOptions {
  /// What is left of the average when the weights of a call come to it: a moving average, which forgets. 0:
  /// the plain mean of all (stochastic weight averaging; Izmailov et al. 2018).
  double decay = 0;
  Duration from = {};  ///< when it begins
};
/// Averages the weights, each time it is called: `on(steps(1), average_weights({.decay = 0.999}))`, or
/// `on(epochs(1), average_weights({.from = epochs(75)}))`. Running statistics are averaged as the weights
/// are. The average is what is measured, and what the net has at the end of a run; training goes on with its
/// own weights, and so does the next run. It is kept in checkpoints. Of two handlers that put weights in at
/// the end, such as this and keep_best, the one hung up last counts.
/// @throws ValueError  for a decay that is not from 0 to less than 1 (E301).
Shared<Handler> average_weights(AverageOptions options = {});

/// Ends the run after the step in which the first Ctrl-C (SIGINT) or SIGTERM comes: its checkpoint and its
/// best weights are kept, as at any end. The second one does what it did before the run: as a rule, it ends
/// the program. Of one trainer at a time: `trainer.on(steps(1), train::stop_on_interrupt())`.
Shared<Handler> stop_on_interrupt();

struct CheckpointOptions {
  bool replace = false;  ///< whether a run that is in the folder already is replaced
  /// What else stands in run.toml, as TOML. Not compared on resuming.
  std::string notes = {};
  /// Names of files of the program's own in the folder, such as a model of the end: where a run is replaced
  /// they go with it.
  std::vector<std::string> also = {};
};
/// Makes a folder of the run: run.toml, the configuration; history.jsonl, a line a report; and checkpoints,
/// alternating between checkpoint-a.safetensors and checkpoint-b.safetensors, so that one whole one is there
/// at any instant. There is one at the end of the run as well.
/// @throws FileError  if the folder has a run that was not resumed (E309), another process trains in it
///     (E314), or it cannot be written (E083).
Shared<Handler> checkpoint(std::string folder, CheckpointOptions options = {});

/// Writes reports for TensorBoard into a folder, which is made: loss, learning rate and metrics as scalars,
/// parameters as histograms. A file events.out.tfevents... for each run of the program.
/// @throws FileError  if it cannot be written (E083).
Shared<Handler> tensorboard(std::string folder);

template <class F>
class MeasureOf final : public Handler {
 public:
  MeasureOf(std::string name, F function) : name_(std::move(name)), function_(std::move(function)) {}
  bool measures() const override { return true; }
  void call(Trainer& trainer) override;

 private:
  std::string name_;
  F function_;
};

template <class F>
Shared<Handler> measure(std::string name, F function) {
  return Shared<Handler>(new MeasureOf<F>(std::move(name), std::move(function)));
}

}  // namespace chainrule::train

#include "chainrule/train/trainer.h"

template <class F>
void chainrule::train::MeasureOf<F>::call(Trainer& trainer) {
  trainer.record({name_, static_cast<double>(function_(trainer))});
}
