#include "train/side_options.h"

#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/train/handlers.h"
#include "core/text.h"

namespace chainrule::train {
namespace {

template <class F>
void hang_if(bool is_wanted, Trainer& trainer, Duration every, F make) {
  if (is_wanted) {
    trainer.on(every, make());
  } else {
    trainer.on(every, [] {});
  }
}

/// With four digits.
std::string short_text(double number) {
  std::ostringstream out;
  out.precision(4);
  out << number;
  return std::move(out).str();
}

}  // namespace

void refuse_idle(const SideOptions& options, const SideNames& names) {
  const SideOptions usual;
  if (options.plateau_patience > 0 || (options.plateau_factor == usual.plateau_factor &&
                                       options.plateau_smallest == usual.plateau_smallest)) {
    return;
  }
  throw ValueError(636,
                   cat("[", names.room, "] the learning rate falls after ", names.group, "plateau_patience ",
                       names.reports, ", which is not set. Set ", names.group, "plateau_patience = 5, say."));
}

void refuse_late_plateau(const SideOptions& options, const SideNames& names) {
  if (options.patience == 0 || options.plateau_patience < options.patience) return;
  throw ValueError(636, cat("[", names.room, "] the run would end before its learning rate falls: ",
                            names.group, "plateau_patience is ", options.plateau_patience, ", ", names.group,
                            "patience ", options.patience, ". Make the first one smaller."));
}

void refuse_late_average(const SideOptions& options, std::int64_t steps, std::int64_t steps_per_epoch,
                         const SideNames& names) {
  if (!options.averages()) return;
  const std::int64_t from = epochs(options.average_from).in_steps(steps_per_epoch);
  const std::int64_t last = options.average_decay > 0 ? steps : steps / steps_per_epoch * steps_per_epoch;
  if (last >= std::max<std::int64_t>(from, 1)) return;
  throw ValueError(636, cat("[", names.room, "] nothing would be averaged: ", names.group, "average_from is ",
                            options.average_from, " epochs, and the run ends after ",
                            short_text(static_cast<double>(steps) / static_cast<double>(steps_per_epoch)),
                            ". Let the average begin earlier, or train for longer."));
}

void hang(Trainer& trainer, const SideOptions& options, Duration every) {
  const std::string metric = "validation.loss";
  hang_if(options.averages(), trainer, options.average_decay > 0 ? steps(1) : epochs(1), [&] {
    return average_weights({.decay = options.average_decay, .from = epochs(options.average_from)});
  });
  hang_if(options.plateau_patience > 0, trainer, every, [&] {
    return reduce_on_plateau({.metric = metric,
                              .factor = options.plateau_factor,
                              .patience = options.plateau_patience,
                              .smallest = options.plateau_smallest});
  });
  hang_if(options.patience > 0, trainer, every,
          [&] { return early_stopping({.metric = metric, .patience = options.patience}); });
  // Behind the average: of both it counts.
  hang_if(options.patience > 0, trainer, every, [&] { return keep_best(metric); });
}

void hang(Trainer& trainer, const SideOptions& options, Duration every, const data::Source& validation) {
  hang_if(static_cast<bool>(validation), trainer, every,
          [&] { return evaluate(validation, {.name = "validation"}); });
  hang(trainer, options, every);
}

}  // namespace chainrule::train
