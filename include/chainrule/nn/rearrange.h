#pragma once

#include "chainrule/nn/layer.h"

// Layers that change shapes, not numbers.
namespace chainrule::nn {

/// (N, ...) to (N, features).
struct Flatten : LayerOf<Flatten> {
  static constexpr Info kInfo{.name = "flatten", .doc = "All axes but the first become one."};
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
