#pragma once

#include <utility>

#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "chainrule/train/task.h"

namespace chainrule::train {

/// A step against the loss of a batch, which counts as much as its mean divides by if steps are put together.
/// Returns the loss.
inline double step_of(const Task& task, optim::Optimizer& optimizer, const data::Batch& batch,
                      nn::Pass& pass) {
  Tensor loss, counted;
  {
    Outcome outcome = task.outcome(batch, pass);
    loss = std::move(outcome.loss);  // the only handle on the graph
    if (optimizer.options().accumulate > 1) {
      counted = outcome.counted.is_empty() ? scalar(static_cast<double>(batch.rows()), f64)
                                           : std::move(outcome.counted);
    }
  }
  return optimizer.step(std::move(loss), std::move(counted), pass, task.where());
}

}  // namespace chainrule::train
