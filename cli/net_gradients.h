#pragma once

#include <string>

#include "chainrule/explain/check.h"
#include "check_net.h"
#include "experiment.h"

namespace chainrule::cli {

struct NetGradients {
  explain::NetCheck check;
  Shared<nn::Layer> net;  // in f64
};

/// Checks the net's gradients at the first rows to learn from.
/// @param is_trained  whether the net has its weights; else it is given first ones.
/// @throws ValueError  if there are not so many rows (E085).
NetGradients check_gradients(const Experiment& experiment, const LoadedData& data, bool is_trained,
                             const CheckNetOptions& options);

std::string to_json(const explain::NetCheck& made, const CheckNetOptions& options,
                    const Experiment& experiment);

}  // namespace chainrule::cli
