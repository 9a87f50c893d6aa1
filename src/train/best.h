#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "chainrule/train/handlers.h"

namespace chainrule::train {

/// Looks through the reports for the best value of a metric.
class BestOf {
 public:
  BestOf(std::string metric, Best mode, double min_delta = 0)
      : metric_(std::move(metric)), mode_(mode), min_delta_(min_delta) {}

  /// From the history: how many reports with that metric there were, and which was best.
  struct Found {
    std::int64_t best = -1;  ///< its place in the history; -1 if there was none that is a number
    std::int64_t since = 0;  ///< reports with that metric after it
    double value = std::numeric_limits<double>::quiet_NaN();
  };
  /// @throws ValueError  if there are reports, and none has the metric (E300), or it is not known which is
  /// better (E308).
  Found find(const Trainer& trainer) const;
  const std::string& metric() const { return metric_; }
  /// @throws ValueError  if it is not known (E308).
  bool is_larger_better(const Task& task) const;
  /// Whether a value is better than the best before, by min_delta. NaN is never, and anything is better.
  bool is_better(bool larger_is_better, double value, double best) const;

 private:
  std::string metric_;
  Best mode_;
  double min_delta_;
};

}  // namespace chainrule::train
