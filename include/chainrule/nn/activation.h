#pragma once

#include "chainrule/nn/layer.h"

// Activations: functions of each number by itself.
namespace chainrule::nn {

/// x where x > 0, else 0.
struct Relu : LayerOf<Relu> {
  static constexpr Info kInfo{.name = "relu", .doc = "x where x > 0, else 0."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// 1 / (1 + exp(-x)).
struct Sigmoid : LayerOf<Sigmoid> {
  static constexpr Info kInfo{.name = "sigmoid", .doc = "1 / (1 + exp(-x))."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Tanh : LayerOf<Tanh> {
  static constexpr Info kInfo{.name = "tanh", .doc = "The hyperbolic tangent."};
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
