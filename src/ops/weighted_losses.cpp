// Losses with options: what each counts, beside what it is.
#include "ops/weighted_losses.h"

#include <limits>

#include "chainrule/ops.h"
#include "ops/composed.h"
#include "ops/internal.h"
#include "ops/op.h"

namespace chainrule {

Tensor fitted_weights(const Tensor& weights, const Tensor& losses) {
  const Shape& shape = losses.shape();
  const Tensor numbers = weights.dtype() == losses.dtype() ? weights : cast(weights, losses.dtype());
  if (weights.shape() == shape) return numbers;
  if (shape.ndim() > 1 && weights.shape() == Shape{shape[0]}) {
    std::vector<std::int64_t> column(static_cast<std::size_t>(shape.ndim()), 1);
    column[0] = shape[0];
    return broadcast_to(reshape(numbers, column), shape);
  }
  throw op_error<ShapeError>(
      150, cat("sample weights ", weights.shape(), " do not fit losses ", shape, ". Need ",
               shape.ndim() > 1 ? cat("one for each row, (", shape[0], ",), or for each loss, ") : "", shape,
               "."));
}

Tensor counted(const Tensor& losses, const Tensor& weights) {
  return where(equal(weights, 0), 0, losses) * weights;
}

Tensor weighted(const Tensor& losses, const Tensor& weights, Reduction reduction) {
  if (reduction == Reduction::none) return losses;
  if (reduction == Reduction::sum) return sum(losses);
  const Tensor total = sum(weights);
  return sum(losses) / where(total > 0, total, 1);
}

void require_share(std::string_view what, double share) {
  if (share >= 0 && share <= 1) return;
  throw op_error<ValueError>(151, cat(what, " is ", share, "; it must be from 0 to 1."));
}

namespace {

/// What is left of losses that a function gives without reduction.
template <class F>
Tensor with_weights(const char* name, const LossOptions& options, Location where, F losses_of) {
  const OpScope scope(name, where);
  const Tensor losses = losses_of();
  if (options.sample_weights.is_empty()) return reduced(losses, options.reduction);
  const Tensor weights = fitted_weights(options.sample_weights, losses);
  return weighted(counted(losses, weights), weights, options.reduction);
}

}  // namespace

Tensor mse(const Tensor& prediction, const Tensor& target, const LossOptions& options, Location where) {
  return with_weights("mse", options, where, [&] { return mse(prediction, target, Reduction::none); });
}

Tensor half_mse(const Tensor& prediction, const Tensor& target, const LossOptions& options, Location where) {
  return with_weights("half_mse", options, where, [&] {
    const Tensor squares = mse(prediction, target, Reduction::none);
    if (squares.ndim() == 0) {
      throw op_error<ShapeError>(140, "predictions () are one number; need a first axis of rows.");
    }
    return 0.5 * (squares.ndim() == 1 ? squares : sum(flatten(squares, 1), 1));
  });
}
Tensor half_mse(const Tensor& prediction, const Tensor& target, Reduction reduction, Location where) {
  return half_mse(prediction, target, LossOptions{.reduction = reduction}, where);
}

Tensor mae(const Tensor& prediction, const Tensor& target, const LossOptions& options, Location where) {
  return with_weights("mae", options, where, [&] { return mae(prediction, target, Reduction::none); });
}

Tensor huber(const Tensor& prediction, const Tensor& target, double delta, const LossOptions& options,
             Location where) {
  return with_weights("huber", options, where,
                      [&] { return huber(prediction, target, delta, Reduction::none); });
}

Tensor hinge(const Tensor& prediction, const Tensor& target, const LossOptions& options, Location where) {
  return with_weights("hinge", options, where, [&] { return hinge(prediction, target, Reduction::none); });
}

Tensor kl_divergence(const Tensor& log_q, const Tensor& p, const LossOptions& options, Location where) {
  return with_weights("kl_divergence", options, where,
                      [&] { return kl_divergence(log_q, p, Reduction::none); });
}

// With p = (1 + tanh z) / 2 = sigmoid(2 z) it is twice the cross-entropy of p and (1 + t) / 2.
Tensor tanh_cross_entropy(const Tensor& logits, const Tensor& targets, const LossOptions& options,
                          Location where) {
  return with_weights("tanh_cross_entropy", options, where, [&] {
    const Tensor t = check_range(targets, -1, 1, Bounded::target);
    return 2.0 * logistic_losses(2.0 * logits, (t + 1.0) / 2.0);
  });
}
Tensor tanh_cross_entropy(const Tensor& logits, const Tensor& targets, Reduction reduction, Location where) {
  return tanh_cross_entropy(logits, targets, LossOptions{.reduction = reduction}, where);
}

// With a weight q of the yes: q t softplus(-z) + (1 - t) softplus(z), and softplus(z) = z + softplus(-z).
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets,
                                        const BinaryOptions& options, Location where) {
  const LossOptions rest{options.reduction, options.sample_weights};
  return with_weights("binary_cross_entropy_with_logits", rest, where, [&] {
    require_share("label_smoothing", options.label_smoothing);
    const double q = options.positive_weight;
    if (!(q >= 0) || q > std::numeric_limits<double>::max()) {
      throw op_error<ValueError>(151, cat("positive_weight is ", q, "; it must be a number, at least 0."));
    }
    Tensor t = check_range(targets, 0, 1, Bounded::target);
    if (options.label_smoothing > 0) t = t * (1 - options.label_smoothing) + options.label_smoothing / 2;
    const Tensor losses = logistic_losses(logits, t);
    return q == 1 ? losses : losses + (q - 1) * t * softplus(-logits);
  });
}

std::vector<ComposedFunction> weighted_loss_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 4}}, other{{3, 4}}, signs{{3, 4}, DType::f64, {-0.9, 0.9}};
  const SampleInput rows{{3}, DType::f64, {0.5, 2}};
  const SampleInput frames{{2, 5, 3}}, labels{{2, 2}, DType::i64, {1, 3}};
  return {
      {"half_mse",
       "sum_j (x_j - t_j)^2 / 2 of each row.",
       {{"half_mse(x, t)", [](In in) { return half_mse(in[0], in[1]); }, {matrix, other}},
        {"half_mse(x, t, {.sample_weights = w})",
         [](In in) { return half_mse(in[0], in[1], LossOptions{.sample_weights = in[2]}); },
         {matrix, other, rows}}}},
      {"tanh_cross_entropy",
       "-(1 + t) log((1 + tanh z) / 2) - (1 - t) log((1 - tanh z) / 2).",
       {{"tanh_cross_entropy(z, t)",
         [](In in) { return tanh_cross_entropy(in[0], in[1]); },
         {matrix, signs}}}},
      {"ctc",
       "-log of the probability of the labels over all alignments of frames.",
       {{"ctc(log_probs, labels)", [](In in) { return ctc(in[0], in[1]); }, {frames, labels}}}},
  };
}

}  // namespace chainrule
