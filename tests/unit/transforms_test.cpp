#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

/// x and y of a point (x, y).
Tensor first(const Tensor& p) { return select(p, 0); }
Tensor second(const Tensor& p) { return select(p, 1); }

// Rosenbrock 1960.
Tensor rosenbrock(const Tensor& p) {
  return 100 * square(second(p) - square(first(p))) + square(first(p) - 1);
}

TEST(ValueAndGrad, AreOfOnePoint) {
  const auto [value, gradient] = value_and_grad(rosenbrock, tensor({0, 2}, f64));
  EXPECT_EQ(value.item(), 401);
  EXPECT_EQ(gradient.to_vector(), (Values{-2, 400}));
}

// Second derivatives by hand: 1200 x^2 - 400 y + 2, -400 x, 200.
TEST(Hessian, OfRosenbrocksFunction) {
  const Tensor p = tensor({0.5, -1}, f64);
  const Tensor h = hessian(rosenbrock(p), p);
  EXPECT_EQ(h.shape(), Shape({2, 2}));
  const Values expected{702, -200, -200, 200};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(h.to_vector()[i], expected[i], 1e-12 * 702);
  const Values product = hvp(rosenbrock(p), p, tensor({3, -2}, f64)).to_vector();
  EXPECT_NEAR(product[0], 702 * 3 + 400, 1e-9);
  EXPECT_NEAR(product[1], -600 - 400, 1e-9);
}

TEST(Hessian, OfALinearFunctionIsZero) {
  const Tensor x = tensor({1, 2, 3}, f64);
  EXPECT_EQ(hessian(sum(2 * x), x).to_vector(), Values(9, 0.0));
  EXPECT_EQ(hvp(sum(2 * x), x, ones({3}, f64)).to_vector(), Values(3, 0.0));
  EXPECT_EQ(hessian(sum(relu(x)), x).to_vector(), Values(9, 0.0));
}

TEST(Hvp, OfSeveralVariablesIsOneMatrix) {
  const Tensor x = scalar(2, f64), y = scalar(5, f64);
  const Tensor variables[] = {x, y};
  const Tensor vectors[] = {scalar(1, f64), scalar(10, f64)};
  const std::vector<Tensor> h = hvp(x * x * y, variables, vectors);
  EXPECT_EQ(h[0].item(), 2 * 5 * 1 + 2 * 2 * 10);
  EXPECT_EQ(h[1].item(), 2 * 2 * 1);
}

// Of sum(x^3): H = diag(6 x), whatever the vector was computed from.
TEST(Hvp, HoldsTheVector) {
  const Tensor x = tensor({1, 2, 3}, f64);
  const Tensor loss = sum(x * x * x);
  EXPECT_EQ(hvp(loss, x, grad(loss, x)).to_vector(), (Values{18, 144, 486}));
  EXPECT_EQ(hvp(loss, x, x).to_vector(), (Values{6, 24, 54}));
  EXPECT_EQ(hvp(sum(x * x), x, x * x).to_vector(), (Values{2, 8, 18}));
  EXPECT_EQ(hvp(sum(2 * x), x, x).to_vector(), Values(3, 0.0));
}

// A gradient that is itself a variable: of sum(x y), by x it is y.
TEST(Hvp, HoldsTheVectorsOfSeveralVariables) {
  const Tensor x = tensor({1, 2}, f64), y = tensor({3, 4}, f64);
  const std::vector<Tensor> h = hvp(sum(x * y), {x, y}, {x * y, x + y});
  EXPECT_EQ(h[0].to_vector(), (Values{4, 6}));  // x + y
  EXPECT_EQ(h[1].to_vector(), (Values{3, 8}));  // x y
  EXPECT_TRUE(hvp(sum(x), std::span<const Tensor>(), std::span<const Tensor>()).empty());
}

// H v = 6 x v: by v it is 6 x; by x, 6 v, and what v brings.
TEST(Hvp, HasGradientsByTheVectorAndByTheVariable) {
  const Tensor x = tensor({1, 2, 3}, f64), v = tensor({1, -1, 2}, f64);
  const Tensor loss = sum(x * x * x);
  EXPECT_EQ(grad(sum(hvp(loss, x, v)), v).to_vector(), (Values{6, 12, 18}));
  EXPECT_EQ(grad(sum(hvp(loss, x, v)), x).to_vector(), (Values{6, -6, 12}));
  EXPECT_EQ(grad(sum(hvp(loss, x, x)), x).to_vector(), (Values{12, 24, 36}));                // 6 x^2
  EXPECT_EQ(grad(sum(hvp(loss, x, grad(loss, x))), x).to_vector(), (Values{54, 216, 486}));  // 18 x^3
}

TEST(Jvp, HoldsTheTangent) {
  const Tensor x = tensor({1, 2, 3}, f64);
  EXPECT_EQ(jvp(x * x, x, x * x).to_vector(), (Values{2, 16, 54}));
  EXPECT_EQ(grad(sum(jvp(x * x, x, x * x)), x).to_vector(), (Values{6, 24, 54}));  // 2 x^3
  EXPECT_EQ(vjp(x * x, x, x * x).to_vector(), (Values{2, 16, 54}));
}

TEST(Jacobian, HasTheShapesOfBoth) {
  const Tensor x = tensor({1, 2, 3}, f64);
  const Tensor a = tensor({1, 2, 3, 4, 5, 6}, {2, 3}, f64);
  const Tensor by_x = jacobian(matmul(a, x), x);
  EXPECT_EQ(by_x.shape(), Shape({2, 3}));
  EXPECT_EQ(by_x.to_vector(), a.to_vector());
  const Tensor by_a = jacobian(matmul(a, x), a);
  EXPECT_EQ(by_a.shape(), Shape({2, 2, 3}));
  EXPECT_EQ(by_a.to_vector(), (Values{1, 2, 3, 0, 0, 0, 0, 0, 0, 1, 2, 3}));
  EXPECT_EQ(jacobian(x * x, x).to_vector(), (Values{2, 0, 0, 0, 4, 0, 0, 0, 6}));
  EXPECT_EQ(jacobian(zeros({0}, f64) * sum(x), x).shape(), Shape({0, 3}));
}

TEST(Jacobian, CanBeDifferentiated) {
  const Tensor x = tensor({1, 2}, f64);
  EXPECT_EQ(grad(sum(jacobian(x * x * x, x)), x).to_vector(), (Values{6, 12}));
}

// Of the softmax p: dp_i/dx_j = p_i (delta_ij - p_j).
TEST(Jvp, IsTheJacobianTimesTheTangent) {
  const Tensor x = tensor({0.3, -1, 2}, f64), t = tensor({1, 10, -3}, f64);
  const Values p = softmax(x).to_vector();
  const double pt = p[0] * 1 + p[1] * 10 - p[2] * 3;
  const Values product = jvp(softmax(x), x, t).to_vector();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(product[i], p[i] * (t.to_vector()[i] - pt), 1e-14);
}

TEST(Jvp, AddsWhatSeveralVariablesBring) {
  const Tensor x = tensor({2, 3}, f64), y = scalar(5, f64);
  EXPECT_EQ(jvp(x * y, {x, y}, {tensor({1, 0}, f64), scalar(10, f64)}).to_vector(), (Values{25, 30}));
}

TEST(Jvp, OfAJvpIsTheSecondDerivative) {
  const Tensor x = scalar(2, f64), one = scalar(1, f64);
  EXPECT_EQ(jvp(jvp(x * x * x, x, one), x, one).item(), 12);
}

TEST(StopGradient, HoldsAValueConstant) {
  const Tensor x = scalar(3, f64);
  EXPECT_EQ(grad(x * stop_gradient(x), x).item(), 3);
  const Tensor held = stop_gradient(x * x);
  EXPECT_EQ(held.item(), 9);
  EXPECT_EQ(grad(held * held, held).item(), 18);  // a variable itself, and nothing beyond
  EXPECT_EQ(grad(held * x, {held, x})[0].item(), 3);
  EXPECT_EQ(grad(held * x, {held, x})[1].item(), 9);
}

TEST(StopGradient, SaysSoWhereNothingElseReachesTheVariable) {
  const Tensor x = scalar(3, f64);
  try {
    grad(2 * stop_gradient(x), x);
    FAIL() << "no error";
  } catch (const ValueError& error) {
    EXPECT_EQ(error.code(), 31);
    EXPECT_NE(std::string(error.what()).find("stop_gradient"), std::string::npos) << error.what();
  }
  EXPECT_EQ(grad(2 * stop_gradient(x), x, {.allow_unused = true}).item(), 0);
  EXPECT_THROW(stop_gradient(Tensor()), ValueError);
}

TEST(NoGrad, HoldsWhatIsComputedMeanwhile) {
  const Tensor x = scalar(3, f64);
  Tensor factor;
  {
    const NoGrad no_grad;
    factor = x * x;
    const NoGrad inner;
  }
  EXPECT_EQ(grad(factor * x, x).item(), 9);
  EXPECT_EQ(grad(factor * x, factor).item(), 3);
  EXPECT_EQ(grad(x * x, x).item(), 6) << "over once the guard is gone";
  const NoGrad no_grad;
  EXPECT_EQ(grad(x * x, x, {.allow_unused = true}).item(), 0);
}

}  // namespace
}  // namespace chainrule
