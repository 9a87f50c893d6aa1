// Functions of two variables that optimisers are tried on, and Newton's method.
#include <gtest/gtest.h>

#include "chainrule/grad.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

/// x and y of a point (x, y).
Tensor first(const Tensor& p) { return select(p, 0); }
Tensor second(const Tensor& p) { return select(p, 1); }

// Goldstein and Price 1971; the figures at (1, 1) are those of Saitoh, "Deep Learning from Scratch 3",
// step 24.
Tensor goldstein_price(const Tensor& p) {
  const Tensor x = first(p), y = second(p);
  return (1 + pow(x + y + 1, 2) * (19 - 14 * x + 3 * pow(x, 2) - 14 * y + 6 * x * y + 3 * pow(y, 2))) *
         (30 + pow(2 * x - 3 * y, 2) * (18 - 32 * x + 12 * pow(x, 2) + 48 * y - 36 * x * y + 27 * pow(y, 2)));
}

// Rosenbrock 1960; the gradient at (0, 2) is in the same book, step 28.
Tensor rosenbrock(const Tensor& p) {
  return 100 * square(second(p) - square(first(p))) + square(first(p) - 1);
}

TEST(BookOptimization, GradientOfGoldsteinAndPricesFunction) {
  const auto [value, gradient] = value_and_grad(goldstein_price, tensor({1, 1}, f64));
  EXPECT_EQ(value.item(), 1876);
  EXPECT_EQ(gradient.to_vector(), (Values{-5376, 8064}));
}

// The point after 1000 steps: the same recurrence in 50-digit decimal arithmetic.
TEST(BookOptimization, GradientDescentInRosenbrocksValley) {
  Tensor p = tensor({0, 2}, f64);
  EXPECT_EQ(value_and_grad(rosenbrock, p).gradient.to_vector(), (Values{-2, 400}));
  for (int step = 0; step < 1000; ++step) p = detach(p - 0.001 * value_and_grad(rosenbrock, p).gradient);
  EXPECT_NEAR(p.to_vector()[0], 0.683711856913831, 5e-15);
  EXPECT_NEAR(p.to_vector()[1], 0.465952683742704, 5e-15);
}

// On x^4 - 2 x^2 from 2; the figures from the same recurrence in 50-digit decimal arithmetic.
TEST(BookOptimization, NewtonsMethodBySecondDerivatives) {
  double at = 2;
  for (const double expected : {1.454545454545455, 1.151046789377547, 1.025325928976698, 1.000908451943051,
                                1.000001235308945, 1.000000000002289, 1.0}) {
    const Tensor x = scalar(at, f64);
    const Tensor y = pow(x, 4) - 2 * square(x);
    at -= grad(y, x).item() / hessian(y, x).item();
    EXPECT_NEAR(at, expected, 2e-15);
  }
}

}  // namespace
}  // namespace chainrule
