// Numbers that books and courses print for their small examples, each with its source.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"

namespace chainrule {
namespace {

// Microsoft ai-edu, course A2, chapter 2: z = x y with x = 2w + b, y = b + 1, at w = 3, b = 4.
struct LinearBackward {
  Tensor w, b, x, y, z;
  LinearBackward(double at_w, double at_b)
      : w(scalar(at_w, f64)), b(scalar(at_b, f64)), x(2 * w + b), y(b + 1), z(x * y) {}
};

TEST(BookCalculus, GradientOfAProductOfSums) {
  const LinearBackward f(3, 4);
  EXPECT_EQ(f.z.item(), 50);
  const std::vector<Tensor> g = grad(f.z, {f.w, f.b, f.x, f.y});
  EXPECT_EQ(g[0].item(), 10);
  EXPECT_EQ(g[1].item(), 15);
  EXPECT_EQ(g[2].item(), 5);
  EXPECT_EQ(g[3].item(), 10);
}

// The same chapter drives z to 60 by changing b alone, with the slope dz/db = 15 of the first point kept.
TEST(BookCalculus, DriveToATargetWithAKeptSlope) {
  const LinearBackward first(3, 4);
  const double slope = grad(first.z, first.b).item();
  const double printed[] = {60.4444, 59.9614, 60.0033};
  double b = 4;
  int steps = 0;
  for (double z = 50; std::abs(z - 60) > 1e-5; ++steps) {
    b -= (z - 60) / slope;
    z = LinearBackward(3, b).z.item();
    if (steps < 3) {
      EXPECT_NEAR(z, printed[steps], 5e-5);
    }
  }
  EXPECT_EQ(steps, 6);
}

// With the slope taken anew at each point this is Newton's method.
TEST(BookCalculus, DriveToATargetWithAFreshSlope) {
  const double printed[] = {60.44444, 60.00074, 60.0000000021};
  const double tolerance[] = {5e-6, 5e-6, 5e-11};
  double b = 4;
  for (int step = 0; step < 3; ++step) {
    const LinearBackward f(3, b);
    b -= (f.z.item() - 60) / grad(f.z, f.b).item();
    EXPECT_NEAR(LinearBackward(3, b).z.item(), printed[step], tolerance[step]);
  }
}

// ai-edu A2, chapter 2: gradient descent on (x - 1)^2 + 0.001 from 0.2 with lr 0.1.
Tensor parabola(const Tensor& x) { return square(x - 1.0) + 0.001; }

TEST(BookCalculus, GradientDescentOnAParabola) {
  double x = 0.2;
  for (double expected : {0.36, 0.488, 0.5904}) {
    const Tensor at = scalar(x, f64);
    x -= 0.1 * grad(parabola(at), at).item();
    EXPECT_NEAR(x, expected, 1e-12);
  }
  const Tensor left = scalar(0.1, f64);
  const Tensor right = scalar(1.5, f64);
  EXPECT_NEAR(grad(parabola(left), left).item(), -1.8, 1e-12);
  EXPECT_NEAR(grad(parabola(right), right).item(), 1, 1e-12);
}

// y = x^2 at (5, 7); loss = mean(y) + mean(dy0/dx - dy1/dx) = (x0^2 + x1^2)/2 + (2 x0 - 2 x1)/2: gradient (x0
// + 1, x1 - 1).
TEST(BookCalculus, AGradientThroughAGradient) {
  const Tensor x = tensor({5, 7}, f64);
  const Tensor y = x * x;
  const Tensor dy0 = grad(select(y, 0), x);
  const Tensor dy1 = grad(select(y, 1), x);
  const Tensor loss = mean(y) + mean(dy0 - dy1);
  EXPECT_EQ(grad(loss, x).to_vector(), (std::vector<double>{6, 6}));
}

// Taylor coefficients of tanh times factorials.
TEST(BookCalculus, DerivativesOfTanhToOrderSix) {
  const double expected[] = {0.76159415595576, 0.41997434161403,  -0.63970000844922, 0.62162668077130,
                             0.66509104475050, -5.55689355847372, 13.62407544131211};
  const Tensor x = scalar(1, f64);
  Tensor y = tanh(x);
  for (double value : expected) {
    EXPECT_NEAR(y.item(), value, 1e-13 * std::max(1.0, std::abs(value)));
    y = grad(y, x);
  }
}

}  // namespace
}  // namespace chainrule
