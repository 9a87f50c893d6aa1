// "Deep Learning from Scratch" (Saitoh), chapter 5: layers with forward and backward.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"

namespace chainrule {
namespace {

constexpr double kTolerance = 1e-12;

TEST(BookLayers, BuyingApples) {
  nn::Mul apple_layer, tax_layer;
  const Tensor apple = scalar(100, f64), count = scalar(2, f64), tax = scalar(1.1, f64);
  const Tensor price = tax_layer.forward(apple_layer.forward(apple, count), tax);
  EXPECT_NEAR(price.item(), 220, kTolerance * 220);

  const auto [apple_price_grad, tax_grad] = tax_layer.backward(scalar(1, f64));
  const auto [apple_grad, count_grad] = apple_layer.backward(apple_price_grad);
  EXPECT_NEAR(apple_grad.item(), 2.2, kTolerance);
  EXPECT_NEAR(count_grad.item(), 110, kTolerance * 110);
  EXPECT_NEAR(tax_grad.item(), 200, kTolerance * 200);
}

TEST(BookLayers, BuyingApplesAndOranges) {
  nn::Mul apple_layer, orange_layer, tax_layer;
  nn::Add add_layer;
  const Tensor apple = scalar(100, f64), apples = scalar(2, f64);
  const Tensor orange = scalar(150, f64), oranges = scalar(3, f64), tax = scalar(1.1, f64);
  const Tensor all =
      add_layer.forward(apple_layer.forward(apple, apples), orange_layer.forward(orange, oranges));
  EXPECT_NEAR(tax_layer.forward(all, tax).item(), 715, kTolerance * 715);

  const auto [all_grad, tax_grad] = tax_layer.backward();
  const auto [apple_price_grad, orange_price_grad] = add_layer.backward(all_grad);
  const auto [orange_grad, oranges_grad] = orange_layer.backward(orange_price_grad);
  const auto [apple_grad, apples_grad] = apple_layer.backward(apple_price_grad);
  EXPECT_NEAR(apple_grad.item(), 2.2, kTolerance);
  EXPECT_NEAR(apples_grad.item(), 110, kTolerance * 110);
  EXPECT_NEAR(orange_grad.item(), 3.3, kTolerance);
  EXPECT_NEAR(oranges_grad.item(), 165, kTolerance * 165);
  EXPECT_NEAR(tax_grad.item(), 650, kTolerance * 650);
}

// y (0.3, 0.2, 0.5) and (0.01, 0.99, 0) with t (0, 1, 0): dx = y - t, divided by the batch size. Logits
// log(y) have the softmax y; the third class of the second row, probability 0, is a logit of -1000.
TEST(BookLayers, SoftmaxWithLoss) {
  const std::vector<double> expected = {0.3, -0.8, 0.5, 0.01, -0.01, 0};
  const Tensor logits = tensor(
      {std::log(0.3), std::log(0.2), std::log(0.5), std::log(0.01), std::log(0.99), -1000}, {2, 3}, f64);
  const Tensor targets[] = {tensor({1, 1}, i64), tensor({0, 1, 0, 0, 1, 0}, {2, 3}, f64)};
  for (const Tensor& t : targets) {
    nn::SoftmaxWithLoss layer;
    EXPECT_NEAR(layer.forward(logits, t).item(), -(std::log(0.2) + std::log(0.99)) / 2, 1e-12);
    const std::vector<double> dx = layer.backward()[0].to_vector();
    for (std::size_t i = 0; i < dx.size(); ++i) EXPECT_NEAR(dx[i], expected[i] / 2, 1e-12);
  }
}

// The books' ReLU layer: gradient passes where x > 0 alone, not at 0.
TEST(BookLayers, ReluAndSigmoid) {
  nn::Relu relu_layer;
  const Tensor x = tensor({1.0, -0.5, -2.0, 3.0, 0.0, -0.0}, {3, 2}, f64);
  EXPECT_EQ(relu_layer.forward(x).to_vector(), (std::vector<double>{1, 0, 0, 3, 0, 0}));
  EXPECT_EQ(relu_layer.backward(ones({3, 2}, f64)).to_vector(), (std::vector<double>{1, 0, 0, 1, 0, 0}));

  nn::Sigmoid sigmoid_layer;
  const std::vector<double> y = sigmoid_layer.forward(x).to_vector();
  const std::vector<double> dx = sigmoid_layer.backward(ones({3, 2}, f64)).to_vector();
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(dx[i], y[i] * (1 - y[i]), 1e-15);
}

// The tensor version of Affine: a batch of images goes in as it is, and its gradient comes back in its shape.
TEST(BookLayers, AffineTakesAnyRank) {
  nn::Affine layer(normal({12, 4}, {1}, 0, 1, f64), zeros({4}, f64));
  const Tensor x = normal({5, 1, 3, 4}, {2}, 0, 1, f64);
  const Tensor y = layer.forward(x);
  EXPECT_EQ(y.shape(), Shape({5, 4}));
  const Tensor dx = layer.backward(ones({5, 4}, f64));
  EXPECT_EQ(dx.shape(), x.shape());
  EXPECT_EQ(layer.weight.grad().shape(), Shape({12, 4}));
  EXPECT_EQ(layer.bias.grad().to_vector(), std::vector<double>(4, 5.0));

  nn::Affine same(layer.weight.value(), layer.bias.value());
  EXPECT_EQ(same.forward(reshape(x, {5, 12})).to_vector(), y.to_vector());
}

}  // namespace
}  // namespace chainrule
