#pragma once

#include <cstdint>
#include <iosfwd>
#include <vector>

#include "chainrule/data/loader.h"
#include "chainrule/optim.h"
#include "chainrule/train/task.h"

namespace chainrule::train {

struct FindLrOptions {
  double low = 1e-7, high = 10;  ///< the rates rise from one to the other by equal factors
  std::int64_t steps = 100;
  double smoothing = 0.9;  ///< share of the losses before in the smoothed ones
  /// It stops where the smoothed loss is so many times the smallest: this - 1 times its size above it. Of
  /// losses that may be negative that size is at least how far they have fallen.
  double limit = 4;
  std::uint64_t seed = 1;  ///< of first weights, if the net is not built yet, and of what is random in layers

  void fields(Fields& f);
};

/// What rates came to, up to where the loss grew beyond the limit or was no finite number.
struct LrCurve {
  std::vector<double> rates;
  std::vector<double> losses;    ///< of the batch of each step, before it; with `accumulate` of an update
  std::vector<double> smoothed;  ///< their running mean, as if it had begun with the first
  /// Where the loss falls fastest against the logarithm of the rate, over an eighth of the rates; NaN if it
  /// falls nowhere.
  double suggestion = 0;
};
/// A line a rate, and the suggestion.
std::ostream& operator<<(std::ostream& out, const LrCurve& curve);

/// Looks for a learning rate: trains with rates that rise from step to step (Smith 2017), and puts everything
/// back. Net and optimizer are as they were, but that the net is built. Of an optimizer that accumulates each
/// rate takes as many steps as an update.
///
///     const data::Loader loader(source, {.batch_size = 32});
///     optimizer.set_lr(train::find_lr({net, loss::mse}, optimizer, loader).suggestion);
///
/// @throws ValueError  for options out of range (E228, E316).
LrCurve find_lr(const Task& task, optim::Optimizer& optimizer, data::Loader loader,
                const FindLrOptions& options = {});

}  // namespace chainrule::train
