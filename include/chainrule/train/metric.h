#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "chainrule/boxed.h"
#include "chainrule/nn/ports.h"
#include "chainrule/tensor.h"

/// How good predictions are, over a whole set: numbers for people, which need no derivative.
namespace chainrule::metric {

/// What a metric sees of a batch.
struct Seen {
  Tensor prediction, target;
  Tensor loss;  ///< the task's, a mean
  std::int64_t rows = 0;
  Tensor counted = {};  ///< what that mean divided by; empty: the rows
};

struct Value {
  double number = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> matrix = {};  ///< square, row by row; empty for most
};

/// A metric is a struct with a `kInfo`, `fields` if it has settings, and
///
///     static constexpr bool kLargerIsBetter = true;       // false if left out
///     nn::Ports sums(const Seen& of) const;               // of a batch, as graph
///     double finish(std::span<const Tensor> sums) const;  // of the whole set, or a Value
///
/// The sums of the batches are added in their order, and read once at the end: f64, so that their rounding
/// does not show. A metric that has to see all rows at once says `static constexpr bool kCollects = true`:
/// then `sums` gives a part for each row, (rows, ...), and `finish` gets those of the whole set. Those there
/// are stand in src/train/metric_list.def.
class Metric : public Configurable {
 public:
  virtual nn::Ports sums(const Seen& of) const = 0;
  virtual Value finish(std::span<const Tensor> sums) const = 0;
  virtual bool larger_is_better() const = 0;
  virtual bool collects() const = 0;

  template <class M>
  requires requires(const M& m, const Seen& of) { m.sums(of); }
  static Metric* box(M metric);
};

template <class M>
class MetricBox final : public Boxed<M, Metric> {
 public:
  using Boxed<M, Metric>::Boxed;
  nn::Ports sums(const Seen& of) const override { return this->plain.sums(of); }
  Value finish(std::span<const Tensor> sums) const override { return {this->plain.finish(sums)}; }
  bool larger_is_better() const override {
    if constexpr (requires { M::kLargerIsBetter; }) return M::kLargerIsBetter;
    return false;
  }
  bool collects() const override {
    if constexpr (requires { M::kCollects; }) return M::kCollects;
    return false;
  }
};

template <class M>
requires requires(const M& m, const Seen& of) { m.sums(of); }
Metric* Metric::box(M metric) { return new MetricBox<M>(std::move(metric)); }

using AnyMetric = Any<Metric>;

/// The mean of the task's loss over all rows, by what they count in it. NaN if nothing counts.
struct Loss {
  static constexpr Info kInfo{.name = "loss", .doc = "The task's loss: its mean over all rows."};
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Share of predictions that are right: those (..., C) whose largest number is at the target's class, given
/// as a class number (...) or a one-hot row; or, where each is one number, those above 0 where the target is
/// above 0, as logits and margins are.
/// @throws ShapeError  for shapes that do not fit together (E306), as all that follow.
struct Accuracy {
  static constexpr Info kInfo{.name = "accuracy", .doc = "Share of predictions that are right."};
  static constexpr bool kLargerIsBetter = true;
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Share of rows where the target is among the k largest. @throws ValueError  for k above the classes (E110).
struct TopK {
  static constexpr Info kInfo{.name = "top_k",
                              .doc = "Share of rows where the target is among the k largest."};
  static constexpr bool kLargerIsBetter = true;
  std::int64_t k = 5;
  void fields(Fields& f);
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Mean |prediction - target|.
struct Mae {
  static constexpr Info kInfo{.name = "mae", .doc = "Mean absolute difference."};
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Root of the mean of (prediction - target)^2.
struct Rmse {
  static constexpr Info kInfo{.name = "rmse", .doc = "Root of the mean squared difference."};
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// 1 - sum (t - y)^2 / sum (t - mean t)^2: 1 is perfect, 0 as good as the mean. The mean over the columns of
/// a target with several. NaN if a column of targets is constant.
struct R2 {
  static constexpr Info kInfo{.name = "r2", .doc = "Share of the target's variance that is explained."};
  static constexpr bool kLargerIsBetter = true;
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// How many rows of class i (row) are taken for class j (column). Its number is the accuracy: a target
/// outside the classes is in no row, and wrong.
struct Confusion {
  static constexpr Info kInfo{.name = "confusion", .doc = "How often each class is taken for each."};
  static constexpr bool kLargerIsBetter = true;
  nn::Ports sums(const Seen& of) const;
  Value finish(std::span<const Tensor> sums) const;
};

/// How numbers of single classes become one.
enum class Average : std::uint8_t {
  automatic,  ///< binary for two classes, else macro
  binary,     ///< that of the yes: of class 1 of two. @throws ValueError  for more classes (E317)
  macro,      ///< the mean over the classes that occur in targets or predictions
  micro,      ///< of the counts of all classes together
};

/// Right predictions of a class among all predictions of it; 0 if there is none. Predictions and targets as
/// Accuracy takes them; in a row whose target is no class every prediction is wrong.
struct Precision {
  static constexpr Info kInfo{.name = "precision",
                              .doc = "Share of the predictions of a class that are right."};
  static constexpr bool kLargerIsBetter = true;
  Average average = Average::automatic;
  void fields(Fields& f);
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Right predictions of a class among all rows of it; 0 if there is none.
struct Recall {
  static constexpr Info kInfo{.name = "recall", .doc = "Share of the rows of a class that are found."};
  static constexpr bool kLargerIsBetter = true;
  Average average = Average::automatic;
  void fields(Fields& f);
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Harmonic mean of precision and recall: 2 right / (predicted + there); 0 if there is none.
struct F1 {
  static constexpr Info kInfo{.name = "f1", .doc = "Harmonic mean of precision and recall."};
  static constexpr bool kLargerIsBetter = true;
  Average average = Average::automatic;
  void fields(Fields& f);
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Agreement of predictions and targets beyond chance: (p - q) / (1 - q), where p is the accuracy and q what
/// it would be by chance with the same frequencies of classes   (Cohen 1960). A target outside the classes is
/// one more class, which is never predicted. NaN if only one class occurs.
struct CohenKappa {
  static constexpr Info kInfo{.name = "cohen_kappa",
                              .doc = "Agreement beyond chance: 0 by chance, 1 perfect."};
  static constexpr bool kLargerIsBetter = true;
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Area under the curve of true against false positives: how often a yes has a larger number than a no, ties
/// counting half. Of more than two classes the mean over each against the rest, by softmax. NaN without a yes
/// or a no. Keeps all predictions of the set.
struct RocAuc {
  static constexpr Info kInfo{.name = "roc_auc", .doc = "How often a yes is above a no."};
  static constexpr bool kLargerIsBetter = true, kCollects = true;
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// Mean of the precisions at each yes, from the largest number down: sum_n (R_n - R_(n-1)) P_n. Several
/// classes and keeping as RocAuc.
struct AveragePrecision {
  static constexpr Info kInfo{.name = "average_precision", .doc = "Mean of the precisions at each yes."};
  static constexpr bool kLargerIsBetter = true, kCollects = true;
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// exp(loss) of a loss in nats: among how many equally likely words a language model is undecided.
struct Perplexity {
  static constexpr Info kInfo{.name = "perplexity",
                              .doc = "exp of the task's loss, a cross-entropy in nats."};
  nn::Ports sums(const Seen& of) const;
  double finish(std::span<const Tensor> sums) const;
};

/// @name For `{metric::accuracy, metric::top_k(3)}`
/// @{
inline constexpr Loss loss;
inline constexpr Accuracy accuracy;
inline constexpr TopK top_k(std::int64_t k) { return {k}; }
inline constexpr Mae mae;
inline constexpr Rmse rmse;
inline constexpr R2 r2;
inline constexpr Confusion confusion;
inline constexpr Precision precision;
inline constexpr Recall recall;
inline constexpr F1 f1;
inline constexpr CohenKappa cohen_kappa;
inline constexpr RocAuc roc_auc;
inline constexpr AveragePrecision average_precision;
inline constexpr Perplexity perplexity;
/// @}

}  // namespace chainrule::metric

namespace chainrule {
template <>
Registry& registry<metric::Metric>();
}  // namespace chainrule
