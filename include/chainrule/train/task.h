#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/nn/layer.h"
#include "chainrule/shared.h"
#include "chainrule/train/loss.h"
#include "chainrule/train/metric.h"
#include "chainrule/train/team.h"

namespace chainrule::train {

/// What a task makes of a batch.
struct Outcome {
  Tensor loss;
  Tensor prediction = {}, target = {};  ///< for metrics; may be left out if the metrics need only the loss
  /// What the mean of the loss divided by, a scalar as graph; left out: the number of rows. So much the batch
  /// counts in the loss of a whole set, and among gradients that are accumulated.
  Tensor counted = {};

  Outcome(Tensor l) : loss(std::move(l)) {}
  Outcome(Tensor l, Tensor p, Tensor t)
      : loss(std::move(l)), prediction(std::move(p)), target(std::move(t)) {}
  Outcome(Tensor l, Tensor p, Tensor t, Tensor c)
      : loss(std::move(l)), prediction(std::move(p)), target(std::move(t)), counted(std::move(c)) {}
};

/// A function that makes a loss of a net and a batch.
template <class F>
concept TaskFunction = requires(const F& f, const nn::Layer& net, const data::Batch& batch, nn::Pass& pass) {
  { f(net, batch, pass) } -> std::convertible_to<Outcome>;
};

/// What is to be learnt: a net, a loss, and metrics. The net must outlive the task.
///
///     Task{net, loss::softmax_cross_entropy, {metric::accuracy}}
///     Task{net, [](const Tensor& y, const Tensor& t) { return mean(square(y - t)); }}
///     Task{net, [](const nn::Layer& net, const data::Batch& batch, nn::Pass& pass) {   // anything else
///            return mse(net.run({batch["x"]}, pass)[0], batch["x"]);
///          }}
///
/// With a loss, the columns of a batch but the last are the net's inputs, its first output is the prediction,
/// and the last column is the target.
class Task {
 public:
  using Metrics = std::vector<metric::AnyMetric>;

  template <class L>
  requires(!TaskFunction<L> && std::constructible_from<loss::AnyLoss, L>)
      Task(nn::Layer& net, L loss, Metrics metrics = {}, Location where = Location::current())
      : Task(net, loss::AnyLoss(std::move(loss)), nullptr, std::move(metrics), where) {}
  /// A function of chainrule/loss.h by its name: Task{net, chainrule::mse}.
  Task(nn::Layer& net, loss::Reducing loss, Metrics metrics = {}, Location where = Location::current())
      : Task(net, loss::AnyLoss(loss), nullptr, std::move(metrics), where) {}
  template <TaskFunction F>
  Task(nn::Layer& net, F function, Metrics metrics = {}, Location where = Location::current())
      : Task(net, {}, new Custom<F>(std::move(function)), std::move(metrics), where) {}

  /// The same with a column of weights, (N), of what each row counts in the loss: it goes to the loss, not
  /// into the net. @throws ValueError  for a task that is a function, which takes its columns itself (E315).
  Task weighted_by(std::string column) const;

  /// Graph; computes nothing. @throws  what the net and the loss throw; ValueError  if the column of weights
  /// is not in the batch, or is its last, the target (E272).
  Outcome outcome(const data::Batch& batch, nn::Pass& pass) const;

  nn::Layer& net() const { return *net_; }
  const Metrics& metrics() const { return metrics_; }
  const std::string& weights() const { return weights_; }  ///< a column, or empty
  Location where() const { return where_; }                ///< it was made, for messages
  /// What it is, as configurations write it: "softmax_cross_entropy".
  std::string describe_loss() const;
  /// Prediction and target as metrics see them: what the loss says, else as they are.
  std::pair<Tensor, Tensor> for_metrics(const Tensor& prediction, const Tensor& target) const;

 private:
  struct Function : Counted {
    virtual Outcome operator()(const nn::Layer& net, const data::Batch& batch, nn::Pass& pass) const = 0;
  };
  template <class F>
  struct Custom final : Function {
    explicit Custom(F f) : function(std::move(f)) {}
    Outcome operator()(const nn::Layer& net, const data::Batch& batch, nn::Pass& pass) const override {
      return function(net, batch, pass);
    }
    F function;
  };
  Task(nn::Layer& net, loss::AnyLoss loss, Function* function, Metrics metrics, Location where);

  nn::Layer* net_;
  loss::AnyLoss loss_;  // or
  Shared<Function> function_;
  Metrics metrics_;
  Location where_;
  std::string weights_;  // a column, or empty
};

/// A number that was measured, by the name of its metric, with that of the set in front: "test.accuracy".
struct Measure {
  std::string name;
  double value = 0;
  std::vector<double> matrix = {};  ///< square, row by row, of a confusion; else empty
};

/// The loss and the metrics of a task over a whole source, as inference. Takes `batch_size` rows at a time.
/// @param team  ranks that share the batches, if there are any; all get the same, to the bits of one alone.
/// @throws ValueError  for a source without rows (E081).
std::vector<Measure> measure(const Task& task, const data::Source& source, std::int64_t batch_size = 1000,
                             Team* team = nullptr);

/// One metric of a net that takes all columns but the last, the target.
///
///     std::cout << train::evaluate(net, test, metric::r2) << "\n";
double evaluate(const nn::Layer& net, const data::Source& source, const metric::AnyMetric& metric,
                std::int64_t batch_size = 1000, Location where = Location::current());

}  // namespace chainrule::train
