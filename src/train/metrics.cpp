// The metrics: sums of a batch, and what becomes of the sums of all.
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/train/metric.h"
#include "core/text.h"
#include "train/metric_classes.h"

namespace chainrule {
namespace metric {
namespace {

[[noreturn]] void throw_unfit(std::string_view metric, const Seen& of, std::string_view need) {
  throw ShapeError(306, cat("[", metric, "] predictions ", of.prediction.shape(), ", targets ",
                            of.target.shape(), " ", name_of(of.target.dtype()), ". Need ", need, "."));
}

Tensor f64_sum(const Tensor& x) { return sum(cast(x, f64)); }
Tensor count(std::int64_t number) { return scalar(static_cast<double>(number), f64); }
double share(std::span<const Tensor> sums) { return sums[0].item() / sums[1].item(); }

}  // namespace

bool is_yes_or_no(const Seen& of) {
  const Shape& p = of.prediction.shape();
  return p == of.target.shape() && (p.ndim() < 2 || p[p.ndim() - 1] == 1);
}

Tensor classes_of(std::string_view metric, const Seen& of) {
  const Shape& p = of.prediction.shape();
  const Shape& t = of.target.shape();
  if (p.ndim() >= 2 && t == p) return argmax(of.target, -1);
  const bool fits = p.ndim() >= 2 && p[p.ndim() - 1] != 1 &&
                    Shape(p.sizes().first(static_cast<std::size_t>(p.ndim()) - 1)) == t;
  if (!fits || is_floating(of.target.dtype())) {
    throw_unfit(
        metric, of,
        "predictions (..., C), and class numbers (...) or one-hot rows (..., C); or single numbers of "
        "equal shapes");
  }
  return cast(of.target, i64);
}

namespace {

/// prediction - target in f64, where both have one shape.
Tensor difference(std::string_view metric, const Seen& of) {
  if (of.prediction.shape() != of.target.shape()) throw_unfit(metric, of, "equal shapes");
  return cast(of.prediction, f64) - cast(of.target, f64);
}

}  // namespace

nn::Ports Loss::sums(const Seen& of) const {
  const Tensor counted = of.counted.is_empty() ? count(of.rows) : maximum(cast(of.counted, f64), 0);
  return {cast(of.loss, f64) * counted, counted};
}
double Loss::finish(std::span<const Tensor> sums) const { return share(sums); }

nn::Ports Perplexity::sums(const Seen& of) const { return Loss().sums(of); }
double Perplexity::finish(std::span<const Tensor> sums) const { return std::exp(share(sums)); }

nn::Ports Accuracy::sums(const Seen& of) const {
  const Tensor right = is_yes_or_no(of) ? equal(of.prediction > 0, of.target > 0)
                                        : equal(argmax(of.prediction, -1), classes_of(kInfo.name, of));
  return {f64_sum(right), count(right.numel())};
}
double Accuracy::finish(std::span<const Tensor> sums) const { return share(sums); }

void TopK::fields(Fields& f) { f("k", k, "how many of the largest count", at_least(1)); }
nn::Ports TopK::sums(const Seen& of) const {
  const Tensor classes = classes_of(kInfo.name, of);
  const Tensor found = equal(topk(of.prediction, k, -1).indices, expand_dims(classes, -1));
  return {f64_sum(found), count(classes.numel())};
}
double TopK::finish(std::span<const Tensor> sums) const { return share(sums); }

nn::Ports Mae::sums(const Seen& of) const {
  const Tensor d = difference(kInfo.name, of);
  return {sum(abs(d)), count(d.numel())};
}
double Mae::finish(std::span<const Tensor> sums) const { return share(sums); }

nn::Ports Rmse::sums(const Seen& of) const {
  const Tensor d = difference(kInfo.name, of);
  return {sum(square(d)), count(d.numel())};
}
double Rmse::finish(std::span<const Tensor> sums) const { return std::sqrt(share(sums)); }

nn::Ports R2::sums(const Seen& of) const {
  if (of.target.ndim() < 1) throw_unfit(kInfo.name, of, "a batch (N, ...)");
  const Tensor d = difference(kInfo.name, of);
  const Tensor t = cast(of.target, f64);
  return {sum(square(d), 0), sum(t, 0), sum(square(t), 0), count(of.rows)};
}
double R2::finish(std::span<const Tensor> sums) const {
  const Tensor variance = sums[2] - square(sums[1]) / sums[3];  // times the number of rows
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return mean(where(variance > 0, 1 - sums[0] / variance, nan)).item();
}

nn::Ports Confusion::sums(const Seen& of) const {
  const Tensor classes = classes_of(kInfo.name, of);
  return {confusion_of(classes, argmax(of.prediction, -1), of.prediction.size(-1)), count(classes.numel())};
}
Value Confusion::finish(std::span<const Tensor> sums) const {
  Value value{.matrix = sums[0].to_vector()};
  const auto size = static_cast<std::size_t>(sums[0].size(0));
  double right = 0;
  for (std::size_t i = 0; i < value.matrix.size(); i += size + 1) right += value.matrix[i];
  value.number = right / sums[1].item();
  return value;
}

}  // namespace metric

template <>
Registry& registry<metric::Metric>() {
  static Registry rows = [] {
    Registry made("metric");
#define CHAINRULE_ROW(Type) add_boxed<metric::Metric, metric::Type>(made);
#include "train/metric_list.def"
#undef CHAINRULE_ROW
    return made;
  }();
  return rows;
}

}  // namespace chainrule
