#pragma once

#include <utility>

#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "chainrule/train/task.h"

namespace chainrule::train {

/// What the loss of a batch counts where means are put together: what it divided by, or the number of rows.
inline Tensor counted_in(Outcome& outcome, const data::Batch& batch) {
  if (!outcome.counted.is_empty()) return std::move(outcome.counted);
  return scalar(static_cast<double>(batch.rows()), f64);
}

/// A step against the loss of a batch, which counts as much as its mean divides by if steps are put together.
/// Returns the loss.
inline double step_of(const Task& task, optim::Optimizer& optimizer, const data::Batch& batch,
                      nn::Pass& pass) {
  Tensor loss, counted;
  {
    Outcome outcome = task.outcome(batch, pass);
    loss = std::move(outcome.loss);  // the only handle on the graph
    if (optimizer.options().accumulate > 1) counted = counted_in(outcome, batch);
  }
  return optimizer.step(std::move(loss), std::move(counted), pass, task.where());
}

}  // namespace chainrule::train
