#include "chainrule/loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "message_of.h"
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
  using Loss = Tensor (*)(const Tensor&, const Tensor&, Reduction, Location);
  for (const Loss loss : {Loss(softmax_cross_entropy), Loss(nll)}) {
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

/// The loss of f32 numbers by fast kernels and by reference loops, and its slopes, are those of f64.
template <class F>
void expect_as_in_f64(F f, const Tensor& z, double tolerance) {
  const Mode before = mode();
  const Tensor wide = cast(z, f64);
  const Values exact = f(wide).to_vector(), slopes = grad(sum(f(wide)), wide).to_vector();
  for (const Mode other : {Mode::lazy, Mode::eager}) {
    set_mode(other);
    const Tensor x = detach(z);
    const Values got = f(x).to_vector(), slope = grad(sum(f(x)), x).to_vector();
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], exact[i], tolerance * std::max(std::abs(exact[i]), 1e-30)) << i;
    for (std::size_t i = 0; i < slope.size(); ++i) EXPECT_NEAR(slope[i], slopes[i], tolerance) << i;
  }
  set_mode(before);
}

// log(softmax((0, 1, 2, 3))) by NumPy: -3.4401896985611953 for the first.
TEST(Loss, OfLargeLogitsKeepTheirDigits) {
  const Tensor z = tensor({10000, 10001, 10002, 10003, -7e6, -7e6, -7e6, -7e6 + 1}, {2, 4});
  EXPECT_NEAR(log_softmax(z).to_vector()[0], -3.4401896985611953, 3e-7);
  EXPECT_NEAR(log_softmax(transpose(z), 0).to_vector()[0], -3.4401896985611953, 3e-7);
  const Tensor classes = tensor({0, 3}, i64), share = tensor({1, 1, 0, 2, 0, 1, 0, 1}, {2, 4}) / 4;
  expect_as_in_f64([](const Tensor& x) { return log_softmax(x); }, z, 3e-7);
  expect_as_in_f64([&](const Tensor& x) { return softmax_cross_entropy(x, classes, Reduction::none); }, z,
                   3e-7);
  expect_as_in_f64(
      [&](const Tensor& x) { return softmax_cross_entropy(x, cast(share, x.dtype()), Reduction::none); }, z,
      5e-7);
  const Tensor many = pad(z, {{0, 0}, {0, 96}}, PadMode::constant, -1e9);  // more than a vector
  expect_as_in_f64([&](const Tensor& x) { return softmax_cross_entropy(x, classes, Reduction::none); }, many,
                   3e-7);
  expect_as_in_f64(
      [](const Tensor& x) { return kl_divergence(log_softmax(x), softmax(x), Reduction::none) + 1.0; }, z,
      1e-6);
  // In f64 10^12 leaves four digits behind the point.
  EXPECT_NEAR(log_softmax(tensor({1e12, 1e12 + 3}, f64)).to_vector()[0], -3.048587351573742, 1e-15);
  EXPECT_NEAR(softmax_cross_entropy(tensor({1e12, 1e12 + 3}, {1, 2}, f64), tensor({0}, i64)).item(),
              3.048587351573742, 1e-15);
}

// log(1 + e^-20) by NumPy: 2.061153620314381e-09.
TEST(Loss, OfASureYesOrNoKeepsItsDigits) {
  const Tensor z = tensor({20, -20, 80, -80, 3, -3, 0, 100, -100});
  const Tensor t = tensor({1, 0, 1, 0, 0.9, 0.1, 1, 0, 1});
  EXPECT_NEAR(binary_cross_entropy_with_logits(z, t, Reduction::none).to_vector()[0] / 2.061153620314381e-09,
              1, 3e-7);
  expect_as_in_f64(
      [&](const Tensor& x) {
        return binary_cross_entropy_with_logits(x, cast(t, x.dtype()), Reduction::none);
      },
      z, 1e-6);
}

TEST(Loss, KlDivergenceOfWhatIsImpossibleInBoth) {
  const Tensor log_q = tensor({-INFINITY, std::log(0.25), std::log(0.75)}, {1, 3}, f64);
  const Tensor p = tensor({0, 0.5, 0.5}, {1, 3}, f64);
  expect_near(kl_divergence(log_q, p), {0.5 * std::log(2.0) + 0.5 * std::log(0.5 / 0.75)});
  expect_near(grad(kl_divergence(log_q, p), log_q), {0, -0.5, -0.5});
  EXPECT_EQ(kl_divergence(log_q, tensor({0.5, 0.5, 0}, {1, 3}, f64)).item(), INFINITY);
}

TEST(Loss, TargetsThatAreNoProbabilitiesAreNamed) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  const auto said = [](const Tensor& loss) {
    const std::string text = message_of([&] { loss.to_vector(); });
    return text.substr(0, text.find(" Called"));
  };
  const Tensor z = zeros({2, 2}), high = tensor({1, 0.5, 2.5, 0}, {2, 2}),
               low = tensor({0, -2, 1, 1}, {2, 2});
  EXPECT_EQ(said(binary_cross_entropy_with_logits(z, high)),
            "[binary_cross_entropy_with_logits] target 2.5, element 2 of 4, is not from 0 to 1.");
  EXPECT_EQ(said(binary_cross_entropy_with_logits(z, low, BinaryOptions{.label_smoothing = 0.5})),
            "[binary_cross_entropy_with_logits] target -2, element 1 of 4, is not from 0 to 1.");
  EXPECT_EQ(said(kl_divergence(z, low)), "[kl_divergence] target -2, element 1 of 4, is not from 0 to 1.");
  EXPECT_EQ(said(kl_divergence(z, zeros({2, 2}) / 0.0)),
            "[kl_divergence] target nan, element 0 of 4, is not from 0 to 1.");
  EXPECT_EQ(said(tanh_cross_entropy(z, high)),
            "[tanh_cross_entropy] target 2.5, element 2 of 4, is not from -1 to 1.");
  EXPECT_EQ(said(hinge(z, low - 1)), "[hinge] target -3, element 1 of 4, is not from -1 to 1.");
  EXPECT_EQ(said(hinge(z, tensor({1, -1, 0, 1}, {2, 2}))),
            "[hinge] target 0, element 2 of 4, is of no side; need -1 or 1.");
  EXPECT_EQ(said(nll(z, low)), "[nll] target -2 in row 0 is not a probability.");
  EXPECT_EQ(said(softmax_cross_entropy(z, low)),
            "[softmax_cross_entropy] target -2 in row 0 is not a probability.");
  EXPECT_EQ(said(binary_cross_entropy_with_logits(z, tensor({0, 1, 1, 1.000001f}, {2, 2}))), "no error");
  EXPECT_EQ(said(grad(hinge(z, tensor({1, 1, -1, -1}, {2, 2})), z)), "no error");
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
