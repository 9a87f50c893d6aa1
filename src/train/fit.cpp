#include "chainrule/train/fit.h"

#include "chainrule/config.h"
#include "chainrule/error.h"

namespace chainrule::train {

void FitOptions::fields(Fields& f) {
  f("epochs", epochs, "how often all rows are seen", above(0));
  f("optimizer", optimizer, "a rule, such as momentum(0.95)");
  f("lr", lr.handle(), "the learning rate; without one the rule's own");
  f("weight_decay", weight_decay, "share of the value that is added to the gradient of weights", at_least(0));
  f("batch_size", batch_size, "rows a step", at_least(1));
  f("seed", seed, "of first weights, order of the rows, validation part, and what is random in layers");
  f("validation", validation, "share of the rows that is set aside to measure on", fraction());
  f("patience", patience, "epochs without a better validation loss after which it stops; 0: never",
    at_least(0));
  f("verbose", verbose, "whether each epoch writes a line");
}

Result fit(nn::Layer& net, const loss::AnyLoss& loss, const data::Source& source, const FitOptions& options,
           Location where) {
  config::check(const_cast<FitOptions&>(options));
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
  Trainer trainer({net, loss, options.metrics, where}, optimizer,
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
