// Losses of classification that have kernels of their own; composed_losses.cpp has the others.
#include <cmath>

#include "chainrule/array.h"
#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "kernels/ref/softmax.h"
#include "kernels/simd/gemm_scratch.h"
#include "kernels/simd/softmax.h"
#include "ops/internal.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Checks logits (N, C) and targets, class numbers (N) or probabilities (N, C).
void check_targets(const Meta& logits, const Meta& targets) {
  require_floating(logits);
  if (logits.shape.ndim() != 2) {
    throw op_error<ShapeError>(
        21,
        cat("logits must have two axes (N, C), got ", logits.shape.to_string(),
            logits.shape.ndim() > 2 ? ". For more of them give options, such as {.class_axis = -1}." : "."));
  }
  const bool numbers = targets.dtype == DType::i64 && targets.shape.ndim() == 1;
  if (numbers ? targets.shape[0] == logits.shape[0]
              : targets.shape == logits.shape && targets.dtype == logits.dtype) {
    return;
  }
  throw op_error<ShapeError>(
      21, cat("targets ", targets.shape.to_string(), " ", name_of(targets.dtype), " do not fit logits ",
              logits.shape.to_string(), " ", name_of(logits.dtype), ". Need class numbers (", logits.shape[0],
              ",) i64 or probabilities ", logits.shape.to_string(), " ", name_of(logits.dtype), "."));
}

/// One row's target: t_j for each class. Class numbers are one-hot rows that nobody wrote down.
template <class T>
class TargetRows {
 public:
  TargetRows(const ConstArray& targets, std::int64_t classes)
      : numbers_(targets.dtype == DType::i64 ? targets.as<std::int64_t>() : nullptr),
        rows_(numbers_ ? nullptr : targets.as<T>()),
        classes_(classes) {}

  /// @throws ValueError E022
  void check(std::int64_t row) const {
    if (!numbers_ || (numbers_[row] >= 0 && numbers_[row] < classes_)) return;
    throw op_error<ValueError>(
        22, cat("target ", numbers_[row], " in row ", row, " is not a class number in [0, ", classes_, ")."));
  }
  /// What is not below 0, but for rounding: probabilities may come with weights. @throws ValueError E022
  void check_share(std::int64_t row, T share) const {
    if (share >= T(-1e-5)) return;
    throw op_error<ValueError>(22, cat("target ", share, " in row ", row, " is not a probability."));
  }
  double at(std::int64_t row, std::int64_t j) const {
    return numbers_ ? (numbers_[row] == j ? 1.0 : 0.0) : static_cast<double>(rows_[row * classes_ + j]);
  }
  double sum(std::int64_t row) const {
    if (numbers_) return 1;
    double total = 0;
    for (std::int64_t j = 0; j < classes_; ++j) total += static_cast<double>(rows_[row * classes_ + j]);
    return total;
  }

  /// The row's loss from its logits and their logsumexp, which is top + log: of large numbers only the
  /// difference is taken.
  T loss(std::int64_t row, const T* logits, T top, T log) const {
    check(row);
    if (numbers_) return log + (top - logits[numbers_[row]]);
    const T* t = rows_ + row * classes_;
    double total = 0;
    for (std::int64_t j = 0; j < classes_; ++j) {
      check_share(row, t[j]);
      if (t[j] != 0) total += static_cast<double>(t[j] * (log + (top - logits[j])));
    }
    return static_cast<T>(total);
  }
  /// Turns the row's probabilities into the gradient: weight * (sum(t) p - t).
  void gradient(std::int64_t row, T weight, T* probabilities) const {
    check(row);
    if (numbers_) {
      probabilities[numbers_[row]] -= T(1);
      for (std::int64_t j = 0; j < classes_; ++j) probabilities[j] *= weight;
      return;
    }
    const T* t = rows_ + row * classes_;
    const T s = static_cast<T>(sum(row));
    for (std::int64_t j = 0; j < classes_; ++j) probabilities[j] = weight * (s * probabilities[j] - t[j]);
  }

 private:
  const std::int64_t* numbers_;
  const T* rows_;
  std::int64_t classes_;
};

/// Memory of this thread for a number of each row.
template <class T>
T* scratch(std::int64_t rows) {
  static thread_local kernels::Scratch memory;
  return memory.get<T>(rows);
}

/// The targets as a tensor of the logits' shape and dtype.
Tensor target_rows(const Tensor& logits, const Tensor& targets) {
  return is_floating(targets.dtype()) ? targets : one_hot(targets, logits.shape()[1], logits.dtype());
}

Tensor cross_entropy_grad(const Tensor& logits, const Tensor& targets, const Tensor& weights);

struct SoftmaxCrossEntropy {
  static constexpr OpInfo kInfo{
      .name = "softmax_cross_entropy",
      .arity = 2,
      .doc = "sum_j t_j (logsumexp(z) - z_j) for each row of logits z and targets t."};
  static constexpr bool kChecksValues = true;
  bool operator==(const SoftmaxCrossEntropy&) const = default;
  Meta infer(std::span<const Meta> in) const {
    check_targets(in[0], in[1]);
    return {in[0].dtype, Shape{in[0].shape[0]}};
  }
  Gradients vjp(const Vjp& v) const {
    Tensor dz, dt;
    if (v.needs(0)) dz = cross_entropy_grad(v.inputs[0], v.inputs[1], v.cotangent);
    if (v.needs(1)) dt = -expand_dims(v.cotangent, 1) * log_softmax(v.inputs[0]);
    return {dz, dt};
  }
  void run(const Kernel& k) const {
    const std::int64_t classes = k.inputs[0].shape[1];
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const TargetRows<T> t(k.inputs[1], classes);
      for (std::int64_t i = 0; i < k.output.numel(); ++i) {
        t.check(i);
        const T* z = k.inputs[0].as<T>() + i * classes;
        const kernels::ExpSum sum(z, classes);
        double loss = 0;
        for (std::int64_t j = 0; j < classes; ++j) {
          t.check_share(i, static_cast<T>(t.at(i, j)));
          if (t.at(i, j) != 0) loss += t.at(i, j) * (sum.log() + (sum.top() - static_cast<double>(z[j])));
        }
        k.output.as<T>()[i] = static_cast<T>(loss);
      }
    });
  }
  void run_fast(const Kernel& k) const {
    const std::int64_t rows = k.output.numel();
    const std::int64_t classes = k.inputs[0].shape[1];
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const TargetRows<T> t(k.inputs[1], classes);
      const T* z = k.inputs[0].as<T>();
      T* y = k.output.as<T>();
      T* tops = scratch<T>(rows);
      kernels::logsumexp(z, rows, classes, y, tops);
      for (std::int64_t i = 0; i < rows; ++i) y[i] = t.loss(i, z + i * classes, tops[i], y[i]);
    });
  }
  static std::vector<Sample> samples() {
    const SampleInput labels{{5}, DType::i64, {0, 9}};
    return {sample(SoftmaxCrossEntropy{}, {{{5, 10}}, labels}),
            sample(SoftmaxCrossEntropy{}, {{{3, 4}}, {{3, 4}, DType::f64, {0, 1}}}),
            sample(SoftmaxCrossEntropy{}, {{{0, 4}}, {{0}, DType::i64, {0, 3}}}),
            sample(SoftmaxCrossEntropy{}, {{{6, 10}}, labels}, 21),
            sample(SoftmaxCrossEntropy{}, {{{10}}, labels}, 21),
            sample(SoftmaxCrossEntropy{}, {{{3, 4}}, {{3, 5}}}, 21)};
  }
};

struct SoftmaxCrossEntropyGrad {
  static constexpr OpInfo kInfo{
      .name = "softmax_cross_entropy_grad",
      .arity = 3,
      .doc =
          "w_n (softmax(z) sum(t) - t) for each row: the gradient of w's dot product with "
          "softmax_cross_entropy(z, t)."};
  static constexpr bool kChecksValues = true;
  using MakesAlso = SoftmaxCrossEntropy;
  bool operator==(const SoftmaxCrossEntropyGrad&) const = default;
  Meta infer(std::span<const Meta> in) const {
    check_targets(in[0], in[1]);
    if (in[2].shape != Shape{in[0].shape[0]} || in[2].dtype != in[0].dtype) {
      throw op_error<ShapeError>(
          21, cat("weights ", in[2].shape.to_string(), " do not fit logits ", in[0].shape.to_string(), "."));
    }
    return in[0];
  }
  // With p = softmax(z), S = sum(t), c the cotangent: y_j = w (S p_j - t_j), and dp_j/dz_i = p_j (delta_ij -
  // p_i).
  Gradients vjp(const Vjp& v) const {
    const Tensor& c = v.cotangent;
    const Tensor t = target_rows(v.inputs[0], v.inputs[1]);
    const Tensor w = expand_dims(v.inputs[2], 1);
    const Tensor p = softmax(v.inputs[0]);
    const Tensor s = sum(t, 1, true);
    const Tensor cp = sum(c * p, 1, true);
    Tensor dz, dt, dw;
    if (v.needs(0)) dz = w * s * p * (c - cp);
    if (v.needs(1)) dt = w * (cp - c);
    if (v.needs(2)) dw = sum(c * (s * p - t), 1);
    return {dz, dt, dw};
  }
  void run(const Kernel& k) const {
    const std::int64_t classes = k.inputs[0].shape[1];
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const TargetRows<T> t(k.inputs[1], classes);
      for (std::int64_t i = 0; i < k.output.shape[0]; ++i) {
        t.check(i);
        const T* z = k.inputs[0].as<T>() + i * classes;
        T* y = k.output.as<T>() + i * classes;
        const kernels::ExpSum sum(z, classes);
        const double weight = static_cast<double>(k.inputs[2].as<T>()[i]);
        const double s = t.sum(i);
        for (std::int64_t j = 0; j < classes; ++j) {
          y[j] = static_cast<T>(weight * (s * sum.share(z[j]) - t.at(i, j)));
        }
      }
    });
  }
  void run_fast(const Kernel& k) const {
    const std::int64_t rows = k.output.shape[0];
    const std::int64_t classes = k.inputs[0].shape[1];
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const TargetRows<T> t(k.inputs[1], classes);
      const T* z = k.inputs[0].as<T>();
      T* y = k.output.as<T>();
      T* losses = static_cast<T*>(k.also);
      T* tops = losses == nullptr ? nullptr : scratch<T>(rows);
      kernels::softmax(z, rows, classes, y, losses, tops);
      for (std::int64_t i = 0; i < rows; ++i) {
        if (losses != nullptr) losses[i] = t.loss(i, z + i * classes, tops[i], losses[i]);
        t.gradient(i, k.inputs[2].as<T>()[i], y + i * classes);
      }
    });
  }
  static std::vector<Sample> samples() {
    const SampleInput labels{{5}, DType::i64, {0, 9}};
    return {sample(SoftmaxCrossEntropyGrad{}, {{{5, 10}}, labels, {{5}}}),
            sample(SoftmaxCrossEntropyGrad{}, {{{3, 4}}, {{3, 4}, DType::f64, {0, 1}}, {{3}}}),
            sample(SoftmaxCrossEntropyGrad{}, {{{5, 10}}, labels, {{4}}}, 21)};
  }
};

Tensor cross_entropy_grad(const Tensor& logits, const Tensor& targets, const Tensor& weights) {
  return apply(SoftmaxCrossEntropyGrad{}, {logits, targets, weights}, Location::current());
}

struct Nll {
  static constexpr OpInfo kInfo{
      .name = "nll", .arity = 2, .doc = "-sum_j t_j x_j for each row of log-probabilities x and targets t."};
  static constexpr bool kChecksValues = true;
  bool operator==(const Nll&) const = default;
  Meta infer(std::span<const Meta> in) const {
    check_targets(in[0], in[1]);
    return {in[0].dtype, Shape{in[0].shape[0]}};
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor rows = -expand_dims(v.cotangent, 1);
    Tensor dx, dt;
    if (v.needs(0)) dx = rows * target_rows(v.inputs[0], v.inputs[1]);
    if (v.needs(1)) dt = rows * v.inputs[0];
    return {dx, dt};
  }
  void run(const Kernel& k) const {
    const std::int64_t classes = k.inputs[0].shape[1];
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const TargetRows<T> t(k.inputs[1], classes);
      for (std::int64_t i = 0; i < k.output.numel(); ++i) {
        k.output.as<T>()[i] = t.loss(i, k.inputs[0].as<T>() + i * classes, T(0), T(0));
      }
    });
  }
  static std::vector<Sample> samples() {
    const SampleInput labels{{5}, DType::i64, {0, 9}};
    return {sample(Nll{}, {{{5, 10}}, labels}), sample(Nll{}, {{{3, 4}}, {{3, 4}, DType::f64, {0, 1}}}),
            sample(Nll{}, {{{0, 4}}, {{0}, DType::i64}}), sample(Nll{}, {{{5, 10}}, {{5}}}, 21)};
  }
};

/// The losses of rows by an operation. Bytes are class numbers too; probabilities are taken in the dtype of
/// the scores.
template <class Op>
Tensor row_losses(const char* name, const Tensor& scores, const Tensor& targets, Reduction reduction,
                  Location where) {
  const OpScope scope(name, where);  // so that its gradient speaks of it, too
  const auto taken = [&] {
    if (targets.is_empty() || scores.is_empty()) return targets;
    if (targets.dtype() == DType::u8) return cast(targets, DType::i64);
    return is_floating(targets.dtype()) && is_floating(scores.dtype()) ? cast(targets, scores.dtype())
                                                                       : targets;
  };
  return reduced(apply(Op{}, {scores, taken()}, where), reduction);
}

}  // namespace

CHAINRULE_OP_ROW(SoftmaxCrossEntropy)
CHAINRULE_OP_ROW(SoftmaxCrossEntropyGrad)
CHAINRULE_OP_ROW(Nll)

Tensor reduced(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean:
      return mean(losses);
    case Reduction::sum:
      return sum(losses);
    case Reduction::none:
      break;
  }
  return losses;
}

Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets, Reduction reduction,
                             Location where) {
  return row_losses<SoftmaxCrossEntropy>("softmax_cross_entropy", logits, targets, reduction, where);
}

Tensor nll(const Tensor& log_probs, const Tensor& targets, Reduction reduction, Location where) {
  return row_losses<Nll>("nll", log_probs, targets, reduction, where);
}

}  // namespace chainrule
