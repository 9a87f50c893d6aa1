#include "chainrule/train/fit.h"

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "optim/option_fields.h"
#include "train/side_options.h"

namespace chainrule::train {
namespace {

SideOptions side_of(const FitOptions& of) {
  return {.patience = of.patience,
          .average_decay = of.average_decay,
          .average_from = of.average_from,
          .plateau_patience = of.plateau_patience,
          .plateau_factor = of.plateau_factor,
          .plateau_smallest = of.plateau_smallest};
}

optim::Options optimizer_options(const FitOptions& of) {
  return {.lr = of.lr,
          .weight_decay = of.weight_decay,
          .l1 = of.l1,
          .clip_norm = of.clip_norm,
          .clip_value = of.clip_value,
          .accumulate = of.accumulate,
          .groups = of.groups,
          .allow_unused = of.allow_unused};
}

/// @throws ValueError  for what does nothing without another option (E301, E636).
void check_together(const FitOptions& options) {
  const bool can_measure = options.validation.share > 0 || options.validation.rows;
  const auto needs = [&](bool is_wanted, const char* name, const char* verb) {
    if (!is_wanted || can_measure) return;
    throw ValueError(301,
                     cat("[fit] ", name, " ", verb,
                         " rows to measure on: set validation to a share of the rows, such as 0.1, or to "
                         "rows of its own."));
  };
  needs(options.patience > 0, "patience", "needs");
  needs(options.plateau_patience > 0, "plateau_patience", "needs");
  needs(!options.metrics.empty(), "metrics", "need");
  if (options.resume && options.folder.empty())
    throw ValueError(301, "[fit] resume needs the folder of the run: set folder.");
  refuse_idle(side_of(options));
  refuse_late_plateau(side_of(options));
}

/// How often each row is drawn, of those that are learnt from.
std::vector<double> kept_weights(const std::vector<double>& weights, const Validation& validation,
                                 const data::SplitOptions& split) {
  if (weights.empty() || validation.share == 0) return weights;
  data::Batches::check(weights);  // by their rows before the split
  const Tensor all = from_data(weights, {static_cast<std::int64_t>(weights.size())});
  const data::Source kept =
      data::split(data::arrays(data::Batch{{"weights", all}}), 1 - validation.share, split).train;
  return kept.range(0, kept.rows())[0].to_vector();
}

}  // namespace

RuleOrText::RuleOrText(std::string_view text)
    : Any(config::make<optim::Rule>(config::parse_text(text, "optimizer"))) {}

void FitOptions::fields(Fields& f) {
  static constexpr std::string_view kOrders[] = {"shuffled", "sequential", "with_replacement", "balanced"};
  f("epochs", epochs, "how often all rows are seen", above(0));
  f("optimizer", optimizer.handle(), "a rule, such as momentum(0.95)");
  optim::option_fields(f, *this);
  f("batch_size", batch_size, "rows a step", at_least(1));
  f("order", order, kOrders, "in which rows come; the last two draw them, balanced each class equally often");
  f("seed", seed, "of first weights, order of the rows, validation part, and what is random in layers");
  f("validation", validation.share, "share of the rows that is set aside to measure on", fraction());
  side_fields(f, *this);
  f("weighted_by", weighted_by, "a column of what each row counts in the loss");
  f("verbose", verbose, "whether each epoch writes a line");
  f("folder", folder, "where the run is kept");
  f("resume", resume, "whether the run in the folder goes on");
  f("shards", shards, "parts of a batch whose gradients are made alone and added up", at_least(1));
  f("sync_batch_norm", sync_batch_norm, "whether batch norm sees all shards of a step");
}

Fitted fit(nn::Layer& net, const loss::AnyLoss& loss, const data::Source& source, const FitOptions& options,
           Location where) {
  config::check(const_cast<FitOptions&>(options));
  check_together(options);
  data::Source rows = source, measured = options.validation.rows;
  if (options.validation.share > 0) {
    const auto [train, validation] =
        data::split(source, 1 - options.validation.share, {.seed = options.seed});
    rows = train, measured = validation;
  }
  data::require_same_rows(rows, options.transforms);
  optim::Optimizer optimizer(net, options.optimizer, optimizer_options(options));
  Task task(net, loss, options.metrics, where);
  if (!options.weighted_by.empty()) task = task.weighted_by(options.weighted_by);
  Trainer trainer(std::move(task), optimizer,
                  {rows,
                   {.batch_size = options.batch_size,
                    .seed = options.seed,
                    .order = options.order,
                    .transforms = options.transforms,
                    .weights = kept_weights(options.weights, options.validation, {.seed = options.seed})}},
                  {.seed = options.seed,
                   .shards = options.shards,
                   .sync_batch_norm = options.sync_batch_norm,
                   .team = options.team});
  const Duration length = epochs(options.epochs), epoch = epochs(1);
  refuse_late_average(side_of(options), length.in_steps(trainer.steps_per_epoch()),
                      trainer.steps_per_epoch());
  hang(trainer, side_of(options), epoch, measured);
  if (options.verbose) trainer.on(epoch, report());
  for (const Hung& each : options.on) trainer.on(each.every, each.handler);
  if (!options.folder.empty()) trainer.on(epoch, checkpoint(options.folder));
  if (options.resume) trainer.resume(options.folder);
  const Result result = trainer.run(length);
  return {result, trainer.history()};
}

}  // namespace chainrule::train
