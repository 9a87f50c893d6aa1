#include "chainrule/grad.h"

#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

TEST(Grad, SumsOverEveryUseOfAVariable) {
  const Tensor x = scalar(3, f64);
  EXPECT_EQ(grad(x * x + x, x).item(), 7);
  EXPECT_EQ(grad(x, x).item(), 1);
}

TEST(Grad, UndoesBroadcasting) {
  const Tensor row = tensor({1, 2, 3}, f64);
  const Tensor column = tensor({10, 20}, {2, 1}, f64);
  const std::vector<Tensor> g = grad(sum(row * column), {row, column});
  EXPECT_EQ(g[0].to_vector(), (Values{30, 30, 30}));
  EXPECT_EQ(g[1].shape(), Shape({2, 1}));
  EXPECT_EQ(g[1].to_vector(), (Values{6, 6}));
}

TEST(Grad, ByIntermediateResults) {
  const Tensor x = scalar(2, f64);
  const Tensor y = x * x;
  const Tensor z = y * y * x;
  const std::vector<Tensor> full = grad(z, {x, y});
  EXPECT_EQ(full[0].item(), 80);  // z = x^5
  EXPECT_EQ(full[1].item(), 16);  // 2 y x
  const std::vector<Tensor> partial = grad(z, {{x, y}}, {.stop_at_variables = true});
  EXPECT_EQ(partial[0].item(), 16);  // y^2, with y held
  EXPECT_EQ(partial[1].item(), 16);
}

TEST(Grad, OfAnUnusedVariable) {
  const Tensor x = scalar(2), other = ones({3});
  EXPECT_THROW(grad(x * x, other), ValueError);
  EXPECT_EQ(grad(x * x, other, {.allow_unused = true}).to_vector(), (Values{0, 0, 0}));
}

TEST(Grad, StopsAtDetachedValues) {
  const Tensor x = scalar(3, f64);
  EXPECT_EQ(grad(x * detach(x), x).item(), 3);
}

TEST(Grad, ChoosesBranchesByTheirCondition) {
  const Tensor x = tensor({-2, 0, 3}, f64);
  EXPECT_EQ(grad(sum(relu(x)), x).to_vector(), (Values{0, 0, 1}));
  EXPECT_EQ(grad(sum(where(x > 0, x * x, -x)), x).to_vector(), (Values{-1, -1, 6}));
}

TEST(Grad, SharesTheMaximumsGradientAmongEquals) {
  const Tensor x = tensor({4, 1, 4, 2}, f64);
  EXPECT_EQ(grad(max(x), x).to_vector(), (Values{0.5, 0, 0.5, 0}));
}

TEST(Grad, OfPowersAtZero) {
  const Tensor x = tensor({0, 2}, f64);
  EXPECT_EQ(grad(sum(pow(x, 2)), x).to_vector(), (Values{0, 4}));
  EXPECT_EQ(grad(sum(pow(x, 1)), x).to_vector(), (Values{1, 1}));
  EXPECT_EQ(grad(sum(pow(x, 0)), x).to_vector(), (Values{0, 0}));
  const Tensor first = grad(sum(pow(x, 3)), x);
  EXPECT_EQ(grad(sum(first), x).to_vector(), (Values{0, 12}));
}

TEST(Grad, VjpWeighsTheElements) {
  const Tensor x = tensor({1, 2, 3}, f64);
  EXPECT_EQ(vjp(x * x, {&x, 1}, tensor({1, 10, 100}, f64))[0].to_vector(), (Values{2, 40, 600}));
}

TEST(NumericalGradient, IsCloseToTheGradient) {
  const Tensor x = tensor({0.5, -1, 2}, f64);
  const auto f = [](const Tensor& at) { return sum(exp(at) * tanh(at)); };
  const Values exact = grad(f(x), x).to_vector();
  const Values numeric = numerical_gradient(f, x).to_vector();
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(numeric[i], exact[i], 1e-6);
  EXPECT_EQ(x.to_vector(), (Values{0.5, -1, 2}));
}

}  // namespace
}  // namespace chainrule
