// Metrics of classes and of rankings, by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"

namespace chainrule::train {
namespace {

struct Same : nn::LayerOf<Same> {
  static constexpr Info kInfo{.name = "same", .doc = "x."};
  Tensor compute(const Tensor& x, nn::Pass&) const { return x; }
};

/// In one batch and in several.
void expect_value(const metric::AnyMetric& metric, const Tensor& prediction, const Tensor& target,
                  double expected) {
  for (const std::int64_t batch : {1000, 4, 1})
    EXPECT_NEAR(evaluate(Same(), data::arrays(prediction, target), metric, batch), expected, 1e-12)
        << config::describe(*metric) << " " << batch;
}

Tensor scores_for(const std::vector<std::int64_t>& taken, std::int64_t classes) {
  return detach(one_hot(from_data(taken, {static_cast<std::int64_t>(taken.size())}), classes));
}

using metric::Average;

// Targets 0 1 2 0 1 2 0, taken for 0 2 1 0 0 1 0. Confusion: 0 -> 3 0 0; 1 -> 1 0 1; 2 -> 0 2 0.
TEST(ClassMetrics, OfSeveralClasses) {
  const Tensor x = scores_for({0, 2, 1, 0, 0, 1, 0}, 4), t = tensor({0, 1, 2, 0, 1, 2, 0}, i64);
  // Class 0: 3 of 4 predictions right, 3 of 3 rows found. The others: none. Class 3 does not occur.
  expect_value(metric::precision, x, t, 0.75 / 3);
  expect_value(metric::recall, x, t, 1.0 / 3);
  expect_value(metric::f1, x, t, 6.0 / 7 / 3);
  for (const metric::AnyMetric& micro :
       {metric::AnyMetric(metric::Precision{Average::micro}),
        metric::AnyMetric(metric::Recall{Average::micro}), metric::AnyMetric(metric::F1{Average::micro})}) {
    expect_value(micro, x, t, 3.0 / 7);
  }
  // Chance: (3 4 + 2 2 + 2 1) / 49.
  expect_value(metric::cohen_kappa, x, t, (3.0 / 7 - 18.0 / 49) / (1 - 18.0 / 49));
  EXPECT_NE(message_of([&] {
              evaluate(Same(), data::arrays(x, t), metric::F1{Average::binary});
            }).find("[f1] binary is of two classes; the predictions have 4. Use macro or micro. (E317)"),
            std::string::npos);
}

// yes: 3 found of 4; one no taken for a yes.
TEST(ClassMetrics, OfYesOrNo) {
  const Tensor z = tensor({2, 1, 0.5, -1, 3, -2}, {6, 1}), t = tensor({1, 1, 1, 1, 0, 0}, {6, 1});
  const Tensor two = concatenate({zeros({6, 1}), z}, 1), classes = tensor({1, 1, 1, 1, 0, 0}, i64);
  for (const auto& [x, y] : {std::pair(z, t), std::pair(z, t * 2 - 1), std::pair(two, classes)}) {
    expect_value(metric::precision, x, y, 0.75);
    expect_value(metric::recall, x, y, 0.75);
    expect_value(metric::f1, x, y, 0.75);
    expect_value(metric::Precision{Average::macro}, x, y, (0.75 + 0.5) / 2);
    expect_value(metric::Recall{Average::micro}, x, y, 4.0 / 6);
    expect_value(metric::cohen_kappa, x, y, (4.0 / 6 - 20.0 / 36) / (1 - 20.0 / 36));
  }
  const Tensor none = full({6, 1}, -1);
  expect_value(metric::precision, none, t, 0);  // nothing was predicted
  expect_value(metric::f1, none, t, 0);
  EXPECT_TRUE(std::isnan(evaluate(Same(), data::arrays(none, none), metric::cohen_kappa)));
}

// Scores from the top: yes 0.8, no 0.4, yes 0.35, no 0.1: three of four pairs in order; precisions 1, 2/3.
TEST(RankingMetrics, OfYesOrNo) {
  const Tensor x = tensor({0.1, 0.4, 0.35, 0.8}, {4, 1}), t = tensor({0, 0, 1, 1}, {4, 1});
  expect_value(metric::roc_auc, x, t, 0.75);
  expect_value(metric::average_precision, x, t, (1 + 2.0 / 3) / 2);
  const Tensor two = concatenate({-x, x}, 1);
  expect_value(metric::roc_auc, two, tensor({0, 0, 1, 1}, i64), 0.75);
  expect_value(metric::average_precision, two, tensor({0, 0, 1, 1}, i64), (1 + 2.0 / 3) / 2);
  // Ties count half; a step of ties has one precision: 3 rows, of which 2 are yes.
  const Tensor ties = tensor({1, 1, 1, 0}, {4, 1}), of = tensor({1, 0, 1, 0}, {4, 1});
  expect_value(metric::roc_auc, ties, of, (0.5 + 0.5 + 2) / 4);
  expect_value(metric::average_precision, ties, of, 2.0 / 3);
  EXPECT_TRUE(std::isnan(evaluate(Same(), data::arrays(x, ones({4, 1})), metric::roc_auc)));
  EXPECT_TRUE(std::isnan(evaluate(Same(), data::arrays(x * NAN, t), metric::average_precision)));
}

// Each class against the rest; softmax puts the rows of class 2 in another order than the logits.
TEST(RankingMetrics, OfSeveralClassesAreMeans) {
  const Tensor x = tensor({2, 0, 1, 0, 1, 2, 0, 3, 1, 5, 5, 6}, {4, 3}), t = tensor({0, 1, 1, 2}, i64);
  const std::vector<double> p = softmax(cast(x, f64)).to_vector();
  double auc = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    double pairs = 0, right = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 4; ++j) {
        const auto is = [&](std::size_t row) { return t.to_vector()[row] == static_cast<double>(c); };
        if (!is(i) || is(j)) continue;
        ++pairs;
        right += p[i * 3 + c] > p[j * 3 + c] ? 1 : p[i * 3 + c] == p[j * 3 + c] ? 0.5 : 0;
      }
    }
    auc += right / pairs / 3;
  }
  expect_value(metric::roc_auc, x, t, auc);
  expect_value(metric::roc_auc, x, detach(one_hot(t, 3)), auc);
}

// Two words, equally likely: undecided among two.
TEST(Perplexity, IsOfTheLoss) {
  Same net;
  const Task task(net, loss::softmax_cross_entropy, {metric::perplexity});
  const auto found = measure(task, data::arrays(zeros({4, 2}), tensor({0, 1, 1, 0}, i64)), 3);
  EXPECT_EQ(found[1].name, "perplexity");
  EXPECT_NEAR(found[1].value, 2, 1e-6);
}

// A target that is no class is in no row, and wrong.
TEST(Confusion, OfWrongLabels) {
  const Tensor x = scores_for({0, 1, 1, 0}, 2), t = tensor({0, 1, 5, -1}, i64);
  Same net;
  const Task task(net, [](const Tensor& y, const Tensor&) { return mean(y); }, {metric::confusion});
  const auto found = measure(task, data::arrays(x, t), 3);
  EXPECT_EQ(found[1].matrix, (std::vector<double>{1, 0, 0, 1}));
  EXPECT_EQ(found[1].value, 0.5);
}

// The last two of six targets are no class: taken for 0 and for 1, and wrong. Confusion: 0 -> 2 0; 1 -> 1 1.
TEST(ClassMetrics, AreWrongWhereTheTargetIsNoClass) {
  const Tensor x = scores_for({0, 0, 0, 1, 0, 1}, 2), t = tensor({0, 0, 1, 1, -1, 2}, i64);
  expect_value(metric::accuracy, x, t, 3.0 / 6);
  expect_value(metric::precision, x, t, 1.0 / 2);  // of class 1: two are taken for it
  expect_value(metric::recall, x, t, 1.0 / 2);
  expect_value(metric::f1, x, t, 2 * 1.0 / (2 + 2));
  expect_value(metric::Precision{Average::macro}, x, t, (2.0 / 4 + 1.0 / 2) / 2);
  expect_value(metric::Recall{Average::macro}, x, t, (2.0 / 2 + 1.0 / 2) / 2);
  expect_value(metric::Precision{Average::micro}, x, t, 3.0 / 6);
  expect_value(metric::Recall{Average::micro}, x, t, 3.0 / 4);
  const double chance = (2 * 4 + 2 * 2) / 36.0;
  expect_value(metric::cohen_kappa, x, t, (3.0 / 6 - chance) / (1 - chance));
}

// One score a row in a column, and targets in a row: argmax would be 0 for all.
TEST(ClassMetrics, RefuseAColumnAgainstARow) {
  const Tensor z = tensor({2, -1, 0.5}, {3, 1}), t = tensor({1, 0, 1}, i64);
  const metric::AnyMetric all[] = {metric::accuracy, metric::precision,         metric::recall,
                                   metric::f1,       metric::confusion,         metric::cohen_kappa,
                                   metric::roc_auc,  metric::average_precision, metric::top_k(1)};
  for (const metric::AnyMetric& metric : all) {
    for (const auto& [x, y] : {std::pair(z, t), std::pair(reshape(z, {3}), expand_dims(t, 1))}) {
      EXPECT_NE(message_of([&] { evaluate(Same(), data::arrays(x, y), metric); }).find("(E306)"),
                std::string::npos)
          << config::describe(*metric) << x.shape();
    }
  }
  expect_value(metric::accuracy, z, expand_dims(t, 1), 1);
}

}  // namespace
}  // namespace chainrule::train
