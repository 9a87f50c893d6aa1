#pragma once

#include <cstdint>

#include "chainrule/nn/layer.h"
#include "chainrule/normalize.h"

// Normalisation, as layers: the functions of chainrule/normalize.h with their parameters, which start at 1
// (scale) and 0 (shift).
namespace chainrule::nn {

struct BatchNormOptions {
  double momentum = 0.1;  ///< share of the new batch in the running statistics
  double eps = 1e-5;
  bool affine = true;  ///< whether the result is scaled and shifted by parameters
};
/// (x - mean) / sqrt(variance + eps), scaled and shifted, channel by channel (axis 1); in training by the
/// statistics of the batch, else by running ones (Ioffe and Szegedy 2015). The running variance is that of a
/// sample, with N - 1. Any number of axes behind the channels.
struct BatchNorm : LayerOf<BatchNorm> {
  static constexpr Info kInfo{.name = "batch_norm",
                              .doc = "Each channel with mean 0 and variance 1, then scaled."};
  BatchNormOptions options;
  Parameter scale, shift;  ///< (C)
  State mean, variance;    ///< (C), running

  BatchNorm() = default;
  explicit BatchNorm(BatchNormOptions more);
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

struct NormOptions {
  double eps = 1e-5;
  bool affine = true;  ///< whether the result is scaled and shifted by parameters
};

/// (x - mean) / sqrt(variance + eps) over the axes from `axis` to the last, row by row (Ba, Kiros, Hinton
/// 2016).
struct LayerNorm : LayerOf<LayerNorm> {
  static constexpr Info kInfo{.name = "layer_norm",
                              .doc = "The last axes with mean 0 and variance 1, then scaled."};
  std::int64_t axis = -1;
  NormOptions options;
  Parameter scale, shift;  ///< of the normalised axes' shape

  LayerNorm() = default;
  explicit LayerNorm(std::int64_t from, NormOptions more = {});
  void fields(Fields& f);
  void members(Members& m);
  /// @throws ShapeError  if the axis is not there, or is that of the batch (E251).
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x / sqrt(mean(x^2) + eps) over the axes from `axis` to the last, scaled (Zhang and Sennrich 2019).
struct RmsNorm : LayerOf<RmsNorm> {
  static constexpr Info kInfo{.name = "rms_norm", .doc = "The last axes with mean square 1, then scaled."};
  std::int64_t axis = -1;
  NormOptions options;
  Parameter scale;  ///< of the normalised axes' shape

  RmsNorm() = default;
  explicit RmsNorm(std::int64_t from, NormOptions more = {});
  void fields(Fields& f);
  void members(Members& m);
  /// @throws ShapeError  if the axis is not there, or is that of the batch (E251).
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// (x - mean) / sqrt(variance + eps) over the channels of each group and all positions, example by example
/// (Wu and He 2018).
struct GroupNorm : LayerOf<GroupNorm> {
  static constexpr Info kInfo{.name = "group_norm",
                              .doc = "Each group of channels with mean 0 and variance 1, then scaled."};
  std::int64_t groups = 0;
  NormOptions options;
  Parameter scale, shift;  ///< (C)

  GroupNorm() = default;
  explicit GroupNorm(std::int64_t count, NormOptions more = {});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// (x - mean) / sqrt(variance + eps) over all positions, example by example and channel by channel (Ulyanov
/// et al. 2016).
struct InstanceNorm : LayerOf<InstanceNorm> {
  static constexpr Info kInfo{.name = "instance_norm",
                              .doc = "Each channel of each example with mean 0 and variance 1, then scaled."};
  NormOptions options;
  Parameter scale, shift;  ///< (C)

  InstanceNorm() = default;
  explicit InstanceNorm(NormOptions more);
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x / (k + alpha / size times the sum of the squares of `size` channels around)^beta:
/// chainrule::local_response_norm.
struct LocalResponseNorm : LayerOf<LocalResponseNorm> {
  static constexpr Info kInfo{.name = "local_response_norm",
                              .doc = "Each number divided by what the channels around it are like."};
  LocalResponseOptions options;

  LocalResponseNorm() = default;
  explicit LocalResponseNorm(LocalResponseOptions more);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
