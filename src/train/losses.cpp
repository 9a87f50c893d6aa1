// The losses that can be named.
#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/train/loss.h"
#include "core/text.h"
#include "ops/weighted_losses.h"

namespace chainrule {
namespace loss {
namespace {

template <class L>
void class_fields(Fields& f, L& loss) {
  f("label_smoothing", loss.label_smoothing, "share of each target that is spread over all classes",
    between(0, 1));
  f("class_weights", loss.class_weights, "what each class counts; empty: all the same", at_least(0));
  f("ignored", loss.ignored, "targets of these numbers do not count, such as padding");
  f("class_axis", loss.class_axis, "the axis of the classes; -1 for text nets, whose logits are (N, T, C)",
    between(-8, 7));
}

template <class L>
ClassOptions class_options(const L& loss, const Tensor& weights) {
  ClassOptions options{.sample_weights = weights,
                       .label_smoothing = loss.label_smoothing,
                       .ignored = loss.ignored,
                       .class_axis = static_cast<int>(loss.class_axis)};
  if (!loss.class_weights.empty()) {
    options.class_weights =
        from_data(loss.class_weights, {static_cast<std::int64_t>(loss.class_weights.size())});
  }
  return options;
}

/// The axis of the classes behind all others.
Tensor with_classes_last(const Tensor& x, std::int64_t axis) {
  const std::int64_t place = axis < 0 ? axis + x.ndim() : axis;
  if (place < 0 || place + 1 >= x.ndim()) return x;
  std::vector<int> order;
  for (int i = 0; i < x.ndim(); ++i) {
    if (i != place) order.push_back(i);
  }
  order.push_back(static_cast<int>(place));
  return permute(x, order);
}

template <class L>
std::pair<Tensor, Tensor> classes_for_metrics(const L& loss, const Tensor& prediction, const Tensor& target) {
  const Tensor y = with_classes_last(prediction, loss.class_axis);
  const bool is_rows = target.shape() == prediction.shape();
  const Tensor t = is_rows ? with_classes_last(target, loss.class_axis) : target;
  if (loss.ignored.empty() || is_rows || is_floating(t.dtype())) return {y, t};
  std::vector<std::int64_t> kept;
  const std::vector<double> classes = t.to_vector();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto is_it = [&](std::int64_t ignored) { return classes[i] == static_cast<double>(ignored); };
    if (std::none_of(loss.ignored.begin(), loss.ignored.end(), is_it))
      kept.push_back(static_cast<std::int64_t>(i));
  }
  if (kept.size() == classes.size()) return {y, t};
  const Tensor places = from_data(kept, {static_cast<std::int64_t>(kept.size())});
  const std::int64_t count = t.numel();
  return {take(reshape(y, {count, count > 0 ? y.numel() / count : 0}), places),
          take(reshape(t, {count}), places)};
}

}  // namespace

std::pair<Tensor, Tensor> Loss::for_metrics(const Tensor& prediction, const Tensor& target) const {
  return {prediction, target};
}

void throw_no_weights(std::string_view loss) {
  throw ValueError(315, cat("[", loss,
                            "] this loss takes no weights of rows. Give it a third parameter, const "
                            "Tensor& weights, or leave weighted_by out."));
}

Tensor Loss::counted(const Tensor&, const Tensor&, const Tensor& weights) const {
  return weights.is_empty() ? Tensor() : sum(weights);
}

void SoftmaxCrossEntropy::fields(Fields& f) { class_fields(f, *this); }
Tensor SoftmaxCrossEntropy::operator()(const Tensor& prediction, const Tensor& target,
                                       const Tensor& weights) const {
  return chainrule::softmax_cross_entropy(prediction, target, class_options(*this, weights));
}
Tensor SoftmaxCrossEntropy::counted(const Tensor& prediction, const Tensor& target,
                                    const Tensor& weights) const {
  return divisor_of(prediction, target, class_options(*this, weights));
}
std::pair<Tensor, Tensor> SoftmaxCrossEntropy::for_metrics(const Tensor& prediction,
                                                           const Tensor& target) const {
  return classes_for_metrics(*this, prediction, target);
}
void Nll::fields(Fields& f) { class_fields(f, *this); }
Tensor Nll::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::nll(prediction, target, class_options(*this, weights));
}
Tensor Nll::counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return divisor_of(prediction, target, class_options(*this, weights));
}
std::pair<Tensor, Tensor> Nll::for_metrics(const Tensor& prediction, const Tensor& target) const {
  return classes_for_metrics(*this, prediction, target);
}
void BinaryCrossEntropyWithLogits::fields(Fields& f) {
  f("label_smoothing", label_smoothing, "share by which targets are drawn towards one half", between(0, 1));
  f("positive_weight", positive_weight, "what a yes counts beside a no", at_least(0));
}
Tensor BinaryCrossEntropyWithLogits::operator()(const Tensor& prediction, const Tensor& target,
                                                const Tensor& weights) const {
  return chainrule::binary_cross_entropy_with_logits(
      prediction, target,
      {.sample_weights = weights, .label_smoothing = label_smoothing, .positive_weight = positive_weight});
}
Tensor TanhCrossEntropy::operator()(const Tensor& prediction, const Tensor& target,
                                    const Tensor& weights) const {
  return chainrule::tanh_cross_entropy(prediction, target, {.sample_weights = weights});
}
Tensor Mse::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::mse(prediction, target, {.sample_weights = weights});
}
Tensor HalfMse::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::half_mse(prediction, target, {.sample_weights = weights});
}
Tensor Mae::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::mae(prediction, target, {.sample_weights = weights});
}
void Huber::fields(Fields& f) { f("delta", delta, "where it changes from squared to absolute", above(0)); }
Tensor Huber::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::huber(prediction, target, delta, {.sample_weights = weights});
}
Tensor Hinge::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::hinge(prediction, target, {.sample_weights = weights});
}
Tensor KlDivergence::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  return chainrule::kl_divergence(prediction, target, {.sample_weights = weights});
}
void Ctc::fields(Fields& f) { f("blank", blank, "the class that stands for nothing", at_least(0)); }
Tensor Ctc::operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
  // Of log-probabilities log_softmax is the same again.
  const Tensor log_probs = prediction.ndim() == 3 ? log_softmax(prediction) : prediction;
  return chainrule::ctc(log_probs, target, {.sample_weights = weights, .blank = blank});
}

}  // namespace loss

template <>
Registry& registry<loss::Loss>() {
  static Registry rows = [] {
    using namespace loss;
    Registry made("loss");
#define CHAINRULE_ROW(Type) add_boxed<Loss, Type>(made);
#include "train/loss_list.def"
#undef CHAINRULE_ROW
    return made;
  }();
  return rows;
}

}  // namespace chainrule
