#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/train/task.h"

namespace chainrule::train {

/// Where the training stood after some step: plain numbers.
struct Report {
  std::int64_t step = 0;  ///< steps done
  double epoch = 0;       ///< the same in epochs
  double lr = 0;          ///< learning rate of the last of these steps
  double loss = 0;        ///< mean over the steps since the report before
  double seconds = 0;     ///< spent in steps so far, without what was measured
  std::vector<Measure> metrics = {};

  /// The value of a metric, or of "loss"; null if it was not measured.
  const double* find(std::string_view name) const;
  /// @throws ValueError  if it was not measured (E300).
  double operator[](std::string_view name) const;
};
using History = std::vector<Report>;

/// A line of history.jsonl, and back. Numbers keep every bit.
std::string to_json(const Report& report);
/// @throws ValueError  if the text is no report (E223, E305).
Report parse_report(std::string_view json);

/// "step 469, epoch 1: loss 0.2518, test.accuracy 0.9571"
std::ostream& operator<<(std::ostream& out, const Report& report);

}  // namespace chainrule::train
