#pragma once

#include <cstdint>

namespace chainrule {

/// How long something takes, or how often it comes: in steps, or in epochs, which only a training run can
/// count.
struct Duration {
  std::int64_t steps = 0;
  double epochs = 0;

  bool is_empty() const { return steps <= 0 && epochs <= 0; }
  /// In steps, rounded; steps and epochs add up.
  /// @param steps_per_epoch  0 if unknown.
  /// @throws ValueError  for epochs of unknown length (E260), or of more than 1e18 steps (E261).
  std::int64_t in_steps(std::int64_t steps_per_epoch) const;
};
constexpr Duration steps(std::int64_t count) { return {.steps = count}; }
constexpr Duration epochs(double count) { return {.epochs = count}; }

}  // namespace chainrule
