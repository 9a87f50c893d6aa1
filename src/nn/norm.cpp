// Normalisation with its parameters and running statistics.
#include "chainrule/nn/norm.h"

#include "chainrule/normalize.h"
#include "chainrule/ops.h"
#include "ops/internal.h"

namespace chainrule::nn {

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
  const BatchNormResult now = batch_norm(x, s, b, options.eps);
  // Statistics are no way for gradients, and an empty or single-element channel has no variance of a sample.
  const std::int64_t channels = x.shape()[1], count = channels > 0 ? x.numel() / channels : 0;
  if (count == 0) return now.output;
  const double of_sample = count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1;
  const Tensor share = scalar(options.momentum, x.dtype());
  pass.set(mean, approach(mean, share, now.mean));
  pass.set(variance, approach(variance, share, now.variance * of_sample));
  return now.output;
}

}  // namespace chainrule::nn
