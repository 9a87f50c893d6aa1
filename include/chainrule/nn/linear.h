#pragma once

#include <cstdint>
#include <utility>

#include "chainrule/nn/layer.h"

namespace chainrule::nn {

struct LinearOptions {
  bool bias = true;
  AnyInitializer weight_init = Xavier{.uniform = true};
};
/// x W + b over the last axis alone: (..., in) to (..., out). Affine of each step of a sequence.
struct Linear : LayerOf<Linear> {
  static constexpr Info kInfo{.name = "linear",
                              .doc = "x W + b over the last axis: the same for each step of a sequence."};
  std::int64_t outputs = 0;
  LinearOptions options;
  Parameter weight;  ///< W, shape (in, out)
  Parameter bias;    ///< b, shape (out)

  Linear() = default;
  explicit Linear(std::int64_t out, LinearOptions more = {});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// @throws ShapeError  for fewer than two axes (E041).
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
