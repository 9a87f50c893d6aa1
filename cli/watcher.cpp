#include "watcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "output.h"

namespace chainrule::cli {

std::int64_t epoch_of(const train::Report& report, std::int64_t steps_per_epoch) {
  return (report.step + steps_per_epoch - 1) / steps_per_epoch;
}

void Watcher::begin(train::Trainer& trainer) {
  progress_.say([&trainer] {
    const train::State state = trainer.state();
    std::string text = fmt::format("epoch {:.4g}, loss {:.4g}", std::ceil(state.epoch), state.loss);
    if (state.report == nullptr) return text;
    for (const train::Measure& measure : state.report->metrics) {
      const bool is_loss = measure.name.ends_with("loss");
      if (!is_loss && measure.matrix.empty())
        return text + fmt::format(", {} {:.4f}", measure.name, measure.value);
    }
    return text;
  });
}

void Watcher::call(train::Trainer& trainer) {
  progress_.update(trainer.steps_done() - begin_);
  // Nobody is left to read what would be printed, as after `| head -1`.
  const bool in_vain = stdout_error() != 0 && !options_.keeps_results;
  if (interrupts_.signal() != 0 || in_vain) trainer.interrupt();
}

void Watcher::reported(train::Trainer& trainer, const train::Report& report) {
  if (options_.is_jsonl) return progress_.data(train::to_json(report));
  if (columns_.empty()) progress_.line(heading(report));
  std::string line = fmt::format("{:5} {:9} {:>11.6f}", epoch_of(report, trainer.steps_per_epoch()),
                                 report.step, report.loss);
  for (const auto& [name, width] : columns_) {
    const double* value = report.find(name);
    line += value != nullptr ? fmt::format(" {:>{}.4f}", *value, width) : fmt::format(" {:{}}", "", width);
  }
  progress_.line(line);
}

/// What is measured. Where not all of it fits, names are shorter; then losses are left out, which the table
/// has one of; then what else does not fit.
std::string Watcher::heading(const train::Report& report) {
  struct Manner {
    std::string validation;
    bool has_losses;
  };
  const std::string prefix = "validation.";
  const std::size_t room = progress_.room();
  std::string text;
  bool fits = false;
  for (const Manner& manner : {Manner{prefix, true}, Manner{"val.", true}, Manner{"val.", false}}) {
    if (fits) break;
    text = "epoch      step        loss";
    fits = true;
    columns_.clear();
    for (const train::Measure& measure : report.metrics) {
      std::string name = measure.name;
      if (!measure.matrix.empty() || (!manner.has_losses && name.ends_with(".loss"))) continue;
      if (name.starts_with(prefix)) name.replace(0, prefix.size(), manner.validation);
      const std::size_t width = std::max<std::size_t>(name.size(), 10);
      if (text.size() + 1 + width >= room) {
        fits = false;
        continue;
      }
      columns_.emplace_back(measure.name, width);
      text += fmt::format(" {:>{}}", name, width);
    }
  }
  return text;
}

}  // namespace chainrule::cli
