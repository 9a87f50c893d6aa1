#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/nn.h"
#include "chainrule/optim.h"

/// The training loop. Link `chainrule::train` (which brings `chainrule::data`).
namespace chainrule::train {

struct Options {
  std::int64_t batch_size = 100;
  data::Batches::Order order = data::Batches::Order::with_replacement;  ///< as the books draw
  double lr = 0.1;
  std::uint64_t seed = 1;  ///< of the order of the images; the net has its own
};

/// Where the training stood after some step.
struct Report {
  std::int64_t step = 0;      ///< steps done since the trainer was made
  std::int64_t epoch = 0;     ///< the epoch that this step belongs to, counted from 1
  double loss = 0;            ///< mean over the steps since the report before; NaN if there was none
  double train_accuracy = 0;  ///< share of the whole training set that is classified correctly
  double test_accuracy = 0;
  double seconds = 0;  ///< spent in steps so far, without measuring accuracies
};

/// What a run came to.
struct Result {
  std::int64_t steps = 0;  ///< done by this run
  double seconds = 0;      ///< spent in them, without measuring accuracies
  double final_loss = 0;   ///< that of the last report
  double train_accuracy = 0;
  double test_accuracy = 0;
  std::vector<Report> history;  ///< one report at the end of each epoch, and one at the end of the run
  bool interrupted = false;     ///< whether should_stop ended it
};

/// Hears how a run goes. Each function does nothing unless overridden.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Asked before each step; true ends the run, with a last report.
  virtual bool should_stop() { return false; }
  /// After each step, with the loss of its batch.
  virtual void stepped(std::int64_t /*step*/, double /*loss*/) {}
  /// At the end of each epoch, and of the run.
  virtual void reported(const Report& /*report*/) {}
};

/// Trains the books' two-layer net on images: pixels divided by 255, plain gradient descent.
///
/// Net and data set must outlive the trainer. The images stay bytes; a batch is converted straight into the
/// memory of the tensor that the net is given. The result is a function of net, data, options and number of
/// steps: not of the number of threads.
class Trainer {
 public:
  /// @throws ValueError  if the set has no test images, or images or classes that the net is not made for
  ///     (E081), or for options that are not allowed (E045, E071).
  Trainer(nn::TwoLayerNet& net, const data::Dataset& dataset, const Options& options = {});

  /// One step of gradient descent. Returns the loss of its batch, measured before the parameters moved.
  /// @throws ValueError  if the loss is not finite (E080). The net is of no more use then.
  double step();

  /// `steps` further steps, or until the observer ends it. A step in progress is always finished.
  /// @throws ValueError  for fewer than one step (E082), or as step().
  Result run(std::int64_t steps, Observer& observer);
  Result run(std::int64_t steps);

  std::int64_t steps_done() const { return steps_done_; }
  /// As many steps as it takes to draw as many images as the training set has.
  std::int64_t steps_per_epoch() const { return batches_.steps_per_epoch(); }

 private:
  class Meter;

  nn::TwoLayerNet& net_;
  const data::Dataset& dataset_;
  data::Batches batches_;
  std::vector<nn::NamedParameter> parameters_;
  optim::Sgd optimizer_;
  std::int64_t steps_done_ = 0;
};

/// Chosen images as the net takes them, (N, height * width) f32 in [0, 1], and their class numbers, (N) i64.
struct Batch {
  Tensor x;
  Tensor t;
};
/// @throws ValueError  for a row outside the set (E072).
Batch gather_batch(const data::ImageSet& set, std::span<const std::int64_t> rows);

/// Share of the images that the net classifies correctly. Works through them in blocks of 1000.
/// @throws ValueError  for a set without images (E081).
double accuracy(nn::TwoLayerNet& net, const data::ImageSet& set);

}  // namespace chainrule::train
