// What holds for every row of the tables of losses and of metrics: a row without a sample fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"

namespace chainrule::train {
namespace {

using Numbers = std::vector<double>;

/// What targets are to be for predictions of (rows, columns).
enum class Targets { numbers, classes, yes_or_no, signs, labels };

constexpr std::int64_t kRows = 24, kColumns = 5, kFrames = 4, kClasses = 3;

Tensor predictions(std::uint64_t seed, DType dtype = f64, Targets of = Targets::numbers) {
  const Shape shape = of == Targets::labels ? Shape{kRows, kFrames, kClasses} : Shape{kRows, kColumns};
  return detach(cast(normal(shape, {.seed = seed}, 0, 2), dtype));
}

Tensor targets(Targets of, std::uint64_t seed, DType dtype = f64) {
  Random random(seed);
  if (of == Targets::labels) {  // "ab", "a" and nothing, padded
    std::vector<std::int64_t> labels;
    for (int i = 0; i < kRows; ++i) labels.insert(labels.end(), {i % 3 < 2 ? 1 : -1, i % 3 < 1 ? 2 : -1});
    return from_data(labels, {kRows, 2});
  }
  Numbers all(kRows * kColumns);
  for (double& x : all) x = of == Targets::numbers ? random.normal(0.5, 3) : random.below(2) != 0 ? 1 : 0;
  if (of == Targets::signs) {
    for (double& x : all) x = 2 * x - 1;
  }
  if (of != Targets::classes) return detach(cast(from_data(all, {kRows, kColumns}), dtype));
  std::vector<std::int64_t> classes(kRows);
  for (std::int64_t& c : classes) c = static_cast<std::int64_t>(random.below(kColumns));
  return from_data(classes, {kRows});
}

std::vector<std::string> names_of(const Registry& registry) { return registry.names(); }

// Losses.

struct LossSample {
  std::string text;  // as configurations write it
  Targets targets;
  /// The loss of a row by a plain formula. A class number is one target.
  double (*of_row)(std::span<const double> x, std::span<const double> t);
};

template <class F>
double mean_of(std::span<const double> x, std::span<const double> t, F f) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += f(x[i], t[i]);
  return sum / static_cast<double>(x.size());
}

using Row = std::span<const double>;

/// -log of the probability of all paths that say the labels, of logits of frames; by the number of labels.
double by_all_paths(Row x, Row labels) {
  std::vector<int> wanted;
  for (const double label : labels) {
    if (label >= 0) wanted.push_back(static_cast<int>(label));
  }
  double total = 0;
  for (int path = 0; path < 81; ++path) {  // kClasses to the kFrames
    double probability = 1;
    std::vector<int> said;
    for (int frame = 0, rest = path, before = 0; frame < kFrames; ++frame, rest /= kClasses) {
      const Row z = x.subspan(static_cast<std::size_t>(frame * kClasses), kClasses);
      const int now = rest % kClasses;
      probability *=
          std::exp(z[static_cast<std::size_t>(now)]) / (std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]));
      if (now != 0 && now != before) said.push_back(now);
      before = now;
    }
    if (said == wanted) total += probability;
  }
  return -std::log(total) / static_cast<double>(std::max<std::size_t>(wanted.size(), 1));
}

const std::map<std::string, LossSample>& losses() {
  static const std::map<std::string, LossSample> all{
      {"softmax_cross_entropy",
       {"softmax_cross_entropy", Targets::classes,
        [](Row x, Row t) {
          double sum = 0;
          for (const double z : x) sum += std::exp(z);
          return std::log(sum) - x[static_cast<std::size_t>(t[0])];
        }}},
      {"binary_cross_entropy_with_logits",
       {"binary_cross_entropy_with_logits", Targets::yes_or_no,
        [](Row x, Row t) {
          return mean_of(x, t, [](double z, double y) {
            const double p = 1 / (1 + std::exp(-z));
            return -(y * std::log(p) + (1 - y) * std::log(1 - p));
          });
        }}},
      {"nll", {"nll", Targets::classes, [](Row x, Row t) { return -x[static_cast<std::size_t>(t[0])]; }}},
      {"tanh_cross_entropy",
       {"tanh_cross_entropy", Targets::signs,
        [](Row x, Row t) {
          return mean_of(x, t, [](double z, double y) {
            const double a = std::tanh(z);
            return -((1 + y) * std::log((1 + a) / 2) + (1 - y) * std::log((1 - a) / 2));
          });
        }}},
      {"half_mse",
       {"half_mse", Targets::numbers,
        [](Row x, Row t) {
          return kColumns * mean_of(x, t, [](double a, double b) { return (a - b) * (a - b) / 2; });
        }}},
      {"kl_divergence",
       {"kl_divergence", Targets::yes_or_no,  // 0 log 0 and 1 log 1 are 0
        [](Row x, Row t) { return kColumns * mean_of(x, t, [](double q, double p) { return -p * q; }); }}},
      {"mse",
       {"mse", Targets::numbers,
        [](Row x, Row t) { return mean_of(x, t, [](double a, double b) { return (a - b) * (a - b); }); }}},
      {"mae",
       {"mae", Targets::numbers,
        [](Row x, Row t) { return mean_of(x, t, [](double a, double b) { return std::abs(a - b); }); }}},
      {"huber",
       {"huber(2.0)", Targets::numbers,
        [](Row x, Row t) {
          return mean_of(x, t, [](double a, double b) {
            const double d = std::abs(a - b);
            return d <= 2 ? d * d / 2 : 2 * (d - 1);
          });
        }}},
      {"hinge",
       {"hinge", Targets::signs,
        [](Row x, Row t) {
          return mean_of(x, t, [](double a, double b) { return std::max(0.0, 1 - a * b); });
        }}},
      {"ctc", {"ctc", Targets::labels, by_all_paths}},
  };
  return all;
}

class EveryLoss : public ::testing::TestWithParam<std::string> {
 protected:
  const LossSample& sample() const { return losses().at(GetParam()); }
  Shared<loss::Loss> made() const { return config::make<loss::Loss>(sample().text); }
};

TEST_P(EveryLoss, HasASampleThatIsReadAndWritten) {
  ASSERT_TRUE(losses().contains(GetParam())) << "add one to tests/train/tables_test.cpp";
  EXPECT_EQ(config::describe(*made()), sample().text);
  const auto again =
      config::make<loss::Loss>(config::parse_json(config::to_json(config::write(*made())), ""));
  EXPECT_EQ(config::write(*again), config::write(*made()));
}

TEST_P(EveryLoss, IsTheMeanOfItsFormulaOverTheRows) {
  for (const DType dtype : {f64, f32}) {
    const Tensor x = predictions(1, dtype, sample().targets), t = targets(sample().targets, 2, dtype);
    const Numbers xs = x.to_vector<double>(), ts = t.to_vector<double>();
    const std::size_t columns = xs.size() / kRows, each = ts.size() / kRows;
    double expected = 0;
    for (std::size_t i = 0; i < kRows; ++i)
      expected += sample().of_row(Row(xs).subspan(i * columns, columns), Row(ts).subspan(i * each, each));
    const Tensor loss = (*made())(x, t);
    EXPECT_EQ(loss.shape(), Shape());
    EXPECT_EQ(loss.dtype(), dtype);
    EXPECT_NEAR(loss.item(), expected / kRows, dtype == f64 ? 1e-13 : 1e-6);
  }
}

TEST_P(EveryLoss, HasTheGradientOfItsValues) {
  const Tensor t = targets(sample().targets, 4);
  const auto loss = made();
  for (const int order : {1, 2}) {
    const auto report = grad_check([&](const Tensor& x) { return (*loss)(x, t); },
                                   predictions(3, f64, sample().targets), {.order = order, .step = 1e-4});
    EXPECT_TRUE(report.ok()) << order << " " << report.message;
  }
}

TEST_P(EveryLoss, RefusesTargetsThatDoNotFit) {
  const auto loss = made();
  EXPECT_THROW((*loss)(predictions(1), zeros({kRows + 1}, i64)).item(), Error);
  EXPECT_THROW((*loss)(predictions(1), zeros({kRows, kColumns + 1})).item(), Error);
}

INSTANTIATE_TEST_SUITE_P(Table, EveryLoss, ::testing::ValuesIn(names_of(registry<loss::Loss>())),
                         [](const auto& row) { return row.param; });

// Metrics.

struct MetricSample {
  std::string text;
  Targets targets;
  double best;  // what a perfect prediction has
};

const std::map<std::string, MetricSample>& metrics() {
  static const std::map<std::string, MetricSample> all{
      {"loss", {"loss", Targets::numbers, 0}},
      {"accuracy", {"accuracy", Targets::classes, 1}},
      {"top_k", {"top_k(2)", Targets::classes, 1}},
      {"mae", {"mae", Targets::numbers, 0}},
      {"rmse", {"rmse", Targets::numbers, 0}},
      {"r2", {"r2", Targets::numbers, 1}},
      {"confusion", {"confusion", Targets::classes, 1}},
      {"precision", {"precision(micro)", Targets::classes, 1}},
      {"recall", {"recall(macro)", Targets::classes, 1}},
      {"f1", {"f1", Targets::classes, 1}},
      {"cohen_kappa", {"cohen_kappa", Targets::classes, 1}},
      {"roc_auc", {"roc_auc", Targets::classes, 1}},
      {"average_precision", {"average_precision", Targets::classes, 1}},
      {"perplexity", {"perplexity", Targets::numbers, 1}},
  };
  return all;
}

struct Same : nn::LayerOf<Same> {
  static constexpr Info kInfo{.name = "same", .doc = "x."};
  Tensor compute(const Tensor& x, nn::Pass&) const { return x; }
};

class EveryMetric : public ::testing::TestWithParam<std::string> {
 protected:
  const MetricSample& sample() const { return metrics().at(GetParam()); }
  Shared<metric::Metric> made() const { return config::make<metric::Metric>(sample().text); }

  /// Of predictions that are the net's output, so many rows at a time.
  double value(const Tensor& x, const Tensor& t, std::int64_t batch) const {
    Same net;
    const Task task(
        net, [](const Tensor& y, const Tensor& of) { return y.shape() == of.shape() ? mse(y, of) : mean(y); },
        {metric::AnyMetric(made())});
    const auto all = measure(task, data::arrays(x, t), batch);
    const auto name = config::describe(*made());
    const auto found = std::find_if(all.begin(), all.end(), [&](const Measure& m) { return m.name == name; });
    return found == all.end() ? std::nan("") : found->value;
  }
  /// Predictions that are the targets.
  static Tensor perfect(const Tensor& t) { return t.ndim() == 1 ? one_hot(t, kColumns, f64) : t; }
};

TEST_P(EveryMetric, HasASampleThatIsReadAndWritten) {
  ASSERT_TRUE(metrics().contains(GetParam())) << "add one to tests/train/tables_test.cpp";
  EXPECT_EQ(config::describe(*made()), sample().text);
  const auto again =
      config::make<metric::Metric>(config::parse_json(config::to_json(config::write(*made())), ""));
  EXPECT_EQ(config::write(*again), config::write(*made()));
}

TEST_P(EveryMetric, DoesNotDependOnBatches) {
  const Tensor x = predictions(5), t = targets(sample().targets, 6);
  const double whole = value(x, t, kRows);
  EXPECT_TRUE(std::isfinite(whole));
  for (const std::int64_t batch : {1, 5, 23})
    EXPECT_NEAR(value(x, t, batch), whole, 1e-12 * std::max(1.0, std::abs(whole))) << batch;
}

TEST_P(EveryMetric, IsBestWherePredictionsArePerfect) {
  const Tensor t = targets(sample().targets, 7);
  EXPECT_NEAR(value(perfect(t), t, 10), sample().best, 1e-12);
  const double worse = value(predictions(8), t, 10);
  if (made()->larger_is_better()) {
    EXPECT_LT(worse, sample().best);
  } else {
    EXPECT_GT(worse, sample().best);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryMetric, ::testing::ValuesIn(names_of(registry<metric::Metric>())),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace chainrule::train
