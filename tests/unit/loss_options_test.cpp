// Losses with options: class axis, weights, smoothing, ignored targets. The expected numbers are plain loops
// over the definitions in chainrule/loss.h, which are those of PyTorch's cross_entropy.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "message_of.h"
#include "ops/op.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;
using Classes = std::vector<std::int64_t>;

constexpr std::size_t kRows = 3, kClasses = 4, kPlaces = 5;

/// Logits (N, T, C) and class numbers (N, T).
struct Text {
  Values logits = detach(normal({kRows, kPlaces, kClasses}, {.seed = 1}, 0, 2, f64)).to_vector();
  Classes classes = {0, 3, 1, 2, 2, 1, 0, 0, 3, 2, 1, 1, 3, 0, 2};

  Tensor last() const { return from_data(logits, {kRows, kPlaces, kClasses}); }
  Tensor second() const { return detach(permute(last(), {0, 2, 1})); }
  Tensor targets() const { return from_data(classes, {kRows, kPlaces}); }
  /// -log of the probability of a class.
  double surprise(std::size_t i, std::size_t c) const {
    double sum = 0;
    for (std::size_t j = 0; j < kClasses; ++j) sum += std::exp(logits[i * kClasses + j]);
    return std::log(sum) - logits[i * kClasses + c];
  }
};

void expect_near(const Tensor& got, const Values& expected, double tolerance = 1e-14) {
  const Values values = got.to_vector();
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], tolerance) << i;
}

TEST(ClassOptions, ClassesStandOnAnyAxis) {
  const Text text;
  Values expected;
  double total = 0;
  for (std::size_t i = 0; i < kRows * kPlaces; ++i) {
    expected.push_back(text.surprise(i, static_cast<std::size_t>(text.classes[i])));
    total += expected.back();
  }
  const Tensor losses = softmax_cross_entropy(text.second(), text.targets(), {.reduction = Reduction::none});
  EXPECT_EQ(losses.shape(), (Shape{kRows, kPlaces}));
  expect_near(losses, expected);
  expect_near(
      softmax_cross_entropy(text.last(), text.targets(), {.reduction = Reduction::none, .class_axis = -1}),
      expected);
  expect_near(nll(log_softmax(text.last()), text.targets(), {.reduction = Reduction::none, .class_axis = 2}),
              expected);
  EXPECT_NEAR(softmax_cross_entropy(text.second(), text.targets(), ClassOptions{}).item(), total / 15, 1e-14);
  EXPECT_NEAR(softmax_cross_entropy(text.second(), text.targets(), {.reduction = Reduction::sum}).item(),
              total, 1e-13);
  const Tensor rows = reshape(text.last(), {15, 4}), classes = reshape(text.targets(), {15});
  EXPECT_EQ(softmax_cross_entropy(rows, classes, ClassOptions{}).item(),
            softmax_cross_entropy(rows, classes).item());  // the same bits
  const Tensor z = text.second();
  expect_near(permute(grad(softmax_cross_entropy(z, text.targets(), ClassOptions{}), z), {0, 2, 1}),
              grad(softmax_cross_entropy(rows, classes), rows).to_vector());
}

TEST(ClassOptions, ProbabilitiesHaveTheLogitsShape) {
  const Text text;
  const Tensor shares = detach(softmax(normal({kRows, kClasses, kPlaces}, {.seed = 4}, 0, 1, f64), 1));
  const Tensor losses = softmax_cross_entropy(text.second(), shares, {.reduction = Reduction::none});
  const Values q = permute(shares, {0, 2, 1}).to_vector();
  Values expected(kRows * kPlaces);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) expected[i] += q[i * kClasses + c] * text.surprise(i, c);
  }
  expect_near(losses, expected);
}

/// All options at once: the loss of place i, and what it counts in the mean.
TEST(ClassOptions, WeightsSmoothingAndIgnoredTargets) {
  const Text text;
  const Values by_class{0.5, 2, 1, 0.25}, by_row{1, 3, 0.5};
  const double e = 0.1;
  Classes classes = text.classes;
  classes[4] = -100, classes[7] = -1;  // padding
  Values losses;
  double weights = 0, total = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] < 0) {
      losses.push_back(0);
      continue;
    }
    const auto t = static_cast<std::size_t>(classes[i]);
    double loss = 0;
    for (std::size_t c = 0; c < kClasses; ++c)
      loss += ((c == t ? 1 - e : 0) + e / kClasses) * by_class[c] * text.surprise(i, c);
    losses.push_back(by_row[i / kPlaces] * loss);
    weights += by_row[i / kPlaces] * by_class[t];
    total += losses.back();
  }
  ClassOptions options{.reduction = Reduction::none,
                       .sample_weights = from_data(by_row, {kRows}),
                       .class_weights = from_data(by_class, {kClasses}),
                       .label_smoothing = e,
                       .ignored = {-100, -1}};
  const Tensor targets = from_data(classes, {kRows, kPlaces});
  expect_near(softmax_cross_entropy(text.second(), targets, options), losses);
  options.reduction = Reduction::sum;
  EXPECT_NEAR(softmax_cross_entropy(text.second(), targets, options).item(), total, 1e-13);
  options.reduction = Reduction::mean;
  EXPECT_NEAR(softmax_cross_entropy(text.second(), targets, options).item(), total / weights, 1e-14);
  EXPECT_NEAR(nll(log_softmax(text.second(), 1), targets, options).item(), total / weights, 1e-14);
  const Tensor z = text.second();
  const Values slopes = grad(softmax_cross_entropy(z, targets, options), z).to_vector();
  const Values differences =
      numerical_gradient([&](const Tensor& x) { return softmax_cross_entropy(x, targets, options); }, z)
          .to_vector();
  for (std::size_t i = 0; i < slopes.size(); ++i) EXPECT_NEAR(slopes[i], differences[i], 1e-8);
}

// By hand: rows of equal logits lose log 2 each; the weights of the classes count off in the mean.
TEST(ClassOptions, TheMeanDividesByTheWeights) {
  const Tensor z = zeros({3, 2}, f64), t = tensor({0, 1, 1}, i64);
  const Tensor weights = tensor({1, 10}, f64);
  EXPECT_NEAR(softmax_cross_entropy(z, t, {.class_weights = weights}).item(), std::log(2), 1e-15);
  EXPECT_NEAR(softmax_cross_entropy(z, t, {.reduction = Reduction::sum, .class_weights = weights}).item(),
              21 * std::log(2), 1e-14);
  EXPECT_EQ(softmax_cross_entropy(z, t, {.ignored = {0, 1}}).item(), 0) << "nothing counts";
  const Tensor shares = tensor({1, 0, 0.5, 0.5, 0, 1}, {3, 2}, f64);
  EXPECT_NEAR(softmax_cross_entropy(z, shares, {.class_weights = weights}).item(),
              (1 + 5.5 + 10) / 3 * std::log(2), 1e-14);
  EXPECT_NEAR(softmax_cross_entropy(z, shares, {.label_smoothing = 0.3}).item(), std::log(2), 1e-15);
}

TEST(LossOptions, SampleWeightsMakeAWeightedMean) {
  const Tensor x = tensor({1, 2, 5, 0}, {2, 2}, f64), t = tensor({2, 2, 2, 2}, {2, 2}, f64);
  const Tensor rows = tensor({3, 1}, f64), each = tensor({1, 0, 2, 0}, {2, 2}, f64);
  EXPECT_NEAR(mse(x, t, {.sample_weights = rows}).item(), (3 * 1 + 9 + 4) / 8.0, 1e-15);
  EXPECT_NEAR(mse(x, t, {.sample_weights = each}).item(), (1 + 18) / 3.0, 1e-15);
  EXPECT_EQ(mse(x, t, {.reduction = Reduction::sum, .sample_weights = each}).item(), 19);
  expect_near(mae(x, t, {.reduction = Reduction::none, .sample_weights = rows}), {3, 0, 3, 2});
  EXPECT_NEAR(huber(x, t, 1, {.sample_weights = each}).item(), (0.5 + 2 * 2.5) / 3, 1e-15);
  EXPECT_NEAR(hinge(x, t / 2, {.sample_weights = cast(each, i64)}).item(), 0, 1e-15);
  EXPECT_EQ(mse(x, t, LossOptions{}).item(), mse(x, t).item());
  EXPECT_EQ(mse(x, t, {.sample_weights = zeros({2}, f64)}).item(), 0);
  const Tensor p = tensor({0.5, 0.5, 1, 0}, {2, 2}, f64),
               q = log(tensor({0.25, 0.75, 0.5, 0.5}, {2, 2}, f64));
  EXPECT_NEAR(kl_divergence(q, p, {.sample_weights = rows}).item(),
              (3 * std::log(2 / std::sqrt(3)) + std::log(2)) / 4, 1e-15);
}

// "Half of the sum of squares": ((1 + 0) / 2 + (9 + 4) / 2) / 2.
TEST(HalfMse, DividesByTheRowsAlone) {
  const Tensor x = tensor({1, 2, 5, 0}, {2, 2}, f64), t = tensor({2, 2, 2, 2}, {2, 2}, f64);
  EXPECT_EQ(half_mse(x, t).item(), 3.5);
  expect_near(half_mse(x, t, Reduction::none), {0.5, 6.5});
  EXPECT_EQ(half_mse(x, t, {.sample_weights = tensor({3, 1}, f64)}).item(), 2);
  expect_near(grad(half_mse(x, t), x), {-0.5, 0, 1.5, -1});
  EXPECT_EQ(half_mse(tensor({1, 5}, f64), tensor({2, 2}, f64)).item(), 2.5);
}

// The course's formula, with a = tanh(z): its slope by z is 2 (a - t).
TEST(TanhCrossEntropy, IsOfTargetsOfTwoSigns) {
  const Tensor z = tensor({0.5, -2, 0, 1}, f64), t = tensor({1, 1, -1, -0.5}, f64);
  Values expected, slopes;
  for (std::size_t i = 0; i < 4; ++i) {
    const double a = std::tanh(z.to_vector()[i]), y = t.to_vector()[i];
    expected.push_back(-(1 + y) * std::log((1 + a) / 2) - (1 - y) * std::log((1 - a) / 2));
    slopes.push_back(2 * (a - y));
  }
  expect_near(tanh_cross_entropy(z, t, Reduction::none), expected);
  expect_near(grad(tanh_cross_entropy(z, t, Reduction::sum), z), slopes);
  expect_near(tanh_cross_entropy(tensor({1000, -1000}, f64), tensor({1, 1}, f64), Reduction::none),
              {0, 4000});
}

TEST(BinaryOptions, SmoothAndWeighTheYes) {
  const Tensor z = tensor({0.5, -2, 3}, f64), t = tensor({1, 0, 1}, f64);
  Values expected;
  for (std::size_t i = 0; i < 3; ++i) {
    const double p = 1 / (1 + std::exp(-z.to_vector()[i])), y = t.to_vector()[i] * 0.8 + 0.1;
    expected.push_back(-(4 * y * std::log(p) + (1 - y) * std::log(1 - p)));
  }
  expect_near(binary_cross_entropy_with_logits(
                  z, t, {.reduction = Reduction::none, .label_smoothing = 0.2, .positive_weight = 4}),
              expected);
  EXPECT_EQ(binary_cross_entropy_with_logits(z, t, BinaryOptions{}).item(),
            binary_cross_entropy_with_logits(z, t).item());
}

// One-hot rows of NumPy are f64, and nets f32.
TEST(LossOptions, ProbabilitiesAreTakenInTheDTypeOfTheLogits) {
  const Tensor z = tensor({0.5, -1, 2, 0, 1, 0.25}, {2, 3}, f32);
  const Tensor classes = tensor({2, 0}, i64), rows = tensor({0, 0, 1, 1, 0, 0}, {2, 3}, f64);
  for (const auto& loss :
       {softmax_cross_entropy(z, rows), softmax_cross_entropy(z, rows, ClassOptions{}), nll(z, rows)}) {
    EXPECT_EQ(loss.dtype(), f32);
  }
  EXPECT_EQ(softmax_cross_entropy(z, rows).item(), softmax_cross_entropy(z, classes).item());
  EXPECT_EQ(softmax_cross_entropy(z, rows, ClassOptions{}).item(), softmax_cross_entropy(z, classes).item());
  EXPECT_EQ(grad(softmax_cross_entropy(z, rows), z).dtype(), f32);
}

TEST(LossOptions, SayWhatDoesNotFit) {
  const Tensor z = zeros({3, 4, 5}), t = zeros({3, 5}, i64);
  const std::string line = " Called from loss_options_test.cpp:";
  const auto said = [&](auto f) {
    std::string text = message_of(f);
    const std::size_t at = text.find(line);
    return at == std::string::npos ? text : text.substr(0, at) + text.substr(text.rfind(" (E"));
  };
  EXPECT_EQ(
      said([&] { softmax_cross_entropy(z, t, {.class_axis = 2}); }),
      "[softmax_cross_entropy] targets (3, 5) i64 do not fit logits (3, 4, 5) f32 with classes on axis 2. "
      "Need class numbers (3, 4) i64 or probabilities (3, 4, 5) f32. (E021)");
  EXPECT_EQ(
      said([&] {
        softmax_cross_entropy(z, zeros({3, 4}, i64), ClassOptions{});
      }),
      "[softmax_cross_entropy] targets (3, 4) i64 do not fit logits (3, 4, 5) f32 with classes on axis 1. "
      "Need class numbers (3, 5) i64 or probabilities (3, 4, 5) f32. If the last axis is that of the "
      "classes, set class_axis to -1. (E021)");
  EXPECT_EQ(said([&] {
              softmax_cross_entropy(z, zeros({3, 4}, i64));
            }),
            "[softmax_cross_entropy] logits must have two axes (N, C), got (3, 4, 5). For more of them give "
            "options, such as {.class_axis = -1}. (E021)");
  EXPECT_EQ(said([&] { nll(zeros({3}), zeros({3}, i64), ClassOptions{}); }),
            "[nll] logits must have an axis of classes beside (N), got (3,). (E021)");
  EXPECT_NE(said([&] { nll(z, t, {.class_axis = 3}); }).find("(E013)"), std::string::npos);
  EXPECT_EQ(said([&] { softmax_cross_entropy(z, t, {.class_weights = ones({3})}); }),
            "[softmax_cross_entropy] class weights (3,) for 4 classes. Need (4,). (E152)");
  EXPECT_EQ(said([&] { softmax_cross_entropy(z, t, {.label_smoothing = 1.5}); }),
            "[softmax_cross_entropy] label_smoothing is 1.5; it must be from 0 to 1. (E151)");
  EXPECT_EQ(
      said([&] { softmax_cross_entropy(z, t, {.sample_weights = ones({5})}); }),
      "[softmax_cross_entropy] sample weights (5,) do not fit losses (3, 5). Need one for each row, (3,), "
      "or for each loss, (3, 5). (E150)");
  EXPECT_EQ(said([&] { mse(ones({3}), ones({3}), {.sample_weights = ones({2})}); }),
            "[mse] sample weights (2,) do not fit losses (3,). Need (3,). (E150)");
  EXPECT_EQ(
      said([&] { binary_cross_entropy_with_logits(z, z, {.positive_weight = -1}); }),
      "[binary_cross_entropy_with_logits] positive_weight is -1; it must be a number, at least 0. (E151)");
  EXPECT_EQ(said([&] { half_mse(scalar(1), scalar(2)); }),
            "[half_mse] predictions () are one number; need a first axis of rows. (E140)");
  EXPECT_EQ(said([&] { tanh_cross_entropy(zeros({3}), zeros({2})); }).find("[tanh_cross_entropy] "), 0u);
}

TEST(LossOptions, NameTheLineThatMadeThem) {
  const std::string text = message_of([&] { mse(ones({3}), ones({3}), {.sample_weights = ones({2})}); });
  EXPECT_NE(text.find("Called from loss_options_test.cpp:" + std::to_string(__LINE__ - 1)), std::string::npos)
      << text;
}

// Whatever else is asked for, a class that is not there is named as such, by the function that was called.
TEST(ClassOptions, ClassesThatAreNotThereAreNamed) {
  const Tensor z = tensor({1, 2, 3, 4, 5, 6}, {2, 3}, f64), t = tensor({0, 3}, i64);
  const auto named = [](const std::string& text) {
    return text.find("[softmax_cross_entropy] target 3 in row 1 is not a class number in [0, 3).") == 0;
  };
  for (const ClassOptions& options : {ClassOptions{}, ClassOptions{.class_weights = ones({3})},
                                      ClassOptions{.label_smoothing = 0.1}, ClassOptions{.ignored = {7}}}) {
    const std::string text = message_of([&] { softmax_cross_entropy(z, t, options).item(); });
    EXPECT_TRUE(named(text)) << text;
    const std::string of_slope =
        message_of([&] { grad(softmax_cross_entropy(z, t, options), z).to_vector(); });
    EXPECT_TRUE(named(of_slope)) << of_slope;
  }
  const std::string plain = message_of([&] { grad(softmax_cross_entropy(z, t), z).to_vector(); });
  EXPECT_TRUE(named(plain)) << plain;
}

TEST(ClassOptions, WeightsAreNotNegative) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  const Tensor z = zeros({2, 3}), t = tensor({0, 2}, i64);
  for (const double bad : {-1.0, -0.5, std::nan(""), double(INFINITY)}) {
    const Tensor loss = softmax_cross_entropy(z, t, ClassOptions{.class_weights = tensor({1, bad, 1}, f64)});
    const std::string text = message_of([&] { loss.item(); });
    EXPECT_NE(text.find("the weight of class 1 is "), std::string::npos) << text;
    EXPECT_NE(text.find("(E635)"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace chainrule
