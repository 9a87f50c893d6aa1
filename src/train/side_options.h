#pragma once

#include <cstdint>
#include <string_view>

#include "chainrule/fields.h"
#include "chainrule/train/trainer.h"

// What happens beside the steps of a run, as settings: the tool, train::fit and Python's fit have them.
namespace chainrule::train {

struct SideOptions {
  std::int64_t patience = 0;
  double average_decay = 0;  // a moving average of the weights, after each step
  double average_from = 0;   // in epochs; alone: the plain mean of the weights after each epoch
  std::int64_t plateau_patience = 0;
  double plateau_factor = 0.1;
  double plateau_smallest = 0;

  bool averages() const { return average_decay > 0 || average_from > 0; }
  /// Whether the steps alone do not make the net that there is at the end.
  bool needs_handlers() const { return patience > 0 || plateau_patience > 0 || averages(); }
};

/// The settings of these names in a struct that has them.
template <class Options>
void side_fields(Fields& f, Options& of) {
  f("patience", of.patience, "reports without a better validation loss after which it stops; 0: never",
    at_least(0));
  f("average_decay", of.average_decay,
    "0.999: the net that is measured and kept is a moving average of the weights, which each step keeps so "
    "much of; 0: none",
    fraction());
  f("average_from", of.average_from,
    "epochs after which the average begins; without a decay it is the plain mean of the weights after each "
    "epoch from then on",
    at_least(0));
  f("plateau_patience", of.plateau_patience,
    "reports without a better validation loss after which the learning rate falls; 0: never", at_least(0));
  f("plateau_factor", of.plateau_factor, "what the rate is multiplied by then", fraction());
  f("plateau_smallest", of.plateau_smallest, "share of the schedule's rate below which it does not fall",
    between(0, 1));
}

/// How messages speak of the settings: "[train] ... train.patience".
struct SideNames {
  std::string_view room = "fit", group = "", reports = "epochs";
};

/// @throws ValueError  for settings that do nothing without another one (E636).
void refuse_idle(const SideOptions& options, const SideNames& names = {});
/// @throws ValueError  if the run would end before its rate falls (E636).
void refuse_late_plateau(const SideOptions& options, const SideNames& names = {});
/// @throws ValueError  if so many steps leave nothing to average (E636).
void refuse_late_average(const SideOptions& options, std::int64_t steps, std::int64_t steps_per_epoch,
                         const SideNames& names = {});

/// Hangs up what they ask for, behind what measures "validation.loss". Each keeps its place among the
/// handlers whether it is wanted or not: a run that is resumed with other settings finds what belongs to it.
void hang(Trainer& trainer, const SideOptions& options, Duration every);
/// The same with what measures the rows, if there are any, in front.
void hang(Trainer& trainer, const SideOptions& options, Duration every, const data::Source& validation);

}  // namespace chainrule::train
