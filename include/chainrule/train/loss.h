#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/boxed.h"
#include "chainrule/loss.h"

// Losses by name, for tasks and configurations: `loss::softmax_cross_entropy`, `loss::Huber{.delta = 2}`.
// Each is a struct with a `kInfo`, `fields` if it has settings, and
//
//     Tensor operator()(const Tensor& prediction, const Tensor& target) const;   // a scalar, as graph
//
// One that takes weights of the rows (train::Task::weighted_by) has them as a third, `const Tensor& weights =
// {}`, which may be empty. Its mean is taken to divide by their sum; one that divides by something else, as
// by the number of targets that are not ignored, says by what:
//
//     Tensor counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const;   // or {}
//
// Those there are stand in src/train/loss_list.def.
namespace chainrule::loss {

template <class L>
concept Function = requires(const L& l, const Tensor& t) {
  { l(t, t) } -> std::convertible_to<Tensor>;
};
/// A loss that takes weights, too.
template <class L>
concept Weighted = requires(const L& l, const Tensor& t) {
  { l(t, t, t) } -> std::convertible_to<Tensor>;
};
/// The functions of chainrule/loss.h, given by name: `chainrule::mse`.
using Reducing = Tensor (*)(const Tensor&, const Tensor&, Reduction, Location);

class Loss : public Configurable {
 public:
  /// @param weights  of the rows; empty: all count the same.
  /// @throws ValueError  for weights that the loss does not take (E315).
  virtual Tensor operator()(const Tensor& prediction, const Tensor& target,
                            const Tensor& weights = {}) const = 0;
  /// What that mean divides by, a scalar as graph: so that means of batches can be put together. Empty: by as
  /// much for each row.
  virtual Tensor counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const;
  /// Both as metrics see them: classes on the last axis, and none of the targets that are ignored.
  virtual std::pair<Tensor, Tensor> for_metrics(const Tensor& prediction, const Tensor& target) const;

  template <Function L>
  requires requires { L::kInfo; }
  static Loss* box(L loss);
};

/// @throws ValueError  E315, always.
[[noreturn]] void throw_no_weights(std::string_view loss);

/// Calls a loss of either form.
template <class L>
Tensor call(const L& loss, std::string_view name, const Tensor& prediction, const Tensor& target,
            const Tensor& weights) {
  if constexpr (Weighted<L>) {
    return loss(prediction, target, weights);
  } else {
    if (!weights.is_empty()) throw_no_weights(name);
    return loss(prediction, target);
  }
}

template <class L>
class LossBox final : public Boxed<L, Loss> {
 public:
  using Boxed<L, Loss>::Boxed;
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const override {
    return call(this->plain, L::kInfo.name, prediction, target, weights);
  }
  Tensor counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const override {
    if constexpr (requires { this->plain.counted(prediction, target, weights); })
      return this->plain.counted(prediction, target, weights);
    return Loss::counted(prediction, target, weights);
  }
  std::pair<Tensor, Tensor> for_metrics(const Tensor& prediction, const Tensor& target) const override {
    if constexpr (requires { this->plain.for_metrics(prediction, target); })
      return this->plain.for_metrics(prediction, target);
    return Loss::for_metrics(prediction, target);
  }
};

template <Function L>
requires requires { L::kInfo; }
Loss* Loss::box(L loss) { return new LossBox<L>(std::move(loss)); }

/// A loss, or any function of prediction and target: it has no name that a file could give.
class AnyLoss : public Any<Loss> {
 public:
  AnyLoss() = default;
  AnyLoss(Shared<Loss> loss) : Any(std::move(loss)) {}
  template <class L>
  requires(Function<L> || Weighted<L>) AnyLoss(L loss) : Any(Shared<Loss>(wrap(std::move(loss)))) {}
  AnyLoss(Reducing loss)
      : AnyLoss(
            [loss](const Tensor& y, const Tensor& t) { return loss(y, t, Reduction::mean, Location()); }) {}

 private:
  template <class L>
  static Loss* wrap(L loss) {
    if constexpr (requires { L::kInfo; }) {
      return Loss::box(std::move(loss));
    } else {
      return new Custom<L>(std::move(loss));
    }
  }
  template <class F>
  class Custom final : public Loss {
   public:
    explicit Custom(F function) : function_(std::move(function)) {}
    const Info& info() const override {
      static constexpr Info kInfo{.name = "function", .doc = "A function of the program's."};
      return kInfo;
    }
    void visit_fields(Fields&) override {}
    Configurable* make_default() const override { return nullptr; }
    Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights) const override {
      return call(function_, "function", prediction, target, weights);
    }
    Tensor counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const override {
      if constexpr (requires { function_.counted(prediction, target, weights); })
        return function_.counted(prediction, target, weights);
      return Loss::counted(prediction, target, weights);
    }

   private:
    F function_;
  };
};

struct SoftmaxCrossEntropy {
  static constexpr Info kInfo{.name = "softmax_cross_entropy",
                              .doc = "Of logits (N, C, ...) and class numbers (N, ...) or probabilities."};
  double label_smoothing = 0;
  std::vector<double> class_weights = {};
  std::vector<std::int64_t> ignored = {};
  std::int64_t class_axis = 1;
  void fields(Fields& f);
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
  Tensor counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const;
  std::pair<Tensor, Tensor> for_metrics(const Tensor& prediction, const Tensor& target) const;
};
struct Nll {
  static constexpr Info kInfo{
      .name = "nll", .doc = "Of log-probabilities (N, C, ...) and class numbers (N, ...) or probabilities."};
  double label_smoothing = 0;
  std::vector<double> class_weights = {};
  std::vector<std::int64_t> ignored = {};
  std::int64_t class_axis = 1;
  void fields(Fields& f);
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
  Tensor counted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const;
  std::pair<Tensor, Tensor> for_metrics(const Tensor& prediction, const Tensor& target) const;
};
struct BinaryCrossEntropyWithLogits {
  static constexpr Info kInfo{.name = "binary_cross_entropy_with_logits",
                              .doc = "Of numbers before the sigmoid and yes-or-no targets."};
  double label_smoothing = 0, positive_weight = 1;
  void fields(Fields& f);
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct TanhCrossEntropy {
  static constexpr Info kInfo{.name = "tanh_cross_entropy",
                              .doc = "Of numbers before the tanh and targets of -1 and 1."};
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct Mse {
  static constexpr Info kInfo{.name = "mse", .doc = "Mean squared difference."};
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct HalfMse {
  static constexpr Info kInfo{.name = "half_mse",
                              .doc = "Half the sum of squares of a row, as the books have it."};
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct Mae {
  static constexpr Info kInfo{.name = "mae", .doc = "Mean absolute difference."};
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct Huber {
  static constexpr Info kInfo{.name = "huber", .doc = "Squared near zero, absolute beyond delta."};
  double delta = 1;
  void fields(Fields& f);
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct Hinge {
  static constexpr Info kInfo{.name = "hinge", .doc = "max(0, 1 - t x) for targets of -1 and 1."};
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
struct KlDivergence {
  static constexpr Info kInfo{.name = "kl_divergence",
                              .doc = "Of log-probabilities (..., C) and probabilities of that shape."};
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};
/// Labels without places, such as the letters of speech. Targets (N, L) are class numbers, shorter rows
/// padded at their end with numbers below 0 or blanks. All frames count; where rows have fewer of them, make
/// the task a function that gives chainrule::ctc their input_lengths.
struct Ctc {
  static constexpr Info kInfo{.name = "ctc",
                              .doc = "Of logits (N, T, C) of frames and labels (N, L), padded with -1."};
  std::int64_t blank = 0;
  void fields(Fields& f);
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const;
};

/// @name With their defaults
/// @{
inline constinit const SoftmaxCrossEntropy softmax_cross_entropy{};
inline constinit const Nll nll{};
inline constexpr BinaryCrossEntropyWithLogits binary_cross_entropy_with_logits{};
inline constexpr TanhCrossEntropy tanh_cross_entropy{};
inline constexpr Mse mse{};
inline constexpr HalfMse half_mse{};
inline constexpr Mae mae{};
inline constexpr Huber huber{};
inline constexpr Hinge hinge{};
inline constexpr KlDivergence kl_divergence{};
inline constexpr Ctc ctc{};
/// @}

}  // namespace chainrule::loss

namespace chainrule {
template <>
Registry& registry<loss::Loss>();
}  // namespace chainrule
