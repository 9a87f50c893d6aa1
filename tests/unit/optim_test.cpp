#include "chainrule/optim.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"

namespace chainrule::optim {
namespace {

using Values = std::vector<double>;

TEST(Sgd, TakesTheGradientTimesTheRate) {
  nn::Parameter p(tensor({1, 2}, f64));
  Sgd sgd({{"p", &p}}, 0.5);
  sgd.step({tensor({2, -4}, f64)});
  EXPECT_EQ(p.value().to_vector(), (Values{0, 4}));
  sgd.set_lr(0.25);
  sgd.step({tensor({4, 4}, f64)});
  EXPECT_EQ(p.value().to_vector(), (Values{-1, 3}));
  EXPECT_EQ(sgd.steps(), 2);
}

// The algorithm as it stands in the paper, line by line, in f64.
TEST(Adam, IsTheAlgorithmOfThePaper) {
  const AdamOptions options{.lr = 0.1, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-3};
  nn::Parameter p(tensor({1, -2, 3}, f64));
  Adam adam({{"p", &p}}, options);
  Values value{1, -2, 3}, m(3), v(3);
  for (int t = 1; t <= 20; ++t) {
    Values g(3);
    for (std::size_t i = 0; i < 3; ++i) {
      g[i] = std::sin(t + static_cast<double>(i)) * value[i];
      m[i] = options.beta1 * m[i] + (1 - options.beta1) * g[i];
      v[i] = options.beta2 * v[i] + (1 - options.beta2) * g[i] * g[i];
      const double m_hat = m[i] / (1 - std::pow(options.beta1, t));
      const double v_hat = v[i] / (1 - std::pow(options.beta2, t));
      value[i] -= options.lr * m_hat / (std::sqrt(v_hat) + options.eps);
    }
    adam.step({from_data(g, {3})});
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(p.value().to_vector()[i], value[i], 1e-13) << t;
  }
}

// The first step is lr in the direction of the sign, whatever the gradient's size (section 2.1 of the paper).
TEST(Adam, FirstStepIsTheRate) {
  nn::Parameter p(tensor({0, 0}, f64));
  Adam adam({{"p", &p}}, {.lr = 0.5, .eps = 0});
  adam.step({tensor({1e-6, -1e6}, f64)});
  EXPECT_NEAR(p.value().to_vector()[0], -0.5, 1e-12);
  EXPECT_NEAR(p.value().to_vector()[1], 0.5, 1e-12);
}

TEST(Adam, RefusesBadOptions) {
  nn::Parameter p(tensor({0, 0}, f64));
  EXPECT_THROW(Adam({{"p", &p}}, {.beta1 = 1}), ValueError);
  EXPECT_THROW(Adam({{"p", &p}}, {.beta2 = -0.1}), ValueError);
  EXPECT_THROW(Adam({{"p", &p}}, {.eps = NAN}), ValueError);
  EXPECT_THROW(Adam({{"p", &p}}, {.lr = -1}), ValueError);
}

TEST(Optimizer, ChangesNothingWhereComputingFails) {
  nn::Parameter p(tensor({1, 2}, f64));
  Adam adam({{"p", &p}});
  EXPECT_THROW(adam.step({take(tensor({1, 2}, f64), tensor({0, 5}, i64))}), ValueError);
  EXPECT_EQ(p.value().to_vector(), (Values{1, 2}));
  EXPECT_EQ(adam.steps(), 0);
}

}  // namespace
}  // namespace chainrule::optim
