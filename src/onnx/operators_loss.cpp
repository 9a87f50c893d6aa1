// Losses.
#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

Tensor reduced(const Call& c, const Tensor& losses, const Tensor& weights) {
  const std::string how = c.text("reduction", "mean");
  if (how == "none") return losses;
  if (how == "sum") return sum(losses);
  if (how == "mean") return sum(losses) / sum(weights);
  throw c.error("reduction \"" + how + "\"; need none, sum or mean.");
}

/// @param x  logarithms of probabilities, (N, C, ...).
Tensor likelihood(const Call& c, const Tensor& x) {
  const Tensor labels = cast(c[1], i64);
  if (x.ndim() < 2 || labels.ndim() != x.ndim() - 1)
    throw c.error(cat("labels ", labels.shape(), " do not fit ", x.shape(), "."));
  Tensor weights = c.has(2) ? Tensor() : number(1, x);
  Tensor safe = labels, counts;
  if (const Attribute* ignored = c.find("ignore_index"); ignored != nullptr) {
    counts = not_equal(labels, c.integer("ignore_index"));
    safe = where(counts, labels, 0);
  }
  if (c.has(2)) weights = take(c[2], safe);
  weights = broadcast_to(as(weights, x), labels.shape());
  if (!counts.is_empty()) weights = weights * as(counts, x);
  const Tensor chosen = squeeze(take_along_axis(x, expand_dims(safe, 1), 1), 1);
  return reduced(c, -chosen * weights, weights);
}

Tensors negative_log_likelihood(const Call& c) { return {likelihood(c, c[0])}; }

Tensors softmax_cross_entropy_of(const Call& c) {
  if (c[0].ndim() < 2) throw c.error("needs scores (N, C, ...).");
  const Tensor logs = log_softmax(c[0], 1);
  return {likelihood(c, logs), logs};
}

constexpr Operator kRows[] = {
    {"NegativeLogLikelihoodLoss", 2, 3, negative_log_likelihood, 0b100},
    {"SoftmaxCrossEntropyLoss", 2, 3, softmax_cross_entropy_of, 0b100},
};

}  // namespace

std::span<const Operator> loss_operators() { return kRows; }

}  // namespace chainrule::onnx
