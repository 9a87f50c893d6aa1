// Each metric against a plain loop over rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

constexpr std::size_t kRows = 103, kClasses = 7;

/// Predictions and targets with some rows right.
struct Rows {
  std::vector<float> predictions, numbers;
  std::vector<std::int64_t> classes;

  explicit Rows(std::uint64_t seed) {
    Random random(seed);
    for (std::size_t i = 0; i < kRows; ++i) {
      classes.push_back(static_cast<std::int64_t>(random.below(kClasses)));
      for (std::size_t j = 0; j < kClasses; ++j) {
        predictions.push_back(
            static_cast<float>(random.normal() + (static_cast<std::int64_t>(j) == classes[i] ? 1 : 0)));
        numbers.push_back(predictions.back() + 0.3f * static_cast<float>(random.normal()) + 2);
      }
    }
  }
  Tensor prediction() const { return from_data(predictions, {kRows, kClasses}); }
  Tensor number_targets() const { return from_data(numbers, {kRows, kClasses}); }
  Tensor class_targets() const { return from_data(classes, {kRows}); }
  float at(std::size_t i, std::size_t j) const { return predictions[i * kClasses + j]; }
  std::size_t best(std::size_t i) const {
    std::size_t best = 0;
    for (std::size_t j = 1; j < kClasses; ++j) {
      if (at(i, j) > at(i, best)) best = j;
    }
    return best;
  }
};

/// A net that gives its input: the source's x are the predictions.
struct Same : nn::LayerOf<Same> {
  static constexpr Info kInfo{.name = "same", .doc = "x."};
  Tensor compute(const Tensor& x, nn::Pass&) const { return x; }
};

double value_of(const metric::AnyMetric& metric, const Tensor& prediction, const Tensor& target,
                std::int64_t batch) {
  return evaluate(Same(), data::arrays(prediction, target), metric, batch);
}

/// In one batch, in several of which the last is short, and row by row.
void expect_value(const metric::AnyMetric& metric, const Tensor& prediction, const Tensor& target,
                  double expected) {
  for (const std::int64_t batch : {1000, 10, 1}) {
    EXPECT_NEAR(value_of(metric, prediction, target, batch), expected, 1e-12) << batch;
  }
}

TEST(Metrics, Accuracy) {
  const Rows rows(1);
  double right = 0;
  for (std::size_t i = 0; i < kRows; ++i) right += static_cast<std::int64_t>(rows.best(i)) == rows.classes[i];
  expect_value(metric::accuracy, rows.prediction(), rows.class_targets(), right / kRows);
  expect_value(metric::accuracy, rows.prediction(), one_hot(rows.class_targets(), kClasses), right / kRows);
  // Yes or no: signs against 0 and 1, or -1 and 1.
  const Tensor logits = tensor({-2, 3, 0.5, -1}, {4, 1});
  expect_value(metric::accuracy, logits, tensor({0, 1, 0, 0}, {4, 1}), 0.75);
  expect_value(metric::accuracy, logits, tensor({-1, -1, 1, 1}, {4, 1}), 0.5);
  expect_value(metric::accuracy, tensor({-2, 3}), tensor({0, 1}), 1);
}

TEST(Metrics, TopK) {
  const Rows rows(2);
  for (const std::size_t k : {std::size_t{1}, std::size_t{3}, kClasses}) {
    double found = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      std::size_t above = 0;
      for (std::size_t j = 0; j < kClasses; ++j)
        above += rows.at(i, j) > rows.at(i, static_cast<std::size_t>(rows.classes[i]));
      found += above < k;
    }
    expect_value(metric::top_k(static_cast<std::int64_t>(k)), rows.prediction(), rows.class_targets(),
                 found / kRows);
  }
}

TEST(Metrics, Differences) {
  const Rows rows(3);
  double absolute = 0, squared = 0;
  for (std::size_t i = 0; i < rows.numbers.size(); ++i) {
    const double d = static_cast<double>(rows.predictions[i]) - static_cast<double>(rows.numbers[i]);
    absolute += std::abs(d);
    squared += d * d;
  }
  const auto n = static_cast<double>(rows.numbers.size());
  expect_value(metric::mae, rows.prediction(), rows.number_targets(), absolute / n);
  expect_value(metric::rmse, rows.prediction(), rows.number_targets(), std::sqrt(squared / n));
}

TEST(Metrics, R2) {
  const Rows rows(4);
  double total = 0;
  for (std::size_t j = 0; j < kClasses; ++j) {
    double mean = 0, residual = 0, variance = 0;
    for (std::size_t i = 0; i < kRows; ++i)
      mean += static_cast<double>(rows.numbers[i * kClasses + j]) / kRows;
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto t = static_cast<double>(rows.numbers[i * kClasses + j]);
      residual += (t - static_cast<double>(rows.at(i, j))) * (t - static_cast<double>(rows.at(i, j)));
      variance += (t - mean) * (t - mean);
    }
    total += 1 - residual / variance;
  }
  expect_value(metric::r2, rows.prediction(), rows.number_targets(), total / kClasses);
  expect_value(metric::r2, tensor({1, 2, 3}), tensor({1, 2, 3}), 1);
  expect_value(metric::r2, tensor({2, 2, 2}), tensor({1, 2, 3}), 0);
  EXPECT_TRUE(std::isnan(value_of(metric::r2, tensor({1, 2}), tensor({3, 3}), 10)));
}

TEST(Metrics, LossAndConfusionOverATask) {
  const Rows rows(5);
  Same net;
  const Task task(net, loss::softmax_cross_entropy, {metric::confusion, metric::top_k(2), metric::loss});
  double loss = 0;
  std::vector<double> matrix(kClasses * kClasses);
  for (std::size_t i = 0; i < kRows; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < kClasses; ++j) sum += std::exp(static_cast<double>(rows.at(i, j)));
    loss += std::log(sum) - static_cast<double>(rows.at(i, static_cast<std::size_t>(rows.classes[i])));
    ++matrix[static_cast<std::size_t>(rows.classes[i]) * kClasses + rows.best(i)];
  }
  for (const std::int64_t batch : {1000, 10}) {
    const std::vector<Measure> found =
        measure(task, data::arrays(rows.prediction(), rows.class_targets()), batch);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].name, "loss");
    EXPECT_NEAR(found[0].value, loss / kRows, 1e-6);  // f32
    EXPECT_EQ(found[1].name, "confusion");
    EXPECT_EQ(found[1].matrix, matrix);
    EXPECT_EQ(found[2].name, "top_k(2)");
  }
}

TEST(Metrics, EachIsFoundByItsName) {
  for (const Registry::Row& row : registry<metric::Metric>().rows()) {
    const auto made = config::make<metric::Metric>(config::Value(row.info->name));
    EXPECT_EQ(config::describe(*made), row.info->name);
  }
  EXPECT_FALSE(config::make<metric::Metric>("rmse")->larger_is_better());
  EXPECT_TRUE(config::make<metric::Metric>("top_k(3)")->larger_is_better());
  EXPECT_EQ(config::markdown(registry<metric::Metric>()).find("## loss"), 0u);
  EXPECT_NE(config::markdown(registry<loss::Loss>()).find("## huber"), std::string::npos);
}

TEST(Metrics, SayWhatDoesNotFit) {
  const Tensor y = zeros({4, 3});
  EXPECT_EQ(message_of([&] { value_of(metric::accuracy, y, zeros({4}, f32), 9); }),
            "[accuracy] predictions (4, 3), targets (4,) f32. Need predictions (..., C), and class numbers "
            "(...) or one-hot rows (..., C); or single numbers of equal shapes. (E306)");
  EXPECT_EQ(message_of([&] {
              value_of(metric::mae, y, zeros({4, 2}), 9);
            }),
            "[mae] predictions (4, 3), targets (4, 2) f32. Need equal shapes. (E306)");
  EXPECT_NE(message_of([&] { value_of(metric::top_k(4), y, zeros({4}, i64), 9); }).find("(E110)"),
            std::string::npos);
}

TEST(History, ALineOfJsonKeepsEveryBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Report report{
      .step = 12,
      .epoch = 1.0 / 3,
      .lr = 0.1,
      .loss = 1,
      .seconds = 1e-9,
      .metrics = {{"test.loss", nan}, {"a \"b\"", 0.5}, {"test.confusion", 0.75, {3, 1, 0, 2}}}};
  const std::string line = to_json(report);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Report again = parse_report(line);
  EXPECT_EQ(again.step, 12);
  EXPECT_EQ(again.epoch, 1.0 / 3);
  EXPECT_TRUE(std::isnan(again["test.loss"]));
  EXPECT_EQ(again["a \"b\""], 0.5);
  EXPECT_EQ(again.metrics[2].matrix, report.metrics[2].matrix);
  EXPECT_EQ(to_json(again), line);
  EXPECT_EQ(message_of([] { parse_report("{\"step\": 1}"); }),
            "[history] history.jsonl:1:1: \"epoch\" is missing. A line of history.jsonl is a report, as "
            "to_json writes "
            "it. (E305)");
}

// Of pictures whose every place has a class, and of texts with padding: what the loss takes for classes, and
// leaves out.
TEST(Metrics, SeeTheClassesOfTheLoss) {
  const Rows rows(5);
  const std::int64_t n = 5, places = 20, c = static_cast<std::int64_t>(kClasses);
  const Tensor last = reshape(slice(rows.prediction(), 0, 0, n * places), {n, 4, 5, c});
  const Tensor classes = reshape(slice(rows.class_targets(), 0, 0, n * places), {n, 4, 5});
  Same same;
  const auto accuracy = [&](const auto& loss, const Tensor& prediction, const Tensor& target,
                            std::int64_t batch) {
    const std::vector<Measure> found =
        measure(Task{same, loss, {metric::accuracy, metric::F1()}}, data::arrays(prediction, target), batch);
    return std::pair(found[1].value, found[2].value);
  };
  const std::pair expected = accuracy(loss::SoftmaxCrossEntropy(), reshape(last, {n * places, c}),
                                      reshape(classes, {n * places}), 1000);
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < n * places; ++i) {
    if (rows.classes[static_cast<std::size_t>(i)] != 3) kept.push_back(i);
  }
  const Tensor some = from_data(kept, {static_cast<std::int64_t>(kept.size())});
  const std::pair of_some = accuracy(loss::SoftmaxCrossEntropy(), take(rows.prediction(), some),
                                     take(rows.class_targets(), some), 1000);
  EXPECT_NE(of_some, expected);
  for (const std::int64_t batch : {1000, 2, 1}) {
    const Tensor second = permute(last, {0, 3, 1, 2});
    EXPECT_EQ(accuracy(loss::SoftmaxCrossEntropy(), second, classes, batch), expected);
    EXPECT_EQ(accuracy(loss::SoftmaxCrossEntropy{.class_axis = -1}, last, classes, batch), expected);
    EXPECT_EQ(accuracy(loss::SoftmaxCrossEntropy(), second, one_hot(classes, c, f32, 1), batch), expected);
    EXPECT_EQ(accuracy(loss::SoftmaxCrossEntropy{.ignored = {3}}, second, classes, batch), of_some);
    EXPECT_EQ(accuracy(loss::SoftmaxCrossEntropy{.ignored = {3}, .class_axis = -1}, last, classes, batch),
              of_some);
  }
}

}  // namespace
}  // namespace chainrule::train
