#pragma once

#include "chainrule/nn/layer.h"

// What leaves numbers out at random.
namespace chainrule::nn {

/// In training each element is 0 with probability p.
struct Dropout : LayerOf<Dropout> {
  static constexpr Info kInfo{.name = "dropout", .doc = "In training, numbers are left out at random."};
  double p = 0.5;
  /// Whether what is kept is divided by 1 - p in training (Srivastava et al. 2014), so that inference need do
  /// nothing. Otherwise inference multiplies by 1 - p, as in "Deep Learning from Scratch".
  bool inverted = true;

  Dropout() = default;
  explicit Dropout(double probability, bool is_inverted = true);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

}  // namespace chainrule::nn
