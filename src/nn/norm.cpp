// Normalisation with its parameters and running statistics.
#include "chainrule/nn/norm.h"

#include <vector>

#include "chainrule/error.h"
#include "chainrule/nn/shards.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/axes.h"
#include "ops/internal.h"
#include "ops/operands.h"

namespace chainrule::nn {
namespace {

/// As batch_norm, of a batch that lies in several shards: the mean first, so that a large one costs no
/// digits.
/// @param count  becomes how many numbers a channel has in all shards, (1) f64.
BatchNormResult batch_norm_over_shards(const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                                       Tensor& count) {
  const std::int64_t channels = x.shape()[1];
  std::vector<int> axes{0};
  for (int axis = 2; axis < x.ndim(); ++axis) axes.push_back(axis);
  const Axes others{std::span<const int>(axes)};
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim()), 1);
  sizes[1] = channels;
  const Shape per_channel{std::span<const std::int64_t>(sizes)};

  const Tensor own = full({1}, static_cast<double>(x.numel() / channels), f64);
  const Tensor sums = sum_over_shards(concatenate({cast(sum(x, others), f64), own}, 0));
  count = slice(sums, 0, channels, channels + 1);
  const Tensor mean = cast(slice(sums, 0, 0, channels) / count, x.dtype());
  const Tensor squares = sum(square(x - reshape(mean, per_channel)), others);
  const Tensor variance = cast(sum_over_shards(cast(squares, f64)) / count, x.dtype());
  return {batch_norm_inference(x, mean, variance, scale, shift, eps), mean, variance};
}

}  // namespace

void BatchNorm::fields(Fields& f) {
  f("momentum", options.momentum, "share of the new batch in the running statistics", between(0, 1));
  f("eps", options.eps, "added to the variance", at_least(0));
  f("affine", options.affine, "whether the result is scaled and shifted by parameters");
}

void BatchNorm::members(Members& m) {
  if (options.affine) {
    m("scale", scale);
    m("shift", shift);
  }
  m("mean", mean);
  m("variance", variance);
}

void BatchNorm::init(Init& init) {
  const Shape channels{init.size(1)};
  if (options.affine) {
    init("scale", scale, channels, 1);
    init("shift", shift, channels, 0);
  }
  init("mean", mean, channels, 0);
  init("variance", variance, channels, 1);
}

Tensor BatchNorm::compute(const Tensor& x, Pass& pass) const {
  const Tensor s = options.affine ? scale.value() : Tensor(), b = options.affine ? shift.value() : Tensor();
  if (!pass.is_training()) return batch_norm_inference(x, mean, variance, s, b, options.eps);
  const Tensor share = scalar(options.momentum, x.dtype());
  const auto set = [&](const Tensor& new_mean, const Tensor& new_variance) {
    pass.set(mean, approach(pass.value(mean), share, new_mean));
    pass.set(variance, approach(pass.value(variance), share, new_variance));
  };
  // Statistics are no way for gradients, and an empty or single-element channel has no variance of a sample.
  if (joins_shards() && x.ndim() >= 2 && x.numel() > 0) {
    Tensor count;
    const BatchNormResult now = batch_norm_over_shards(as_floating(x), s, b, options.eps, count);
    set(now.mean, now.variance * cast(count / maximum(count - 1.0, 1.0), x.dtype()));
    return now.output;
  }
  const BatchNormResult now = batch_norm(x, s, b, options.eps);
  const std::int64_t channels = x.shape()[1], count = channels > 0 ? x.numel() / channels : 0;
  if (count == 0) return now.output;
  const double of_sample = count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1;
  set(now.mean, now.variance * of_sample);
  return now.output;
}

namespace {

void norm_fields(Fields& f, NormOptions& options) {
  f("eps", options.eps, "added to the variance", at_least(0));
  f("affine", options.affine, "whether the result is scaled by parameters");
}

void norm_members(Members& m, const NormOptions& options, Parameter& scale, Parameter& shift) {
  if (!options.affine) return;
  m("scale", scale);
  m("shift", shift);
}

void norm_init(Init& init, const NormOptions& options, const Shape& shape, Parameter& scale,
               Parameter& shift) {
  if (!options.affine) return;
  init("scale", scale, shape, 1);
  init("shift", shift, shape, 0);
}

Tensor value_of(const Parameter& parameter, const NormOptions& options) {
  return options.affine ? parameter.value() : Tensor();
}

/// The sizes from an axis to the last. @throws ShapeError E251
Shape shape_from(const Info& info, std::int64_t axis, const Shape& x) {
  const std::int64_t from = axis < 0 ? axis + x.ndim() : axis;
  if (from >= 1 && from < x.ndim()) return Shape(x.sizes().subspan(static_cast<std::size_t>(from)));
  throw ShapeError(251, cat("[", info.name, "] axis is ", axis, ", the input ", x,
                            "; need one of its axes behind the first, which is the batch.",
                            OriginScope::current({}).to_string()));
}

}  // namespace

void LayerNorm::fields(Fields& f) {
  f("axis", axis, "the first of those that are normalised, to the last");
  norm_fields(f, options);
}
void LayerNorm::members(Members& m) { norm_members(m, options, scale, shift); }
void LayerNorm::init(Init& init) {
  norm_init(init, options, shape_from(kInfo, axis, init.shape()), scale, shift);
}
Tensor LayerNorm::compute(const Tensor& x, Pass&) const {
  return layer_norm(x, axis_of(axis), value_of(scale, options), value_of(shift, options), options.eps);
}

void RmsNorm::fields(Fields& f) {
  f("axis", axis, "the first of those that are normalised, to the last");
  f("eps", options.eps, "added to the mean square", at_least(0));
  f("affine", options.affine, "whether the result is scaled by a parameter");
}
void RmsNorm::members(Members& m) {
  if (options.affine) m("scale", scale);
}
void RmsNorm::init(Init& init) {
  const Shape shape = shape_from(kInfo, axis, init.shape());
  if (options.affine) init("scale", scale, shape, 1);
}
Tensor RmsNorm::compute(const Tensor& x, Pass&) const {
  return rms_norm(x, axis_of(axis), value_of(scale, options), options.eps);
}

void GroupNorm::fields(Fields& f) {
  f("groups", groups, "parts of the channels, each normalised by itself", at_least(1));
  norm_fields(f, options);
}
void GroupNorm::members(Members& m) { norm_members(m, options, scale, shift); }
void GroupNorm::init(Init& init) { norm_init(init, options, {init.size(1)}, scale, shift); }
Tensor GroupNorm::compute(const Tensor& x, Pass&) const {
  return group_norm(x, groups, value_of(scale, options), value_of(shift, options), options.eps);
}

void InstanceNorm::fields(Fields& f) { norm_fields(f, options); }
void InstanceNorm::members(Members& m) { norm_members(m, options, scale, shift); }
void InstanceNorm::init(Init& init) { norm_init(init, options, {init.size(1)}, scale, shift); }
Tensor InstanceNorm::compute(const Tensor& x, Pass&) const {
  return instance_norm(x, value_of(scale, options), value_of(shift, options), options.eps);
}

void LocalResponseNorm::fields(Fields& f) {
  f("size", options.size, "channels that a sum goes over", at_least(1));
  f("alpha", options.alpha, "how much the mean of their squares counts");
  f("beta", options.beta, "the power that divides");
  f("k", options.k, "what the mean is added to");
}
Tensor LocalResponseNorm::compute(const Tensor& x, Pass&) const { return local_response_norm(x, options); }

BatchNorm::BatchNorm(BatchNormOptions more) : options(more) {}

LayerNorm::LayerNorm(std::int64_t from, NormOptions more) : axis(from), options(more) {}

RmsNorm::RmsNorm(std::int64_t from, NormOptions more) : axis(from), options(more) {}

GroupNorm::GroupNorm(std::int64_t count, NormOptions more) : groups(count), options(more) {}

InstanceNorm::InstanceNorm(NormOptions more) : options(more) {}

LocalResponseNorm::LocalResponseNorm(LocalResponseOptions more) : options(more) {}

}  // namespace chainrule::nn
