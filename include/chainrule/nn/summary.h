#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/nn/layer.h"

namespace chainrule::nn {

/// A layer of a net as it runs.
struct LayerSummary {
  std::string path, what;       ///< "block1.affine2", "affine(50)"
  Shape output;                 ///< of its first output
  std::int64_t parameters = 0;  ///< numbers that it holds itself
  double flops = 0;             ///< of a forward pass
};

/// What Layer::summary prints, to compute with.
struct NetSummary {
  std::vector<LayerSummary> layers;  ///< in the order in which they run
  std::int64_t parameters = 0, bytes = 0;
  double flops = 0;  ///< of a forward pass for the batch, all operations
};
/// @param inputs  one batch; their numbers do not matter.
NetSummary summarize(const Layer& net, const Inputs& inputs);

}  // namespace chainrule::nn
