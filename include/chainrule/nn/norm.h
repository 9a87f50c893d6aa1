#pragma once

#include "chainrule/nn/layer.h"

// Normalisation, as layers: chainrule/normalize.h.
namespace chainrule::nn {

struct BatchNormOptions {
  double momentum = 0.1;  ///< share of the new batch in the running statistics
  double eps = 1e-5;
  bool affine = true;  ///< whether the result is scaled and shifted by parameters
};
/// (x - mean) / sqrt(variance + eps), scaled and shifted, channel by channel (axis 1); in training by the
/// statistics of the batch, else by running ones (Ioffe and Szegedy 2015). The running variance is that of a
/// sample, with N - 1.
struct BatchNorm : LayerOf<BatchNorm> {
  static constexpr Info kInfo{.name = "batch_norm",
                              .doc = "Each channel with mean 0 and variance 1, then scaled."};
  BatchNormOptions options;
  Parameter scale, shift;  ///< (C)
  State mean, variance;    ///< (C), running

  BatchNorm() = default;
  explicit BatchNorm(BatchNormOptions more) : options(more) {}
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

}  // namespace chainrule::nn
