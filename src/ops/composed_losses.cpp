// Losses made of other operations; cross_entropy.cpp has those that have kernels of their own.
#include "chainrule/loss.h"

#include <cmath>

#include "chainrule/ops.h"
#include "ops/composed.h"
#include "ops/internal.h"
#include "ops/op.h"
#include "ops/weighted_losses.h"

namespace chainrule {
namespace {

/// @throws ShapeError E140
void require_same_shape(const Tensor& prediction, const Tensor& target) {
  if (prediction.shape() == target.shape()) return;
  throw op_error<ShapeError>(
      140, cat("predictions ", prediction.shape(), ", targets ", target.shape(),
               ". Need equal shapes: nothing broadcasts in a loss. Use reshape, expand_dims or squeeze."));
}

}  // namespace

Tensor logistic_losses(const Tensor& logits, const Tensor& targets) {
  require_same_shape(logits, targets);
  // softplus(z) - t z, of which nothing cancels: (1 - t) z + log(1 + e^-z) for z > 0, else -t z + log(1 +
  // e^z).
  const Tensor is_positive = logits > 0.0;
  const Tensor straight = chainrule::where(is_positive, 1.0 - targets, -targets) * logits;
  return straight + log1p(exp(chainrule::where(is_positive, -logits, logits)));
}

Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets, Reduction reduction,
                                        Location where) {
  const OpScope scope("binary_cross_entropy_with_logits", where);
  return reduced(logistic_losses(logits, check_range(targets, 0, 1, Bounded::target)), reduction);
}

Tensor mse(const Tensor& prediction, const Tensor& target, Reduction reduction, Location where) {
  const OpScope scope("mse", where);
  require_same_shape(prediction, target);
  return reduced(square(prediction - target), reduction);
}

Tensor mae(const Tensor& prediction, const Tensor& target, Reduction reduction, Location where) {
  const OpScope scope("mae", where);
  require_same_shape(prediction, target);
  return reduced(abs(prediction - target), reduction);
}

Tensor huber(const Tensor& prediction, const Tensor& target, double delta, Reduction reduction,
             Location where) {
  const OpScope scope("huber", where);
  require_same_shape(prediction, target);
  if (!(delta > 0) || std::isinf(delta)) {
    throw op_error<ValueError>(141, cat("delta is ", delta, "; it must be a positive number."));
  }
  // With c the difference held between -delta and delta: c (d - c / 2) is both branches at once.
  const Tensor difference = prediction - target;
  const Tensor held = clip(difference, -delta, delta);
  return reduced(held * (difference - 0.5 * held), reduction);
}

Tensor hinge(const Tensor& prediction, const Tensor& target, Reduction reduction, Location where) {
  const OpScope scope("hinge", where);
  require_same_shape(prediction, target);
  return reduced(relu(1.0 - check_range(target, -1, 1, Bounded::sign) * prediction), reduction);
}

Tensor kl_divergence(const Tensor& log_q, const Tensor& target, Reduction reduction, Location where) {
  const OpScope scope("kl_divergence", where);
  require_same_shape(log_q, target);
  if (target.ndim() == 0) {
    throw op_error<ShapeError>(140, "predictions () are one number; need a last axis of classes.");
  }
  const Tensor p = check_range(target, 0, 1, Bounded::target);
  // p log p through a number above 0, so that neither 0 times infinity nor its slope appears; and p log q
  // without infinity where p is 0.
  const Tensor is_zero = equal(p, 0);
  const Tensor entropies = chainrule::where(is_zero, 0, p * log(chainrule::where(is_zero, 1, p)));
  const Tensor finite_q = chainrule::where(logical_and(is_zero, equal(log_q, -INFINITY)), 0, log_q);
  return reduced(sum(entropies - p * finite_q, -1), reduction);
}

std::vector<ComposedFunction> loss_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 4}}, other{{3, 4}};
  const SampleInput far{{3, 4}, DType::f64, {-40, 40}};  // kinks are improbable
  const SampleInput probs{{3, 4}, DType::f64, {0.05, 0.4}}, classes{{3}, DType::i64, {0, 4}};
  return {
      {"nll",
       "The mean, or the sum, of the operation over rows.",
       {{"nll(x, classes)", [](In in) { return nll(in[0], in[1]); }, {matrix, classes}},
        {"nll(x, probs, Reduction::sum)",
         [](In in) { return nll(in[0], in[1], Reduction::sum); },
         {matrix, probs}}}},
      {"binary_cross_entropy_with_logits",
       "softplus(z) - t z.",
       {{"binary_cross_entropy_with_logits(z, t)",
         [](In in) { return binary_cross_entropy_with_logits(in[0], in[1]); },
         {far, probs}},
        {"binary_cross_entropy_with_logits(z, t, Reduction::none)",
         [](In in) { return binary_cross_entropy_with_logits(in[0], in[1], Reduction::none); },
         {matrix, probs}}}},
      {"mse",
       "(x - t)^2.",
       {{"mse(x, t)", [](In in) { return mse(in[0], in[1]); }, {matrix, other}},
        {"mse(x, t, Reduction::none)",
         [](In in) { return mse(in[0], in[1], Reduction::none); },
         {matrix, other}}}},
      {"mae", "|x - t|.", {{"mae(x, t)", [](In in) { return mae(in[0], in[1]); }, {far, far}}}},
      {"huber",
       "(x - t)^2 / 2 near t, delta (|x - t| - delta / 2) elsewhere.",
       {{"huber(x, t)", [](In in) { return huber(in[0], in[1]); }, {matrix, other}},
        {"huber(x, t, 20, Reduction::sum)",
         [](In in) { return huber(in[0], in[1], 20, Reduction::sum); },
         {far, far}}}},
      {"hinge",
       "max(0, 1 - t x).",
       {{"hinge(x, t)", [](In in) { return hinge(in[0], in[1]); }, {far, probs}}}},
      {"kl_divergence",
       "sum_j p_j (log p_j - log q_j).",
       {{"kl_divergence(log_q, p)", [](In in) { return kl_divergence(in[0], in[1]); }, {matrix, probs}},
        {"kl_divergence(log_q, p, Reduction::none)",
         [](In in) { return kl_divergence(in[0], in[1], Reduction::none); },
         {matrix, probs}}}},
      {"softmax_cross_entropy",
       "The mean, or the sum, of the operation over rows.",
       {{"softmax_cross_entropy(z, classes)",
         [](In in) { return softmax_cross_entropy(in[0], in[1]); },
         {matrix, classes}},
        {"softmax_cross_entropy(z, probs, Reduction::sum)",
         [](In in) { return softmax_cross_entropy(in[0], in[1], Reduction::sum); },
         {matrix, probs}}}},
  };
}

}  // namespace chainrule
