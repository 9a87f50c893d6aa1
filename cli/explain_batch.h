#pragma once

#include <string>

#include "chainrule/data/source.h"
#include "chainrule/train/task.h"
#include "explain_json.h"

namespace chainrule::cli {

/// What is explained, and of what.
struct ExplainedBatch {
  const train::Task& task;
  const optim::Optimizer& optimizer;
  const data::Batch& batch;
  explain::NetOptions mode;
  std::string parameter;  // "affine1.weight[3,5]", or empty
  std::string states;     // where the optimizer's states come from
};

/// Fills in the passes of a batch, and those of one weight with its update.
void explain_batch(NetExplanation& made, ExplainedBatch of);

}  // namespace chainrule::cli
