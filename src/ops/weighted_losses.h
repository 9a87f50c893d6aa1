#pragma once

#include <string_view>

#include "chainrule/loss.h"

// What losses with options share.
namespace chainrule {

/// Weights of the losses' dtype, one for each. @throws ShapeError  if they do not fit (E150).
Tensor fitted_weights(const Tensor& weights, const Tensor& losses);

/// Losses times weights of their shape: one of weight 0 counts nothing, be it infinite.
Tensor counted(const Tensor& losses, const Tensor& weights);

/// What is left of losses that have been multiplied by weights.
Tensor weighted(const Tensor& losses, const Tensor& weights, Reduction reduction);

/// What the mean of softmax_cross_entropy or nll divides by, a scalar as graph; empty where that is the
/// number of losses. Of arguments that those take.
Tensor divisor_of(const Tensor& scores, const Tensor& targets, const ClassOptions& options);

/// softplus(z) - t z of each logit, whatever the targets are.
Tensor logistic_losses(const Tensor& logits, const Tensor& targets);

/// @throws ValueError  unless it is from 0 to 1 (E151).
void require_share(std::string_view what, double share);

}  // namespace chainrule
