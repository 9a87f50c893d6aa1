#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/train/handlers.h"
#include "chainrule/train/trainer.h"

namespace chainrule::train {

/// A rule, or its text: "momentum(0.95)".
class RuleOrText : public optim::AnyRule {
 public:
  using Any::Any;
  RuleOrText(std::string_view text);
  RuleOrText(const char* text) : RuleOrText(std::string_view(text)) {}
  RuleOrText(const std::string& text) : RuleOrText(std::string_view(text)) {}
};

/// What is measured on: a share of the rows, which is set aside, or other rows.
struct Validation {
  Validation(double share_of_rows = 0) : share(share_of_rows) {}
  Validation(data::Source source) : rows(std::move(source)) {}

  double share = 0;
  data::Source rows;
};

/// A handler, and how often it is called.
struct Hung {
  Hung(Duration often, Shared<Handler> called) : every(often), handler(std::move(called)) {}
  template <HandlerFunction F>
  Hung(Duration often, F function) : Hung(often, Shared<Handler>(new HandlerOf<F>(std::move(function)))) {}

  Duration every;
  Shared<Handler> handler;
};

/// Each by the name that it has in Python's `fit` and, but for the optimizer's and those of files, in the
/// tool's settings.
struct FitOptions {
  double epochs = 10;
  RuleOrText optimizer = "adam";  ///< also a rule: optim::Momentum{.momentum = 0.95}
  optim::Rate lr = {};            ///< left out: the rule's own
  /// @name As optim::Options have them
  /// @{
  double weight_decay = 0;
  double l1 = 0;
  double clip_norm = 0;
  double clip_value = 0;
  std::int64_t accumulate = 1;
  std::vector<optim::Group> groups = {};
  bool allow_unused = false;
  /// @}
  std::int64_t batch_size = 32;
  data::Batches::Order order = data::Batches::Order::shuffled;
  std::vector<double> weights = {};  ///< one a row: how often it is drawn, with the order with_replacement
  data::Transforms transforms = {};  ///< what is done to the rows of each batch
  std::uint64_t seed = 1;            ///< of first weights, order of the rows, validation part, layers
  /// What is measured on after each epoch, "validation.loss", ...: a share of the rows, which is set aside,
  /// or a source of its own, such as mnist.test.
  Validation validation = {};
  /// Stop after so many epochs in which the validation loss did not get better, with the best weights; 0:
  /// never.
  std::int64_t patience = 0;
  /// @name A net that is an average of the weights (average_weights)
  /// @{
  double average_decay = 0;  ///< 0.999: a moving average, of which each step keeps so much
  double average_from = 0;   ///< the epoch it begins at; alone: the plain mean after each epoch from then on
  /// @}
  /// @name A learning rate that falls where the validation loss does not (reduce_on_plateau)
  /// @{
  std::int64_t plateau_patience = 0;  ///< after so many epochs; 0: never
  double plateau_factor = 0.1;
  double plateau_smallest = 0;  ///< share of the schedule's rate below which it does not fall
  /// @}
  std::vector<metric::AnyMetric> metrics = {};
  std::string weighted_by = {};  ///< a column of what each row counts in the loss (Task::weighted_by)
  bool verbose = false;          ///< a line an epoch to std::cout
  /// {{epochs(1), train::tensorboard("board")}, {steps(1), [] { ... }}}. Those that keep something, as
  /// keep_best does, serve one fit (E322).
  std::vector<Hung> on = {};
  std::string folder = {};  ///< keeps a checkpoint an epoch there, if it is named (checkpoint)
  bool resume = false;      ///< goes on with the run in the folder, if there is one
  /// @name As TrainerOptions have them
  /// @{
  std::int64_t shards = 1;
  bool sync_batch_norm = false;
  Team* team = nullptr;
  /// @}

  void fields(Fields& f);
};

/// What a run came to, and all its reports.
struct Fitted : Result {
  History history;
};

/// Trains a net in one call, with a Trainer and an optimizer inside.
///
///     auto net = nn::mlp({64, 64, 1});
///     train::fit(net, loss::mse, cars, {.epochs = 100, .validation = 0.1, .patience = 20});
///
/// @throws ValueError  for options out of range (E228), those that need rows to measure on (E301) or another
///     one (E636), transforms that make other rows (E634), or as Trainer, its run and its resume.
Fitted fit(nn::Layer& net, const loss::AnyLoss& loss, const data::Source& source,
           const FitOptions& options = {}, Location where = Location::current());

}  // namespace chainrule::train
