#pragma once

#include <string>
#include <vector>

#include "chainrule/nn/layer.h"

// Where a net looks:
//
//     const Tensor weights = explain::explain_attention(net, {source, target})[0].weights;   // (N, T, S)
namespace chainrule::explain {

/// How much each step counted for each: weights from 0 to 1, whose sum over the last axis is 1.
struct AttentionTrace {
  std::string path;  ///< of the layer: "block1.attention"; its kind for one that stands alone
  Tensor weights;    ///< of an nn::Attention (N, heads, T, S), of an nn::Seq2Seq (N, T written, S read)
};

/// The weights of all attention in a net, in the order in which it runs. Changes nothing in the net.
/// @throws ValueError  if the net has none (E378). @throws  what the net throws for these inputs.
std::vector<AttentionTrace> explain_attention(const nn::Layer& net, const nn::Inputs& inputs);

}  // namespace chainrule::explain
