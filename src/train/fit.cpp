#include "chainrule/train/fit.h"

#include "chainrule/error.h"

namespace chainrule::train {

Result fit(nn::Layer& net, const loss::AnyLoss& loss, const data::Source& source, const FitOptions& options) {
  if (options.patience > 0 && options.validation <= 0) {
    throw ValueError(301, "[fit] patience needs a validation part: set .validation = 0.1, say.");
  }
  data::Source rows = source, held_out;
  if (options.validation > 0) {
    const auto [train, validation] = data::split(source, 1 - options.validation, {.seed = options.seed});
    rows = train, held_out = validation;
  }
  optim::Optimizer optimizer(net, options.optimizer,
                             {.lr = options.lr, .weight_decay = options.weight_decay});
  Trainer trainer({net, loss, options.metrics}, optimizer,
                  {rows, {.batch_size = options.batch_size, .seed = options.seed}}, {.seed = options.seed});
  if (held_out) trainer.on(epochs(1), evaluate(held_out, {.name = "validation"}));
  if (options.patience > 0) {
    trainer.on(epochs(1), early_stopping({.metric = "validation.loss", .patience = options.patience}));
    trainer.on(epochs(1), keep_best("validation.loss"));
  }
  if (options.verbose) trainer.on(epochs(1), report());
  return trainer.run(epochs(options.epochs));
}

}  // namespace chainrule::train
