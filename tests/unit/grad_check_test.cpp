#include "chainrule/grad_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "autodiff/noise.h"
#include "chainrule/linalg.h"
#include "chainrule/loss.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "explain/functions.h"

namespace chainrule {
namespace {

Tensor numbers(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  Random random(seed);
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& value : values) value = random.uniform(low, high);
  return from_data(values, shape);
}

/// x^2 with a derivative that is wrong by a part of `kPartsPerMillion`, or, where that is 0, detached.
template <int kPartsPerMillion>
struct Wrong {
  static constexpr OpInfo kInfo{.name = "wrong_square", .elementwise = true, .doc = "x^2."};
  bool operator==(const Wrong&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const {
    if (kPartsPerMillion == 0) return {v.cotangent * 2 * stop_gradient(v.inputs[0])};
    return {v.cotangent * (2 + 2e-6 * kPartsPerMillion) * v.inputs[0]};
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = x[i] * x[i];
    });
  }
};
template <int kPartsPerMillion>
Tensor wrong_square(const Tensor& x, Location where = Location::current()) {
  return apply(Wrong<kPartsPerMillion>{}, {x}, where);
}

TEST(GradCheck, AcceptsRightGradientsOfBothOrders) {
  const auto functions = {
      +[](const Tensor& x) { return sum(exp(x) * sin(3 * x)); },
      +[](const Tensor& x) { return logsumexp(matmul(x, transpose(x))); },
      +[](const Tensor& x) { return sum(sigmoid(x)) * 1e-9; },
      +[](const Tensor& x) { return 1e9 * mean(tanh(x)) + 1; },
      +[](const Tensor& x) { return norm(x); },
      +[](const Tensor& x) { return prod(x + 2); },
      +[](const Tensor& x) { return sum(x) * 0; },
      +[](const Tensor& x) { return sum(x); },
  };
  for (const auto f : functions) {
    for (const bool all_entries : {false, true}) {
      const GradCheckReport r = grad_check(f, numbers({3, 4}, 1), {.order = 2, .all_entries = all_entries});
      EXPECT_TRUE(r.ok()) << r.message;
      EXPECT_EQ(r.order, 2);
    }
  }
}

TEST(GradCheck, FindsErrorsOfTenPartsPerMillion) {
  const Tensor x = numbers({5}, 2);
  const GradCheckReport r = grad_check([](const Tensor& at) { return sum(exp(wrong_square<10>(at))); }, x);
  EXPECT_EQ(r.status, GradCheckStatus::failed);
  EXPECT_NEAR(r.relative_error, 1e-5, 1e-8);
  EXPECT_LT(r.relative_error, 1);
}

TEST(GradCheck, NamesTheFirstWrongOperationAndItsLine) {
  const auto f = [](const Tensor& at) {
    const Tensor right = tanh(at);
    const Tensor wrong = wrong_square<1000>(right);
    return sum(wrong_square<1000>(exp(wrong)));
  };
  const GradCheckReport r = grad_check(f, numbers({5}, 3));
  EXPECT_NE(r.message.find("The first operation whose own derivative is wrong is wrong_square. Called from "
                           "grad_check_test.cpp:" +
                           std::to_string(__LINE__ - 6) + "."),
            std::string::npos)
      << r.message;
}

TEST(GradCheck, SaysSoWhereEachOperationIsRight) {
  const GradCheckReport r =
      grad_check([](const Tensor& at) { return sum(at * stop_gradient(at)); }, numbers({5}, 4));
  EXPECT_EQ(r.status, GradCheckStatus::failed);
  EXPECT_NE(r.message.find("does something stop a gradient"), std::string::npos) << r.message;
}

TEST(GradCheck, FindsADetachedSecondOrder) {
  const auto f = [](const Tensor& at) { return sum(wrong_square<0>(at) * at); };
  const Tensor x = numbers({5}, 5);
  EXPECT_TRUE(grad_check(f, x).ok());
  const GradCheckReport r = grad_check(f, x, {.order = 2});
  EXPECT_EQ(r.status, GradCheckStatus::failed);
  EXPECT_EQ(r.order, 2);
  EXPECT_NE(r.message.find("second derivative"), std::string::npos) << r.message;
  EXPECT_NE(r.message.find("wrong is wrong_square."), std::string::npos) << r.message;
}

TEST(GradCheck, RecognisesAKink) {
  const auto f = [](const Tensor& at) { return sum(relu(at)); };
  const GradCheckReport at_kink = grad_check(f, tensor({0}, f64));
  EXPECT_EQ(at_kink.status, GradCheckStatus::kink) << at_kink.message;
  EXPECT_EQ(at_kink.message.find("No step shows whether the derivative along a random direction is right: "),
            0u)
      << at_kink.message;
  // Beside it a smaller step shows the slope.
  for (const double distance : {1e-12, 1e-7, 1e-5, 1e-4, 2e-4, 3e-4, 4.9e-4, 6e-4, 9e-4, 2e-3}) {
    for (const double sign : {-1.0, 1.0}) {
      const GradCheckReport r = grad_check(f, tensor({sign * distance}, f64));
      EXPECT_TRUE(r.ok()) << sign * distance << ": " << r.message;
    }
  }
  // One of many: the others' gradients are right, that of the kink is a choice.
  const GradCheckReport r = grad_check(f, tensor({-1, 0, 3, 0.5, 2}, f64), {.all_entries = true});
  EXPECT_EQ(r.status, GradCheckStatus::kink) << r.message;
  EXPECT_EQ(r.entry, 1);
}

TEST(GradCheck, AKinkDoesNotHideALargerError) {
  const auto f = [](const Tensor& at) { return sum(1e-3 * abs(at - 1) + wrong_square<500000>(at)); };
  for (const double x : {1.0002, 1.0}) {
    EXPECT_EQ(grad_check(f, tensor({x}, f64)).status, GradCheckStatus::failed) << x;
  }
}

// A pole, a root's end or a logarithm's is as near as x is to 0: steps have to be smaller, whatever x is.
TEST(GradCheck, OfPointsBesideAPole) {
  using F = Tensor (*)(const Tensor&);
  const F functions[] = {[](const Tensor& at) { return sum(1 / at); },
                         [](const Tensor& at) { return sum(log(at)); },
                         [](const Tensor& at) { return sum(sqrt(at)); },
                         [](const Tensor& at) { return sum(1 / wrong_square<0>(at)); }};
  for (const double x : {1e-2, 1e-3, 3e-4, 1e-5, 1e-9, 1e-13, 1e-40, 1e-60}) {
    for (const F f : functions) {
      for (const bool all_entries : {false, true}) {
        const GradCheckReport r = grad_check(f, tensor({x}, f64), {.all_entries = all_entries});
        EXPECT_TRUE(r.ok()) << x << ": " << r.message;
        const GradCheckReport two = grad_check(f, tensor({x, 2 * x, 1}, f64), {.all_entries = all_entries});
        // By itself the root of the first is lost in rounding beside that of the last.
        EXPECT_NE(two.status, GradCheckStatus::failed) << x << ": " << two.message;
        EXPECT_TRUE(all_entries || two.ok()) << x << ": " << two.message;
      }
    }
    const auto wrong = [](const Tensor& at) { return sum(1 / wrong_square<100>(at)); };
    const GradCheckReport r = grad_check(wrong, tensor({x}, f64));
    EXPECT_EQ(r.status, GradCheckStatus::failed) << x << ": " << r.message;
    EXPECT_NE(r.message.find("wrong is wrong_square."), std::string::npos) << r.message;
  }
}

// Steps of 1e-3 would lose in rounding what the square of such numbers does.
TEST(GradCheck, OfSmallNumbers) {
  for (const double size : {1e-5, 1e-13, 1e-60}) {
    for (const bool all_entries : {false, true}) {
      const Tensor x = size * numbers({7}, 19);
      const auto right = [](const Tensor& at) { return sum(at * at); };
      EXPECT_TRUE(grad_check(right, x, {.order = 2, .all_entries = all_entries}).ok());
      const auto wrong = [](const Tensor& at) { return sum(wrong_square<10>(at)); };
      EXPECT_EQ(grad_check(wrong, x, {.all_entries = all_entries}).status, GradCheckStatus::failed) << size;
    }
  }
}

// Each element moves by its own size: one large row does not make the steps of the others too long.
TEST(GradCheck, OfRowsOfDifferentSizes) {
  const Tensor x = numbers({4, 5}, 17) * tensor({1, 1e3, 1e6, 1e-3}, {4, 1}, f64), w = numbers({4, 5}, 18);
  const auto smooth = [&](const Tensor& at) { return sum(w * softmax(at)); };
  EXPECT_TRUE(grad_check(smooth, x).ok()) << grad_check(smooth, x).message;
  EXPECT_TRUE(grad_check(smooth, x, {.order = 2, .all_entries = true}).ok());
  const auto wrong = [&](const Tensor& at) { return sum(w * softmax(at) + 1e-4 * wrong_square<1000>(at)); };
  EXPECT_EQ(grad_check(wrong, x).status, GradCheckStatus::failed);
}

// What changes within a step by more than differences can follow is not wrong for that.
TEST(GradCheck, AccusesNoFastFunction) {
  for (const double speed : {1e2, 1e3, 1e4, 1e5, 1e6, 1e7}) {
    for (int i = 0; i < 300; ++i) {
      const auto f = [&](const Tensor& at) { return sum(sin(speed * at)); };
      const GradCheckReport r = grad_check(f, tensor({0.1 + 0.037 * i}, f64));
      EXPECT_NE(r.status, GradCheckStatus::failed) << speed << " " << i << ": " << r.message;
    }
  }
}

// Far from 0 many functions have a derivative that little is left of, such as y (1 - y) of a sigmoid near 1:
// its own differences are noise then. The graphs hold few operations; what cancels lies inside.
TEST(GradCheck, AccusesNoFunctionThatIsAllButFlat) {
  int compared = 0;
  for (const explain::Function& function : explain::functions()) {
    if (function.arity != 1) continue;
    for (const double size : {1.5, 4.0, 9.0, 17.0, 20.0, 24.0, 28.0, 31.0, 33.0, 35.0, 36.5}) {
      for (const double x : {size, -size, 1.003 * size, -1.003 * size}) {
        const auto f = [&](const Tensor& at) { return sum(function(std::span(&at, 1))); };
        const GradCheckReport r = grad_check(f, tensor({x}, f64), {.order = 2, .all_entries = true});
        if (!std::isfinite(r.analytic) || !std::isfinite(r.numeric)) continue;  // outside of its domain
        ++compared;
        EXPECT_NE(r.status, GradCheckStatus::failed) << function.name << " at " << x << ": " << r.message;
      }
    }
  }
  EXPECT_GT(compared, 1000);
}

TEST(RoundingNoise, IsWhatCancellationLeaves) {
  const Tensor x = tensor({0.7}, f64);
  const double of_product = rounding_noise(sum(x * x));
  EXPECT_GT(of_product, 1e-18);
  EXPECT_LT(of_product, 1e-15);
  const double of_difference = rounding_noise(sum((1e8 + x) - 1e8));
  EXPECT_GT(of_difference, 1e-9);
  EXPECT_LT(of_difference, 1e-7);
  EXPECT_EQ(rounding_noise(sum(x * 0.0)), 0);
  EXPECT_EQ(rounding_noise(x), 0);
  // The same number chosen twice stays the same: nothing is rounded there.
  const Tensor y = tensor({0.1, 0.7, 0.3}, f64);
  const Tensor thrice = y * 3;
  EXPECT_LT(rounding_noise(sum(cast(equal(thrice, max(thrice)), f64))), 1e-15);
  EXPECT_EQ(rounding_noise(sum(sqrt(y * 3 - 3 * y))), HUGE_VAL);
}

// Solutions that are equal but for rounding have a deviation of rounding errors alone; so has its second
// derivative, multiplied by 1e16.
TEST(GradCheck, AccusesNoDeviationOfEqualNumbers) {
  for (int i = 0; i < 100; ++i) {
    const auto f = [](const Tensor& x) {
      const Tensor equal = solve(broadcast_to(sum(x), {4, 4}) + 3.0 * eye(4, 4, f64), ones({4, 2}, f64));
      return sum(stddev(equal)) + sum(x * x * x);
    };
    const GradCheckReport r = grad_check(f, tensor({0.013 * i, -0.2, 0.1}, f64), {.order = 2});
    EXPECT_NE(r.status, GradCheckStatus::failed) << i << ": " << r.message;
  }
}

TEST(GradCheck, OfNumbersThatAreNotFinite) {
  const GradCheckReport r = grad_check([](const Tensor& at) { return sum(sqrt(at)); }, tensor({0}, f64));
  EXPECT_EQ(r.status, GradCheckStatus::failed);
  EXPECT_NE(r.message.find("is not a finite number"), std::string::npos) << r.message;
  const GradCheckReport nan =
      grad_check([](const Tensor& at) { return sum(log(at)); }, tensor({-1}, f64), {.all_entries = true});
  EXPECT_EQ(nan.status, GradCheckStatus::failed) << nan.message;
}

// A step to the left there is no value: a smaller one has to do.
TEST(GradCheck, OfAPointBesideTheEndOfTheDomain) {
  const auto f = [](const Tensor& at) { return sum(square(at) + 0 * log(at)); };
  EXPECT_TRUE(grad_check(f, tensor({1e-4}, f64)).ok());
  EXPECT_TRUE(grad_check(f, tensor({1e-4}, f64), {.step = 1e-5}).ok());
}

TEST(GradCheck, WritesNanWithoutSign) {
  const GradCheckReport r =
      grad_check([](const Tensor& at) { return sum(sqrt(-1 - square(at))); }, tensor({1}, f64));
  EXPECT_EQ(r.status, GradCheckStatus::failed);
  EXPECT_NE(r.message.find(": nan by the graph, nan by differences, relative error nan."), std::string::npos)
      << r.message;
}

TEST(GradCheck, ComputesInF64WhateverItIsGiven) {
  const Tensor x = cast(numbers({6}, 6), f32);
  const GradCheckReport r = grad_check(
      [](const Tensor& at) {
        EXPECT_EQ(at.dtype(), f64);
        return sum(exp(at));
      },
      x);
  EXPECT_TRUE(r.ok()) << r.message;
  EXPECT_LT(r.relative_error, 1e-9);
}

TEST(GradCheck, MovesSeveralInputsTogetherOrOneByOne) {
  const Tensor w = numbers({3, 2}, 7), b = numbers({2}, 8), x = numbers({4, 3}, 9);
  const auto loss = [&](std::span<const Tensor> p) { return sum(tanh(matmul(x, p[0]) + p[1])); };
  EXPECT_TRUE(grad_check(loss, {w, b}).ok());
  EXPECT_TRUE(grad_check(loss, {w, b}, {.order = 2, .all_entries = true}).ok());
  const auto wrong = [&](std::span<const Tensor> p) {
    return sum(tanh(matmul(x, p[0]) + wrong_square<100>(p[1])));
  };
  const GradCheckReport r = grad_check(wrong, {w, b}, {.all_entries = true});
  EXPECT_EQ(r.status, GradCheckStatus::failed);
  EXPECT_EQ(r.input, 1);
}

// Equal numbers under a maximum are kinks, and a sum of them with weights of both signs has slopes on both
// sides between which its gradient need not lie: nothing is wrong.
TEST(GradCheck, ManyKinksAtOnceAccuseNobody) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    std::vector<double> weights(16);
    for (double& each : weights) each = random.uniform(-1, 1);
    const Tensor w = from_data(weights, {1, 1, 4, 4});
    const GradCheckReport report =
        grad_check([&](const Tensor& x) { return sum(w * max_pool2d(x, 2)); }, zeros({1, 1, 8, 8}, f64));
    EXPECT_EQ(report.status, GradCheckStatus::kink) << report.message;
  }
}

// A net with ReLU as users have them: kinks are near, and must neither fail nor hide errors. Some are nearer
// than any step, since several thousand numbers move at once.
TEST(GradCheck, OfATwoLayerNet) {
  const Tensor x = numbers({20, 30}, 10), w1 = numbers({30, 40}, 11), w2 = numbers({40, 10}, 12);
  std::vector<std::int64_t> classes(20);
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i] = static_cast<std::int64_t>(i % 10);
  const Tensor t = from_data(classes, {20});
  const auto loss = [&](std::span<const Tensor> p) {
    return softmax_cross_entropy(matmul(relu(matmul(x, p[0])), p[1]), t);
  };
  int kinks = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const GradCheckReport r = grad_check(loss, {w1, w2}, {.seed = seed});
    EXPECT_NE(r.status, GradCheckStatus::failed) << r.message;
    kinks += r.status == GradCheckStatus::kink;
  }
  EXPECT_LT(kinks, 10);
  EXPECT_TRUE(grad_check(loss, {w1, w2}, {.step = 1e-5}).ok());
}

// 1000-100-10, sigmoid, sum of squares, 64 examples. The weights' gradient is dW2 = a^T dY with a =
// sigmoid(h); taking h, the numbers before the sigmoid, is a mistake that training does not show.
TEST(GradCheck, FlagsTheGradientThatForgetsTheSigmoid) {
  const Tensor x = numbers({64, 1000}, 13), w1 = 0.1 * numbers({1000, 100}, 14);
  const Tensor w2 = numbers({100, 10}, 15), y = numbers({64, 10}, 16);
  const Tensor h = matmul(x, w1), a = sigmoid(h);
  const auto loss = [&](const Tensor& w) { return sum(square(matmul(a, w) - y)); };
  const Tensor dy = 2 * (matmul(a, w2) - y);
  const GradCheckReport right = grad_check(loss, w2, matmul(transpose(a), dy));
  EXPECT_TRUE(right.ok()) << right.message;
  EXPECT_LT(right.relative_error, 1e-9);
  const GradCheckReport wrong = grad_check(loss, w2, matmul(transpose(h), dy));
  EXPECT_EQ(wrong.status, GradCheckStatus::failed) << wrong.message;
  EXPECT_GT(wrong.relative_error, 0.5);
  EXPECT_TRUE(grad_check(loss, w2).ok());
}

TEST(GradCheck, OfNothingIsRight) {
  EXPECT_TRUE(grad_check([](const Tensor& at) { return sum(at * at); }, zeros({0}, f64)).ok());
}

}  // namespace
}  // namespace chainrule
