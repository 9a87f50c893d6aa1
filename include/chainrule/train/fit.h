#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/train/handlers.h"
#include "chainrule/train/trainer.h"

namespace chainrule::train {

struct FitOptions {
  double epochs = 10;
  std::string optimizer = "adam";  ///< a rule as text: "momentum(0.95)"
  optim::Rate lr = {};             ///< left out: the rule's own
  double weight_decay = 0;
  std::int64_t batch_size = 32;
  std::uint64_t seed =
      1;  ///< of first weights, order of the rows, validation part and what is random in layers
  double validation = 0;  ///< share of the rows that is set aside to measure on: "validation.loss", ...
  /// Stop after so many epochs in which the validation loss did not get better, with the best weights; 0:
  /// never.
  std::int64_t patience = 0;
  std::vector<metric::AnyMetric> metrics = {};
  bool verbose = false;  ///< a line an epoch to std::cout

  void fields(Fields& f);
};

/// Trains a net in one call, with a Trainer and an optimizer inside.
///
///     auto net = nn::mlp({64, 64, 1});
///     train::fit(net, loss::mse, cars, {.epochs = 100, .validation = 0.1, .patience = 20});
///
/// @throws ValueError  for options out of range (E228), patience without a validation part (E301), or as
///     Trainer::run.
Result fit(nn::Layer& net, const loss::AnyLoss& loss, const data::Source& source,
           const FitOptions& options = {}, Location where = Location::current());

}  // namespace chainrule::train
