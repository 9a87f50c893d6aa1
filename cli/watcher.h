#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/train.h"
#include "progress.h"
#include "train/interrupt.h"

namespace chainrule::cli {

/// The epoch that a step belongs to, counted from 1.
std::int64_t epoch_of(const train::Report& report, std::int64_t steps_per_epoch);

struct WatcherOptions {
  bool keeps_results = false;  ///< in a folder: then it goes on though nobody reads what it prints
  bool is_jsonl = false;       ///< reports as JSON, alone on stdout
};

/// Draws the bar, prints a line a report, and ends the run on a signal.
class Watcher : public train::Handler {
 public:
  /// @param begin  steps that had been done before.
  Watcher(Progress& progress, const train::InterruptGuard& interrupts, std::int64_t begin,
          const WatcherOptions& options)
      : progress_(progress), interrupts_(interrupts), begin_(begin), options_(options) {}

  void begin(train::Trainer& trainer) override;
  void call(train::Trainer& trainer) override;
  void reported(train::Trainer& trainer, const train::Report& report) override;

 private:
  std::string heading(const train::Report& report);

  Progress& progress_;
  const train::InterruptGuard& interrupts_;
  std::int64_t begin_;
  WatcherOptions options_;
  std::vector<std::pair<std::string, std::size_t>> columns_;  // names and widths
};

}  // namespace chainrule::cli
