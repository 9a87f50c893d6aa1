#pragma once

#include <cstdint>

#include "chainrule/tensor.h"

// Normalisation: numbers moved and scaled to mean 0 and variance 1 over some axes, then, if asked, scaled and
// shifted by parameters. All of them compute (x - mean) / sqrt(variance + eps) in two passes, mean first, so
// that a large mean costs no digits; variances divide by the number of elements.
//
// Axis 1 is the channels C of x (N, C, ...). An empty `scale` or `shift` is left out.
namespace chainrule {

/// What batch_norm gives in training. Mean and variance, shape (C), are of this batch: running ones are the
/// caller's to keep, since an operation changes nothing.
struct BatchNormResult {
  Tensor output, mean, variance;
};

/// Over the batch and all positions, channel by channel (Ioffe and Szegedy 2015).
/// @param x             shape (N, C, ...).
/// @param scale, shift  shape (C).
/// @throws ShapeError  if x has no axis 1 or a parameter does not fit (E142), here and below.
/// @throws ValueError  if eps is negative (E144), here and below.
BatchNormResult batch_norm(const Tensor& x, const Tensor& scale = {}, const Tensor& shift = {},
                           double eps = 1e-5, Location where = Location::current());

/// With given mean and variance, shape (C): for inference. Any leading sizes.
Tensor batch_norm_inference(const Tensor& x, const Tensor& mean, const Tensor& variance,
                            const Tensor& scale = {}, const Tensor& shift = {}, double eps = 1e-5,
                            Location where = Location::current());

/// Over the axes from `axis` to the last, for each element before them (Ba, Kiros, Hinton 2016); as ONNX's
/// LayerNormalization.
/// @param scale, shift  broadcast against the normalised axes.
/// @throws ShapeError  if there is no such axis (E013).
Tensor layer_norm(const Tensor& x, int axis = -1, const Tensor& scale = {}, const Tensor& shift = {},
                  double eps = 1e-5, Location where = Location::current());

/// Over the channels of each group and all positions, example by example (Wu and He 2018).
/// @param scale, shift  shape (C).
/// @throws ValueError  if the groups do not divide the channels (E143).
Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& scale = {}, const Tensor& shift = {},
                  double eps = 1e-5, Location where = Location::current());

/// Over all positions, example by example and channel by channel (Ulyanov et al. 2016).
/// @param scale, shift  shape (C).
Tensor instance_norm(const Tensor& x, const Tensor& scale = {}, const Tensor& shift = {}, double eps = 1e-5,
                     Location where = Location::current());

/// x / sqrt(mean(x^2) + eps) over the axes from `axis` to the last: nothing is moved (Zhang and Sennrich
/// 2019).
/// @param scale  broadcasts against the normalised axes.
Tensor rms_norm(const Tensor& x, int axis = -1, const Tensor& scale = {}, double eps = 1e-5,
                Location where = Location::current());

struct LocalResponseOptions {
  std::int64_t size = 5;  ///< channels that a sum goes over
  double alpha = 1e-4, beta = 0.75, k = 1;
};
/// Each number divided by what stands at its place in the channels around (Krizhevsky et al. 2012):
///
///     y[n, c, i] = x[n, c, i] / (k + alpha / size * sum over d of x[n, d, i]^2)^beta
///
/// where d goes from c - floor(size / 2) to c + floor((size - 1) / 2), as far as there are channels. As in
/// PyTorch alpha is divided by the size; the paper's alpha is that of one channel: alpha / size here.
/// @throws ShapeError  if x has no axis 1 (E142).
/// @throws ValueError  if the size is below 1 (E430).
Tensor local_response_norm(const Tensor& x, const LocalResponseOptions& options = {},
                           Location where = Location::current());

}  // namespace chainrule
