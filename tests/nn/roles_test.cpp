// Gradients belong to roles: to a parameter and to an input, never to the tensor that both were made of.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"

namespace chainrule::nn {
namespace {

using Values = std::vector<double>;

// y = (x W1 + b1) W2 + b2 with 3 rows x, and W1 (2, 5), W2 (5, 5) of ones: with each element of b2 the sum of
// y rises by 3, one a row; with each of b1 by 3 * 5.
TEST(Roles, TwoBiasesOfOneTensorHaveTwoGradients) {
  const Tensor zero = zeros({5}, f64);
  Sequential net(Affine(ones({2, 5}, f64), zero), Affine(ones({5, 5}, f64), zero));
  net.forward(ones({3, 2}, f64));
  net.backward(ones({3, 5}, f64));
  EXPECT_EQ(net.parameter("affine1.bias").grad().to_vector(), Values(5, 15));
  EXPECT_EQ(net.parameter("affine2.bias").grad().to_vector(), Values(5, 3));
}

TEST(Roles, ATensorThatIsBothInputsHasTwoGradients) {
  const Tensor x = scalar(3, f64);
  Mul mul;
  EXPECT_EQ(mul.forward(x, x).item(), 9);
  const auto [dx, dy] = mul.backward();
  EXPECT_EQ(dx.item(), 3);
  EXPECT_EQ(dy.item(), 3);
  EXPECT_EQ(grad(mul.predict(x, x), x).item(), 6);  // the tensor's own gradient is the sum
}

// y = x w w: dy/dw = 2 x w, one gradient for the one parameter.
TEST(Roles, ASharedParameterHasOneGradientTheSum) {
  const Affine first(tensor({3}, {1, 1}, f64), tensor({0}, f64));
  Sequential net(first, first);
  ASSERT_EQ(net.parameters().size(), 2u);
  const Tensor x = tensor({5}, {1, 1}, f64);
  EXPECT_EQ(net.forward(x).item(), 45);
  net.backward(ones({1, 1}, f64));
  EXPECT_EQ(net.parameter("affine1.weight").grad().item(), 30);
  optim::Optimizer sgd(net, optim::Sgd{}, {.lr = 0.1});
  sgd.step();
  EXPECT_EQ(net.parameter("affine1.weight").value().item(), 0);  // 3 - 0.1 * 30: one update
  EXPECT_TRUE(dynamic_cast<Affine&>(net[1]).weight == net.parameter("affine1.weight"));
}

TEST(Roles, AParameterThatIsListedTwiceIsUpdatedOnce) {
  const Parameter w(tensor({1, 2}, f64));
  optim::Optimizer sgd({{"a", w}, {"b", w}}, optim::Sgd{}, {.lr = 0.5});
  ASSERT_EQ(sgd.parameters().size(), 1u);
  EXPECT_EQ(sgd.parameters()[0].name, "a");
  sgd.step(sum(square(w.value())));  // gradient 2 w
  EXPECT_EQ(w.value().to_vector(), (Values{0, 0}));
}

// Two parameters that start from one tensor go their own ways.
TEST(Roles, ValuesOfOneTensorAreTwoLeaves) {
  const Tensor start = ones({2}, f64);
  const Parameter a(start), b(start);
  optim::Optimizer sgd({{"a", a}, {"b", b}}, optim::Sgd{}, {.lr = 1});
  sgd.step(sum(2 * a.value() + 3 * b.value()));
  EXPECT_EQ(a.value().to_vector(), (Values{-1, -1}));
  EXPECT_EQ(b.value().to_vector(), (Values{-2, -2}));
  EXPECT_EQ(start.to_vector(), (Values{1, 1}));
}

// The books' way: a layer's own backward, and one forward a backward.
TEST(Roles, BackwardBelongsToTheLayerThatWasCalled) {
  Sequential net(Affine(ones({2, 2}, f64), zeros({2}, f64)), Relu());
  const Tensor x = ones({1, 2}, f64);
  net.forward(x);
  EXPECT_THROW(net[0].backward(ones({1, 2}, f64)), ValueError);  // inner layers remember nothing
  EXPECT_EQ(net.backward(ones({1, 2}, f64)).to_vector(), (Values{2, 2}));
  const Sequential copy = net;
  EXPECT_THROW(Sequential(copy).backward(ones({1, 2}, f64)), ValueError);  // nor do copies
}

/// Several outputs: x and 2 x.
struct Both : LayerOf<Both> {
  static constexpr Info kInfo{.name = "both", .doc = "x and 2 x."};
  static constexpr std::string_view kOutputs = "once, twice";
  Ports compute(const Inputs& in, Pass&) const { return {in[0] * 1, in[0] * 2}; }
};

TEST(Roles, EachOutputHasItsGradient) {
  Both both;
  const Tensor x = tensor({1, 2}, f64), one = ones({2}, f64);
  both.forward_all(x);
  EXPECT_EQ(both.backward_all(std::vector<Tensor>{one, one * 10})[0].to_vector(), (Values{21, 21}));
  EXPECT_EQ(both.backward_all(std::vector<Tensor>{one, {}})[0].to_vector(), (Values{1, 1}));
  EXPECT_EQ(both.backward_all(std::vector<Tensor>{{}, one})[0].to_vector(), (Values{2, 2}));
  const Ports y = both.forward_all(x);  // gradients made of the outputs are held: x + 2 (2 x)
  EXPECT_EQ(both.backward_all(std::vector<Tensor>{y[0], y[1]})[0].to_vector(), (Values{5, 10}));
  EXPECT_THROW(both.backward_all(std::vector<Tensor>{{}, {}}), Error);
  EXPECT_THROW(both.backward_all(std::vector<Tensor>{one, one, one}), Error);
  EXPECT_THROW(both.backward_all(std::vector<Tensor>{one, ones({3}, f64)}), Error);
}

}  // namespace
}  // namespace chainrule::nn
