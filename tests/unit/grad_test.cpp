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

// What has no derivative is constant between its jumps: another path's derivative is the whole.
TEST(Grad, PassesOverWhatHasNoDerivative) {
  const Tensor x = tensor({0.3, 1.7, -2.4}, f64);
  EXPECT_EQ(grad(sum(x - floor(x)), x).to_vector(), (Values{1, 1, 1}));
  EXPECT_EQ(grad(sum(x * round(x)), x).to_vector(), (Values{0, 2, -2}));
  EXPECT_EQ(grad(sum(x * sign(x)), x).to_vector(), (Values{1, 1, -1}));
  EXPECT_EQ(grad(sum(x * ceil(x)), x).to_vector(), (Values{1, 2, -2}));
  EXPECT_EQ(grad(sum(x * (x > 0)), x).to_vector(), (Values{1, 1, 0}));
  EXPECT_EQ(grad(sum(x + cast(argmax(x), f64)), x).to_vector(), (Values{1, 1, 1}));
  EXPECT_EQ(grad(sum(floor(x)), x, {.allow_unused = true}).to_vector(), (Values{0, 0, 0}));
  // Of the second order too: x - floor(x) has the slope 1, its square the second derivative 2.
  EXPECT_EQ(hvp(sum(square(x - floor(x))), x, ones({3}, f64)).to_vector(), (Values{2, 2, 2}));
}

/// What grad says of a sum by x.
std::string refusal(const Tensor& y, const Tensor& x) {
  try {
    grad(sum(cast(y, f64)), x);
  } catch (const NotDifferentiable& error) {
    return error.what();
  }
  return "no error";
}

// Relu chooses by a comparison, and lets the gradient through: the other one stops it.
TEST(Grad, NamesWhatStopsTheGradient) {
  const Tensor x = tensor({1, -2, 3, 4, 5, -6}, {2, 3}, f64), w = ones({3, 2}, f64);
  const auto blames = [](const std::string& text, const std::string& name) {
    return text.rfind("[" + name + "] has no derivative: ", 0) == 0 ? "" : text;
  };
  EXPECT_EQ(blames(refusal(argmax(relu(matmul(x, w)), 1), w), "argmax"), "");
  EXPECT_EQ(blames(refusal(floor(relu(matmul(x, w))), w), "floor"), "");
  EXPECT_EQ(blames(refusal(relu(matmul(x, w)) > 0, w), "less"), "");
  EXPECT_EQ(blames(refusal(relu(floor(relu(w))), w), "floor"), "");
  EXPECT_EQ(blames(refusal(where(w > 0, 1.0, 0.0), w), "less"), "");
  EXPECT_EQ(blames(refusal(cast(relu(w), i64), w), "cast"), "");
  // Two that stop it: the first.
  EXPECT_EQ(blames(refusal(floor(w) + ceil(w), w), "floor"), "");
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
