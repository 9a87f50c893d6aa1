#include "chainrule/loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "ops/op.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

void expect_near(const Tensor& got, const Values& expected, double tolerance = 1e-15) {
  const Values values = got.to_vector();
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << i;
  }
}

// By hand: differences -1, 0, 3.
const Tensor kPrediction = tensor({1, 2, 5}, f64), kTarget = tensor({2, 2, 2}, f64);

TEST(Loss, ReductionsOfSquaresAndMagnitudes) {
  EXPECT_NEAR(mse(kPrediction, kTarget).item(), 10.0 / 3, 1e-15);
  EXPECT_EQ(mse(kPrediction, kTarget, Reduction::sum).item(), 10);
  expect_near(mse(kPrediction, kTarget, Reduction::none), {1, 0, 9});
  expect_near(mae(kPrediction, kTarget, Reduction::none), {1, 0, 3});
  EXPECT_EQ(mae(kPrediction, kTarget, Reduction::sum).item(), 4);
}

TEST(Loss, SlopesAtCornersAreChosen) {
  const Tensor x = tensor({2, 1}, f64);
  expect_near(grad(mae(x, tensor({2, 0}, f64), Reduction::sum), x), {0, 1});
  expect_near(grad(hinge(x, tensor({0.5, 1}, f64), Reduction::sum), x), {0, 0});
}

TEST(Loss, HuberIsQuadraticThenLinear) {
  expect_near(huber(kPrediction, kTarget, 1, Reduction::none), {0.5, 0, 2.5});
  expect_near(huber(kPrediction, kTarget, 2, Reduction::none), {0.5, 0, 4});
  expect_near(grad(huber(kPrediction, kTarget, 2, Reduction::sum), kPrediction), {-1, 0, 2});
}

TEST(Loss, HingeOfSignedTargets) {
  const Tensor x = tensor({0.5, -2, 3}, f64), t = tensor({1, 1, -1}, f64);
  expect_near(hinge(x, t, Reduction::none), {0.5, 3, 4});
  expect_near(grad(hinge(x, t, Reduction::sum), x), {-1, -1, 1});
}

// -t log s(z) - (1 - t) log(1 - s(z)) at z = 2: log(1 + e^2) = 2.1269280110429727 (50-digit arithmetic).
TEST(Loss, BinaryCrossEntropyIsStable) {
  const Tensor z = tensor({2, 2, 1000, -1000, 1000}, f64), t = tensor({1, 0, 1, 1, 0.5}, f64);
  expect_near(binary_cross_entropy_with_logits(z, t, Reduction::none),
              {0.1269280110429726, 2.1269280110429727, 0, 1000, 500});
  // Its slope is sigmoid(z) - t.
  expect_near(grad(binary_cross_entropy_with_logits(z, t, Reduction::sum), z),
              {0.8807970779778823 - 1, 0.8807970779778823, 0, -1, 0.5});
}

TEST(Loss, SoftmaxCrossEntropyIsNllOfLogSoftmax) {
  const Tensor z = tensor({1, 2, 3, -1, 0, 5}, {2, 3}, f64);
  const Tensor classes = from_data(std::vector<std::int64_t>{2, 0}, {2});
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    expect_near(nll(log_softmax(z), classes, reduction),
                softmax_cross_entropy(z, classes, reduction).to_vector());
    const Tensor two_steps = grad(sum(nll(log_softmax(z), classes, reduction)), z);
    expect_near(two_steps, grad(sum(softmax_cross_entropy(z, classes, reduction)), z).to_vector());
  }
  // log(1 + e^-1 + e^-2) by hand.
  EXPECT_NEAR(softmax_cross_entropy(z, classes, Reduction::none).to_vector()[0], 0.40760596444438, 1e-14);
}

TEST(Loss, TargetsAreClassNumbersBytesOrProbabilities) {
  const Tensor x = tensor({-1, -2, -3, -4}, {2, 2}, f64);
  const Values expected{2, 3};
  expect_near(nll(x, from_data(std::vector<std::int64_t>{1, 0}, {2}), Reduction::none), expected);
  expect_near(nll(x, from_data(std::vector<std::uint8_t>{1, 0}, {2}), Reduction::none), expected);
  expect_near(nll(x, tensor({0, 1, 1, 0}, {2, 2}, f64), Reduction::none), expected);
}

TEST(Loss, ClassesThatAreNotThereAreNamed) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  for (const auto loss : {softmax_cross_entropy, nll}) {
    const Tensor bad = loss(zeros({2, 3}), from_data(std::vector<std::int64_t>{0, -1}, {2}), Reduction::none,
                            Location::current());
    try {
      bad.to_vector();
      ADD_FAILURE() << "no error";
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), 22);
      EXPECT_NE(std::string(error.what()).find("target -1 in row 1"), std::string::npos) << error.what();
    }
  }
}

// 0.5 log(0.5 / 0.25) + 0.5 log(0.5 / 0.75) = log(2 / sqrt(3)).
TEST(Loss, KlDivergence) {
  const Tensor log_q = log(tensor({0.25, 0.75, 0.5, 0.5}, {2, 2}, f64));
  const Tensor p = tensor({0.5, 0.5, 0, 1}, {2, 2}, f64);
  expect_near(kl_divergence(log_q, p, Reduction::none), {std::log(2 / std::sqrt(3)), std::log(2)});
  EXPECT_NEAR(kl_divergence(log_q, p).item(), (std::log(2 / std::sqrt(3)) + std::log(2)) / 2, 1e-15);
  const Values by_p = grad(kl_divergence(log_q, p, Reduction::sum), p).to_vector();
  EXPECT_NEAR(by_p[2], -std::log(0.5), 1e-15) << "at 0: finite";
  EXPECT_EQ(kl_divergence(log(p + 1e-300), p, Reduction::none).to_vector()[1], 0) << "of itself";
}

TEST(Loss, NothingBroadcasts) {
  const Tensor column = zeros({4, 1}), row = zeros({4});
  EXPECT_THROW(mse(column, row), ShapeError);
  EXPECT_THROW(mae(column, row), ShapeError);
  EXPECT_THROW(huber(column, row), ShapeError);
  EXPECT_THROW(hinge(column, row), ShapeError);
  EXPECT_THROW(kl_divergence(column, row), ShapeError);
  EXPECT_THROW(kl_divergence(scalar(0), scalar(0)), ShapeError);
  EXPECT_THROW(binary_cross_entropy_with_logits(column, row), ShapeError);
  EXPECT_THROW(mse(Tensor(), row), ValueError);
}

}  // namespace
}  // namespace chainrule
