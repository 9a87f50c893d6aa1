#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// Where checkpoints have what the learning rate of the settings is multiplied by, if it is.
inline constexpr const char* kRateScale = "handler1/lr_scale";

/// A run that is ready to begin: what the settings say, made.
class Training {
 public:
  /// @param data  what load_data gave for them.
  /// @param team  the ranks that share the work; null for none.
  /// @throws ValueError  for settings that do not fit the data or each other (E340 to E342, E461, E600,
  /// E636).
  Training(Experiment experiment, LoadedData data, train::Team* team = nullptr);
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  const Experiment& experiment() const { return experiment_; }
  const LoadedData& data() const { return data_; }
  nn::Layer& net() const { return *experiment_.net; }
  optim::Optimizer& optimizer() { return optimizer_; }
  train::Trainer& trainer() { return trainer_; }
  data::Loader loader() const;
  train::Task task() const { return make_task(experiment_, data_); }

  /// How many steps the settings ask for, and how many there are from one report to the next.
  std::int64_t steps() const;
  std::int64_t report_every() const;

  /// What each report measures, by name: "validation", "test".
  std::vector<std::pair<std::string, data::Source>> parts() const;
  /// Hangs up what measures them, averages, lowers the rate and stops early.
  void add_handlers();
  /// Trains to the end, or until a handler stops it. With train.patience the last report is of the weights
  /// that the net has then, the best ones.
  train::Result run();

 private:
  Experiment experiment_;
  LoadedData data_;
  optim::Optimizer optimizer_;
  train::Trainer trainer_;
};

}  // namespace chainrule::cli
