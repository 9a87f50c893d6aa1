// Numbers of layers, worked out by hand from their formulas: what the tests over the table cannot know.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"

namespace chainrule::nn {
namespace {

void expect_values(const Tensor& got, const Shape& shape, const std::vector<double>& wanted) {
  EXPECT_EQ(got.shape(), shape);
  const std::vector<double> values = got.to_vector();
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(values[i], wanted[i], 1e-14) << i;
}

Tensor signal(std::vector<double> values) {
  return from_data(values, {1, 1, static_cast<std::int64_t>(values.size())});
}

// y[i] = x[i - 1] - x[i + 1] + 1/2.
TEST(Convolutions, OfSignals) {
  Conv1d layer(1, 3, {.padding = 1});
  layer.weight.set_value(tensor({1, 0, -1}, {1, 1, 3}, f64));
  layer.bias.set_value(tensor({0.5}, {1}, f64));
  expect_values(layer(signal({1, 2, 3, 4, 5})), {1, 1, 5}, {-1.5, -1.5, -1.5, -1.5, 4.5});
}

// The sum of eight of the numbers 6 d + 3 h + w: 24 + 12 + 4, and 8 more one to the right.
TEST(Convolutions, OfVolumes) {
  Conv3d layer(1, 2, {.bias = false});
  layer.weight.set_value(ones({1, 1, 2, 2, 2}, f64));
  const Tensor x = reshape(cast(arange(12), f64), {1, 1, 2, 2, 3});
  expect_values(layer(x), {1, 1, 1, 1, 2}, {40, 48});
}

// Two filters 1, 2, 3 that overlap in one place.
TEST(Convolutions, Transposed) {
  ConvTranspose1d layer(1, 3, {.stride = 2, .bias = false});
  layer.weight.set_value(tensor({1, 2, 3}, {1, 1, 3}, f64));
  expect_values(layer(signal({1, 10})), {1, 1, 5}, {1, 2, 13, 20, 30});
}

TEST(Convolutions, KnowPaddingInEachForm) {
  const auto shape_of = [](const char* text, const Shape& in) {
    return config::make<Layer>(text)->predict(zeros(in)).shape();
  };
  EXPECT_EQ(shape_of("conv2d(4, 5, padding=same)", {2, 1, 9, 6}), (Shape{2, 4, 9, 6}));
  EXPECT_EQ(shape_of("conv2d(4, 3, stride=2, padding=same)", {2, 1, 9, 6}), (Shape{2, 4, 5, 3}));
  EXPECT_EQ(shape_of("conv2d(4, 3, padding=[1, 0, 2, 0])", {2, 1, 9, 6}), (Shape{2, 4, 10, 4}));
  EXPECT_EQ(shape_of("conv1d(4, 3, padding=[2, 0])", {2, 1, 9}), (Shape{2, 4, 9}));
  EXPECT_EQ(shape_of("conv_transpose2d(4, 3, stride=2, padding=same)", {2, 1, 5, 3}), (Shape{2, 4, 10, 6}));
  EXPECT_EQ(shape_of("max_pool2d(3, 2, padding=same)", {2, 1, 9, 6}), (Shape{2, 1, 5, 3}));
  const auto said = [](const Padding& padding) { return Conv2d(3, 3, {.padding = padding}).describe(); };
  EXPECT_EQ(said(Padding::same()), "conv2d(3, padding=same)");
  EXPECT_EQ(said(Padding::of(1, 2)), "conv2d(3, padding=[1, 1, 2, 2])");
  EXPECT_EQ(said(Padding::of(1, {1, 2})), "conv2d(3, padding=[1, 1, 1, 2])");
  EXPECT_EQ(MaxPool1d(3, {.padding = Padding::of(0, 1)}).describe(), "max_pool1d(3, padding=[0, 1])");
}

// A transposed convolution of stride 2 reaches each number through every other element of its windows: with
// He weights, outputs of normal inputs have twice their variance, as those of an affine layer.
TEST(Convolutions, TransposedKeepTheVarianceOfFirstValues) {
  ConvTranspose2d layer(64, 4, {.stride = 2, .padding = 1, .bias = false});
  const Tensor x = normal({4, 64, 16, 16}, {.seed = 2}, 0, 1, f64);
  const Tensor inner = slice(slice(layer(x), 2, 2, 30), 3, 2, 30);  // where no window is cut off
  EXPECT_NEAR(mean(square(inner)).item(), 2, 0.1);
}

TEST(Pools, OfSignals) {
  const Tensor x = signal({1, 5, 2, 8, 3});
  expect_values(MaxPool1d(2)(x), {1, 1, 2}, {5, 8});
  expect_values(MaxPool1d(3, {.stride = 1})(x), {1, 1, 3}, {5, 8, 8});
  expect_values(AvgPool1d(2)(x), {1, 1, 2}, {3, 5});
  // Of three places, of which the first window has one outside.
  expect_values(AvgPool1d(3, {.stride = 2, .padding = 1})(x), {1, 1, 3}, {3, 5, 5.5});
  expect_values(AvgPool1d(3, {.stride = 2, .padding = 1, .count_include_pad = true})(x), {1, 1, 3},
                {2, 5, 11.0 / 3});
  expect_values(GlobalMaxPool()(x), {1, 1}, {8});
  expect_values(GlobalAvgPool()(x), {1, 1}, {3.8});
  expect_values(AdaptiveAvgPool(2)(x), {1, 1, 2}, {8.0 / 3, 13.0 / 3});  // of 0 to 2, and of 2 to 4
  expect_values(AdaptiveMaxPool(2)(x), {1, 1, 2}, {5, 8});
}

TEST(Rearrangements, OfSignals) {
  const Tensor x = signal({1, 2});
  expect_values(Upsample()(x), {1, 1, 4}, {1, 1, 2, 2});
  // Places (i + 1/2) / 2 - 1/2 of a straight line, which goes on level beyond its ends.
  expect_values(Upsample(2, {.mode = UpsampleMode::linear})(x), {1, 1, 4}, {1, 1.25, 1.75, 2});
  expect_values(Upsample(2, {.size = 3, .mode = UpsampleMode::linear, .align_corners = true})(x), {1, 1, 3},
                {1, 1.5, 2});
  expect_values(Pad(1)(x), {1, 1, 4}, {0, 1, 2, 0});
  expect_values(Pad({2, 1}, PadMode::edge)(x), {1, 1, 5}, {1, 1, 1, 2, 2});
  expect_values(Pad({0, 1}, PadMode::constant, 7)(x), {1, 1, 3}, {1, 2, 7});
  EXPECT_EQ(Flatten(2, 3)(zeros({2, 3, 4, 5, 6})).shape(), (Shape{2, 3, 20, 6}));
  EXPECT_EQ(Flatten(0, 1)(zeros({2, 3, 4})).shape(), (Shape{6, 4}));
  EXPECT_EQ(Reshape({4, -1})(zeros({3, 2, 6})).shape(), (Shape{3, 4, 3}));
  EXPECT_EQ(Reshape({4, -1})(zeros({0, 2, 6})).shape(), (Shape{0, 4, 3}));
  EXPECT_THROW(Reshape({5, -1})(zeros({3, 2, 6})), ShapeError);
  EXPECT_THROW(Reshape({5, -1})(zeros({0, 2, 6})), ShapeError);
}

TEST(Activations, WithSlopes) {
  const Tensor x = tensor({-4, 0, 2}, {3, 1}, f64);
  expect_values(LeakyRelu(0.5)(x), {3, 1}, {-2, 0, 2});
  expect_values(Prelu()(x), {3, 1}, {-1, 0, 2});
  Prelu each(0.25, true);
  each.slope.set_value(tensor({0.5, 2}, {2}, f64));
  expect_values(each(tensor({-4, -4, 3, -1}, {2, 2}, f64)), {2, 2}, {-2, -8, 3, -2});
  expect_values(HardSigmoid(0.5, 0.25)(x), {3, 1}, {0, 0.25, 1});
  expect_values(Elu(2)(x), {3, 1}, {2 * (std::exp(-4.0) - 1), 0, 2});
}

// Of 1, 2, 3, 4: mean 2.5, variance 1.25.
TEST(Norms, OfFewNumbers) {
  const double unit = 1 / std::sqrt(1.25);
  const std::vector<double> all{-1.5 * unit, -0.5 * unit, 0.5 * unit, 1.5 * unit};
  const Tensor row = tensor({1, 2, 3, 4}, {1, 4}, f64), image = reshape(row, {1, 2, 2});
  expect_values(LayerNorm(-1, {.eps = 0})(row), {1, 4}, all);
  expect_values(LayerNorm(1, {.eps = 0})(image), {1, 2, 2}, all);
  expect_values(LayerNorm(-1, {.eps = 0})(image), {1, 2, 2}, {-1, 1, -1, 1});
  expect_values(GroupNorm(1, {.eps = 0})(image), {1, 2, 2}, all);
  expect_values(GroupNorm(2, {.eps = 0})(image), {1, 2, 2}, {-1, 1, -1, 1});
  expect_values(InstanceNorm({.eps = 0})(image), {1, 2, 2}, {-1, 1, -1, 1});
  const double root = std::sqrt(30.0 / 4);  // of the mean square
  expect_values(RmsNorm(-1, {.eps = 0})(row), {1, 4}, {1 / root, 2 / root, 3 / root, 4 / root});
  LayerNorm scaled(-1, {.eps = 0});
  scaled.scale.set_value(tensor({1, 10}, {2}, f64));
  scaled.shift.set_value(tensor({0, 3}, {2}, f64));
  expect_values(scaled(image), {1, 2, 2}, {-1, 13, -1, 13});
}

// alpha / size = 1, beta = 1: x over 1 + the sum of the squares around.
TEST(Norms, OfNeighbouringChannels) {
  const Tensor x = tensor({1, 2, 3}, {1, 3, 1}, f64);
  const auto norm = [&](std::int64_t size, double alpha) {
    return LocalResponseNorm({.size = size, .alpha = alpha, .beta = 1})(x);
  };
  expect_values(norm(3, 3), {1, 3, 1}, {1.0 / 6, 2.0 / 15, 3.0 / 14});
  expect_values(norm(2, 2), {1, 3, 1},
                {1.0 / 2, 2.0 / 6, 3.0 / 14});  // the channel before, not the one behind
  expect_values(norm(99, 99), {1, 3, 1}, {1.0 / 15, 2.0 / 15, 3.0 / 15});
  // By itself: x / (k + alpha x^2)^beta.
  expect_values(LocalResponseNorm({.size = 1, .alpha = 2, .beta = 0.5, .k = 7})(x), {1, 3, 1},
                {1 / std::sqrt(9.0), 2 / std::sqrt(15.0), 3 / std::sqrt(25.0)});
}

}  // namespace
}  // namespace chainrule::nn
