// Cross-entropy of classes with options: weights, smoothing, ignored targets, further axes.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "chainrule/ops.h"
#include "ops/internal.h"
#include "ops/meta.h"
#include "ops/op.h"
#include "ops/operands.h"
#include "ops/weighted_losses.h"

namespace chainrule {
namespace {

using RowLoss = Tensor (*)(const Tensor&, const Tensor&, Reduction, Location);

/// Scores and targets with the classes on the last of two axes.
struct Rows {
  Tensor scores;   // (M, C)
  Tensor targets;  // (M) class numbers, or (M, C) probabilities
  Shape shape;     // of the losses; M is its number of elements
  std::int64_t classes = 0;
  bool has_numbers = false;
};

Tensor class_last(const Tensor& x, int axis, std::int64_t classes) {
  std::vector<int> order;
  for (int i = 0; i < x.ndim(); ++i) {
    if (i != axis) order.push_back(i);
  }
  order.push_back(axis);
  const Tensor moved = axis + 1 == x.ndim() ? x : permute(x, order);
  return x.ndim() == 2 ? moved : reshape(moved, {x.numel() / std::max<std::int64_t>(classes, 1), classes});
}

Rows as_rows(const Tensor& given_scores, const Tensor& given_targets, const ClassOptions& options) {
  const Tensor scores = computing(given_scores), given = computing(given_targets);
  const bool are_numbers = is_floating(given.dtype()) && is_floating(scores.dtype());
  const Tensor targets = are_numbers ? cast(given, scores.dtype()) : given;
  const Shape& s = scores.shape();
  if (s.ndim() < 2)
    throw op_error<ShapeError>(21, cat("logits must have an axis of classes beside (N), got ", s, "."));
  const int axis = checked_axis(options.class_axis, s.ndim());
  Rows rows;
  rows.classes = s[axis];
  std::vector<std::int64_t> sizes(s.sizes().begin(), s.sizes().end());
  sizes.erase(sizes.begin() + axis);
  rows.shape = Shape(sizes);
  rows.has_numbers = !is_floating(targets.dtype());
  const bool fits = rows.has_numbers
                        ? targets.shape() == rows.shape && (targets.dtype() == i64 || targets.dtype() == u8)
                        : targets.shape() == s && targets.dtype() == scores.dtype();
  if (!fits) {
    const Shape steps(std::vector<std::int64_t>(s.sizes().begin(), s.sizes().end() - 1));
    const bool is_last = rows.has_numbers && targets.shape() == steps;  // the classes, as those of text nets
    throw op_error<ShapeError>(
        21, cat("targets ", targets.shape(), " ", name_of(targets.dtype()), " do not fit logits ", s, " ",
                name_of(scores.dtype()), " with classes on axis ", axis, ". Need class numbers ", rows.shape,
                " i64 or probabilities ", s, " ", name_of(scores.dtype()), ".",
                is_last ? " If the last axis is that of the classes, set class_axis to -1." : ""));
  }
  rows.scores = class_last(scores, axis, rows.classes);
  rows.targets = rows.has_numbers ? reshape(cast(targets, i64), {targets.numel()})
                                  : class_last(targets, axis, rows.classes);
  return rows;
}

/// (C), of the scores' dtype; empty if there are none.
Tensor weights_of_classes(const Rows& rows, const ClassOptions& options) {
  if (options.class_weights.is_empty()) return {};
  if (options.class_weights.shape() != Shape{rows.classes}) {
    throw op_error<ShapeError>(152, cat("class weights ", options.class_weights.shape(), " for ",
                                        rows.classes, " classes. Need (", rows.classes, ",)."));
  }
  constexpr double kAny = std::numeric_limits<double>::max();
  return cast(check_range(options.class_weights, 0, kAny, Bounded::weight), rows.scores.dtype());
}

/// Which class numbers are not ignored, (M); empty: all.
Tensor kept_of(const Rows& rows, const ClassOptions& options) {
  Tensor is_kept;
  for (const std::int64_t ignored : options.ignored) {
    const Tensor is_other = not_equal(rows.targets, ignored);
    is_kept = is_kept.is_empty() ? is_other : logical_and(is_kept, is_other);
  }
  return is_kept;
}

/// What each loss counts, (M): the weight of its class, 0 if that is ignored. Empty: all the same.
Tensor weights_of(const Rows& rows, const ClassOptions& options) {
  const Tensor by_class = weights_of_classes(rows, options);
  if (!rows.has_numbers || (by_class.is_empty() && options.ignored.empty())) return {};
  Tensor weights = ones(rows.targets.shape(), rows.scores.dtype());
  // What is no class fails in the loss, and must not fail here first.
  if (!by_class.is_empty()) weights = take(by_class, clip(rows.targets, 0, rows.classes - 1));
  return options.ignored.empty() ? weights : where(kept_of(rows, options), weights, 0);
}

/// sum_j q_j w_j l_j, where l_j is the loss of class j, q the smoothed targets, w the weights of classes.
Tensor of_numbers(const Rows& rows, const ClassOptions& options, RowLoss loss) {
  const double smoothing = options.label_smoothing;
  const Tensor by_class = weights_of_classes(rows, options), is_kept = kept_of(rows, options);
  const Tensor t = is_kept.is_empty() ? rows.targets : where(is_kept, rows.targets, 0);
  Tensor losses = loss(rows.scores, t, Reduction::none, {});
  if (!by_class.is_empty()) losses = losses * take(by_class, clip(t, 0, rows.classes - 1));
  if (smoothing > 0) {
    Tensor even = full({rows.classes}, 1.0 / static_cast<double>(rows.classes), rows.scores.dtype());
    if (!by_class.is_empty()) even = even * by_class;
    const Tensor all = loss(rows.scores, broadcast_to(even, rows.scores.shape()), Reduction::none, {});
    losses = (1 - smoothing) * losses + smoothing * all;
  }
  return is_kept.is_empty() ? losses : where(is_kept, losses, 0);
}

Tensor of_probabilities(const Rows& rows, const ClassOptions& options, RowLoss loss) {
  const double smoothing = options.label_smoothing;
  const Tensor by_class = weights_of_classes(rows, options);
  Tensor q = rows.targets;
  if (smoothing > 0) q = q * (1 - smoothing) + smoothing / static_cast<double>(rows.classes);
  if (!by_class.is_empty()) q = q * by_class;
  return loss(rows.scores, q, Reduction::none, {});
}

Tensor class_loss(const char* name, const Tensor& scores, const Tensor& targets, const ClassOptions& options,
                  RowLoss loss, Location where) {
  const OpScope scope(name, where);
  require_share("label_smoothing", options.label_smoothing);
  const bool is_plain = options.sample_weights.is_empty() && options.class_weights.is_empty() &&
                        options.label_smoothing == 0 && options.ignored.empty();
  const bool is_matrix = !scores.is_empty() && scores.ndim() == 2 && std::abs(options.class_axis) == 1;
  if (is_plain && is_matrix)
    return loss(scores, targets, options.reduction, where);  // what most trainings do
  const Rows rows = as_rows(scores, targets, options);
  if (is_plain) {
    const Tensor losses = loss(rows.scores, rows.targets, options.reduction, where);
    return options.reduction == Reduction::none ? reshape(losses, rows.shape) : losses;
  }
  const Tensor of_rows =
      rows.has_numbers ? of_numbers(rows, options, loss) : of_probabilities(rows, options, loss);
  Tensor losses = reshape(of_rows, rows.shape), weights = weights_of(rows, options);
  weights = weights.is_empty() ? ones(rows.shape, losses.dtype()) : reshape(weights, rows.shape);
  if (!options.sample_weights.is_empty()) {
    const Tensor s = fitted_weights(options.sample_weights, losses);
    losses = counted(losses, s), weights = weights * s;
  }
  return weighted(losses, weights, options.reduction);
}

}  // namespace

Tensor divisor_of(const Tensor& scores, const Tensor& targets, const ClassOptions& options) {
  const bool counts_all_alike =
      options.sample_weights.is_empty() && options.class_weights.is_empty() && options.ignored.empty();
  if (counts_all_alike) return {};
  const Rows rows = as_rows(scores, targets, options);
  Tensor weights = weights_of(rows, options);
  if (!weights.is_empty()) weights = reshape(weights, rows.shape);
  if (!options.sample_weights.is_empty()) {
    const Tensor all = ones(rows.shape, scores.dtype());
    weights = (weights.is_empty() ? all : weights) * fitted_weights(options.sample_weights, all);
  }
  return weights.is_empty() ? weights : sum(weights);
}

Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets, const ClassOptions& options,
                             Location where) {
  return class_loss("softmax_cross_entropy", logits, targets, options, softmax_cross_entropy, where);
}

Tensor nll(const Tensor& log_probs, const Tensor& targets, const ClassOptions& options, Location where) {
  return class_loss("nll", log_probs, targets, options, nll, where);
}

}  // namespace chainrule
