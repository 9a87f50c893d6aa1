#pragma once

#include "chainrule/nn/layer.h"

// A loss as a layer, as the books have it; others: chainrule/loss.h.
namespace chainrule::nn {

/// Mean softmax cross-entropy: forward(logits, targets), targets as class numbers or one-hot rows.
struct SoftmaxWithLoss : LayerOf<SoftmaxWithLoss> {
  static constexpr Info kInfo{.name = "softmax_with_loss", .doc = "Softmax and its mean cross-entropy."};
  static constexpr std::string_view kWhole = "t";
  static constexpr std::string_view kInputs = "x, t", kOutputs = "loss";
  Tensor compute(const Tensor& x, const Tensor& t, Pass&) const;
};

}  // namespace chainrule::nn
