#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/explain/difference.h"

namespace chainrule::cli {

struct SettingDifference {
  std::string key, a, b;
};

/// The first number of the history that differs.
struct HistoryDifference {
  std::int64_t step = 0;
  std::string name;
  double a = 0, b = 0;
};

struct StepDifference {
  std::int64_t step = -1;  // of a trace; else -1
  explain::TensorDifference tensor;
};

/// What `chainrule diff` found.
struct Differing {
  std::string a, b;
  double tolerance = 0;
  bool are_runs = false;
  std::vector<SettingDifference> settings{};
  std::int64_t reports = 0, reports_a = 0, reports_b = 0;  // compared; of each
  std::optional<HistoryDifference> history{};
  std::string tensors_of_a{}, tensors_of_b{};
  std::vector<StepDifference> tensors{};  // all that were compared

  bool differs() const;
  const StepDifference* first() const;
};

std::string to_text(const Differing& found);
std::string to_json(const Differing& found);

}  // namespace chainrule::cli
