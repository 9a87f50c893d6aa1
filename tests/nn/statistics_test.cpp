// Batch norm's running statistics and dropout's shares, against plain loops.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"

namespace chainrule::nn {
namespace {

Tensor batch(std::int64_t step) {
  return detach(normal({6, 3, 2}, {.seed = 8, .step = static_cast<std::uint64_t>(step)}, 1.5, 2, f64));
}

/// Mean and variance (with N - 1) of a channel of a (6, 3, 2) batch.
std::pair<double, double> statistics(const std::vector<double>& x, std::size_t channel) {
  double mean = 0, variance = 0;
  const auto at = [&](std::size_t row, std::size_t i) { return x[row * 6 + channel * 2 + i]; };
  for (std::size_t row = 0; row < 6; ++row) mean += (at(row, 0) + at(row, 1)) / 12;
  for (std::size_t row = 0; row < 6; ++row) {
    variance += (std::pow(at(row, 0) - mean, 2) + std::pow(at(row, 1) - mean, 2)) / 11;
  }
  return {mean, variance};
}

TEST(BatchNorm, RunningStatisticsApproachThoseOfBatches) {
  BatchNorm layer({.momentum = 0.3});
  std::vector<double> mean(3, 0), variance(3, 1);
  for (std::int64_t step = 0; step < 5; ++step) {
    Pass pass = Pass::training(1, step);
    layer.forward(batch(step), pass);
    pass.store();
    for (std::size_t c = 0; c < 3; ++c) {
      const auto [m, v] = statistics(batch(step).to_vector(), c);
      mean[c] += 0.3 * (m - mean[c]);
      variance[c] += 0.3 * (v - variance[c]);
      EXPECT_NEAR(layer.mean.value().to_vector()[c], mean[c], 1e-14);
      EXPECT_NEAR(layer.variance.value().to_vector()[c], variance[c], 1e-13);
    }
  }
  const std::vector<double> x = batch(9).to_vector(), y = layer.predict(batch(9)).to_vector();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = i / 2 % 3;
    EXPECT_NEAR(y[i], (x[i] - mean[c]) / std::sqrt(variance[c] + 1e-5), 1e-12);
  }
}

// Two batches in one pass count as in two: the second goes on from what the first left.
TEST(BatchNorm, RunTwiceInAPassCountsBothBatches) {
  BatchNorm once({.momentum = 0.3}), twice({.momentum = 0.3});
  Pass both = Pass::training(1, 0);
  for (std::int64_t step = 0; step < 2; ++step) {
    Pass pass = Pass::training(1, step);
    once.forward(batch(step), pass);
    pass.store();
    twice.forward(batch(step), both);
  }
  EXPECT_EQ(both.updates().size(), 2u);
  both.store();
  EXPECT_EQ(twice.mean.value().to_vector(), once.mean.value().to_vector());
  EXPECT_EQ(twice.variance.value().to_vector(), once.variance.value().to_vector());
}

TEST(BatchNorm, TrainsByTheStatisticsOfTheBatch) {
  BatchNorm layer({.eps = 0});
  const std::vector<double> x = batch(0).to_vector(), y = layer.forward(batch(0)).to_vector();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto [mean, variance] = statistics(x, i / 2 % 3);
    EXPECT_NEAR(y[i], (x[i] - mean) / std::sqrt(variance * 11 / 12), 1e-12);
  }
}

// The books' way stores statistics with backward, an optimizer's step with the parameters.
TEST(BatchNorm, StatisticsAreStoredByBackwardAndBySteps) {
  BatchNorm by_hand, by_step;
  const Tensor x = batch(0);
  by_hand.forward(x);
  EXPECT_EQ(by_hand.mean.value().to_vector(), std::vector<double>(3));
  by_hand.backward(ones(x.shape(), f64));
  by_step.build(x);
  optim::Optimizer sgd(by_step, optim::Sgd{});
  Pass pass = Pass::training(1, 0);
  sgd.step(sum(by_step.forward(x, pass)), pass);
  EXPECT_NE(by_hand.mean.value().to_vector(), std::vector<double>(3));
  EXPECT_EQ(by_step.mean.value().to_vector(), by_hand.mean.value().to_vector());
  EXPECT_EQ(by_step.variance.value().to_vector(), by_hand.variance.value().to_vector());
}

// One number a channel has no variance of a sample; a batch of nothing leaves everything as it was.
TEST(BatchNorm, StatisticsStayFinite) {
  BatchNorm layer;
  for (const std::int64_t rows : {1, 0}) {
    Pass pass = Pass::training(1, 0);
    layer.forward(ones({rows, 3}, f64), pass).to_vector();
    pass.store();
    for (const double v : layer.variance.value().to_vector()) EXPECT_NEAR(v, 0.9, 1e-15);
    for (const double m : layer.mean.value().to_vector()) EXPECT_NEAR(m, 0.1, 1e-15);
  }
}

// Of n numbers n p are left out, give or take four deviations sqrt(n p (1 - p)).
TEST(Dropout, LeavesOutTheShareItSays) {
  constexpr double kCount = 20000;
  const Tensor x = ones({20000}, f64);
  for (const double p : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    for (const bool inverted : {true, false}) {
      const Dropout layer(p, inverted);
      Pass pass = Pass::training(3, 1);
      double left_out = 0;
      const double kept = inverted ? 1 / (1 - p) : 1;
      for (const double y : layer.forward(x, pass).to_vector()) {
        ASSERT_TRUE(y == 0 || std::abs(y - kept) < 1e-15) << y;
        left_out += y == 0;
      }
      EXPECT_NEAR(left_out, kCount * p, 4 * std::sqrt(kCount * p * (1 - p))) << p;
      for (const double y : layer.predict(x).to_vector()) ASSERT_EQ(y, inverted ? 1 : 1 - p);
    }
  }
}

// Two layers, and two calls of one, draw numbers of their own; a path has its own stream.
TEST(Dropout, DrawsByPathStepAndCall) {
  const Tensor x = ones({64}, f64);
  Dropout first, second;
  first.set_name("first"), second.set_name("second");
  const auto draw = [&](const Dropout& layer, Pass& pass) { return layer.forward(x, pass).to_vector(); };
  Pass pass = Pass::training(3, 1), same = Pass::training(3, 1), later = Pass::training(3, 2);
  Pass other = Pass::training(4, 1);
  const auto a = draw(first, pass), b = draw(second, pass), c = draw(first, pass);
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(draw(second, same), b);  // whoever came before
  EXPECT_EQ(draw(first, same), a);
  EXPECT_EQ(draw(first, same), c);
  EXPECT_NE(draw(first, later), a);
  EXPECT_NE(draw(first, other), a);
}

// Each forward of the books' way draws anew, from 0 on.
TEST(Dropout, DrawsAnewInEachForward) {
  Dropout layer, again;
  const Tensor x = ones({64}, f64);
  const std::vector<double> first = layer.forward(x).to_vector();
  EXPECT_NE(layer.forward(x).to_vector(), first);
  EXPECT_EQ(again.forward(x).to_vector(), first);
}

}  // namespace
}  // namespace chainrule::nn
