#include "chainrule/normalize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/nn/norm.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

void expect_near(const Tensor& got, const Tensor& expected, double tolerance = 1e-14) {
  ASSERT_EQ(got.shape(), expected.shape());
  const Values a = got.to_vector(), b = expected.to_vector();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

// Each row 1, 2, 3: mean 2, variance 2/3.
TEST(LayerNorm, OfNumbersByHand) {
  const Tensor x = tensor({1, 2, 3, 11, 12, 13}, {2, 3}, f64);
  const double r = 1 / std::sqrt(2.0 / 3);
  expect_near(layer_norm(x, -1, {}, {}, 0), tensor({-r, 0, r, -r, 0, r}, {2, 3}, f64));
  expect_near(layer_norm(x, 1, tensor({1, 2, 3}, f64), tensor({0, 5, 0}, f64), 0),
              tensor({-r, 5, 3 * r, -r, 5, 3 * r}, {2, 3}, f64));
  EXPECT_NEAR(layer_norm(x, 1, {}, {}, 1.0 / 3).to_vector()[0], -1, 1e-15) << "eps is inside the root";
}

TEST(LayerNorm, OverSeveralAxes) {
  const Tensor x = normal({3, 4, 5}, {1}, 2, 3, f64);
  expect_near(reshape(layer_norm(x, 1), {3, 20}), layer_norm(reshape(x, {3, 20})));
}

// A mean of 10^4 and a deviation of 1 in f32: sum(x^2) - sum(x)^2 would have no digit left.
TEST(LayerNorm, KeepsItsDigitsUnderALargeMean) {
  const Tensor x = normal({1, 1000}, {2}, 1e4, 1, f32);
  expect_near(cast(layer_norm(x), f64), layer_norm(cast(x, f64)), 2e-3);
  const Values y = layer_norm(x).to_vector();
  double squares = 0;
  for (const double value : y) squares += value * value;
  EXPECT_NEAR(squares / 1000, 1, 1e-3);
}

/// The largest difference between a function of f32 numbers and the same of the numbers in f64.
template <class F>
double off(F f, const Tensor& x) {
  return max(abs(cast(f(x), f64) - f(cast(x, f64)))).item();
}

// The mean of such numbers is no f32 number: what rounding takes off it is as large as they differ.
TEST(Normalization, KeepsItsDigitsUnderAMeanOfTenMillionDeviations) {
  const Tensor x = detach(normal({4, 6, 50}, {5}, 1e4, 1e-3, f32)), w = detach(normal({4, 6, 50}, {6}));
  EXPECT_LT(off([](const Tensor& a) { return layer_norm(a, 1); }, x), 2e-5);
  EXPECT_LT(off([](const Tensor& a) { return batch_norm(a).output; }, x), 2e-5);
  EXPECT_LT(off([](const Tensor& a) { return batch_norm(a).mean; }, x), 5e-4) << "half a step of f32";
  EXPECT_LT(off([](const Tensor& a) { return group_norm(a, 2); }, x), 2e-5);
  EXPECT_LT(off([](const Tensor& a) { return instance_norm(a); }, x), 2e-5);
  EXPECT_LT(off([](const Tensor& a) { return stddev(a) * 1e3; }, x), 1e-6);
  EXPECT_LT(off([](const Tensor& a) { return var(a, 2) * 1e6; }, x), 1e-6);
  const auto slope = [&](const Tensor& a) { return grad(sum(cast(w, a.dtype()) * layer_norm(a)), a); };
  EXPECT_LT(off(slope, x), 1e-3) << "of slopes of about 300";
}

// Beyond 1.8e19 the squares of f32 numbers are infinite, beyond 1.3e154 those of f64.
TEST(Normalization, OfHugeNumbers) {
  constexpr double kEps = 1e-30;
  for (const DType dtype : {f32, f64}) {
    const Tensor x = detach(normal({4, 6, 5}, {7}, 1, 2, dtype));
    const double huge = dtype == f32 ? 0x1p100 : 0x1p900;
    const double rounding = dtype == f32 ? 1e-5 : 1e-13;
    const auto same = [&](auto f) { return max(abs(f(x * huge) - f(x))).item() <= rounding; };
    EXPECT_TRUE(same([](const Tensor& a) { return layer_norm(a, -1, {}, {}, kEps); }));
    EXPECT_TRUE(same([](const Tensor& a) { return batch_norm(a, {}, {}, kEps).output; }));
    EXPECT_TRUE(same([](const Tensor& a) { return group_norm(a, 3, {}, {}, kEps); }));
    EXPECT_TRUE(same([](const Tensor& a) { return instance_norm(a, {}, {}, kEps); }));
    EXPECT_TRUE(same([](const Tensor& a) { return rms_norm(a, 1, {}, kEps); }));
    EXPECT_EQ((batch_norm(x * huge).mean / huge).to_vector(), batch_norm(x).mean.to_vector());
    const auto slope = [](const Tensor& a) {
      return grad(sum(square(layer_norm(a, -1, {}, {}, kEps)) * a), a);
    };
    EXPECT_TRUE(same(slope));
    EXPECT_EQ(max(abs(layer_norm(zeros({3}, dtype) + huge))).item(), 0) << "equal numbers, even so";
  }
}

// With eps 0 tiny numbers are normalised like others.
TEST(Normalization, OfTinyNumbersWithoutEps) {
  const Tensor x = detach(normal({4, 6, 5}, {7}));
  EXPECT_EQ(layer_norm(x * 0x1p-100, 1, {}, {}, 0).to_vector(), layer_norm(x, 1, {}, {}, 0).to_vector());
  EXPECT_EQ(rms_norm(x * 0x1p-100, 1, {}, 0).to_vector(), rms_norm(x, 1, {}, 0).to_vector());
}

TEST(RmsNorm, OfNumbersByHand) {
  const Tensor x = tensor({3, 4}, f64);
  const double r = std::sqrt(12.5);
  expect_near(rms_norm(x, 0, {}, 0), tensor({3 / r, 4 / r}, f64));
  expect_near(rms_norm(x, 0, tensor({2, -1}, f64), 0), tensor({6 / r, -4 / r}, f64));
}

TEST(BatchNorm, NormalisesEachChannel) {
  const Tensor x = normal({6, 3, 4, 5}, {3}, 5, 2, f64);
  const Tensor scale = tensor({1, 2, 3}, f64), shift = tensor({-1, 0, 1}, f64);
  const BatchNormResult result = batch_norm(x, scale, shift);
  expect_near(result.mean, mean(x, {0, 2, 3}));
  expect_near(result.variance, var(x, {0, 2, 3}));
  expect_near(mean(result.output, {0, 2, 3}), shift);
  expect_near(stddev(result.output, {0, 2, 3}), scale, 1e-4);  // eps
  expect_near(batch_norm_inference(x, result.mean, result.variance, scale, shift), result.output);
}

TEST(GroupNorm, LiesBetweenLayerAndInstanceNorm) {
  const Tensor x = normal({2, 6, 4}, {4}, 1, 2, f64);
  expect_near(group_norm(x, 1), layer_norm(x, 1));
  expect_near(group_norm(x, 6), instance_norm(x));
  const Tensor half = slice(x, 1, 3, 6);
  expect_near(slice(group_norm(x, 2), 1, 3, 6), layer_norm(half, 1));
  const Tensor scale = tensor({1, 2, 3, 4, 5, 6}, f64);
  expect_near(group_norm(x, 2, scale), group_norm(x, 2) * reshape(scale, {6, 1}));
}

TEST(Normalization, RefusesWhatDoesNotFit) {
  const Tensor x = zeros({2, 4, 3});
  EXPECT_THROW(batch_norm(x, zeros({3})), ShapeError);
  EXPECT_THROW(batch_norm(zeros({3})), ShapeError);
  EXPECT_THROW(batch_norm_inference(x, zeros({4}), zeros({3})), ShapeError);
  EXPECT_THROW(layer_norm(x, 3), ShapeError);
  EXPECT_THROW(layer_norm(x, 2, zeros({4, 3})), ShapeError) << "a parameter for axes that are not normalised";
  EXPECT_THROW(layer_norm(x, 2, zeros({2})), ShapeError);
  EXPECT_THROW(group_norm(x, 3), ValueError);
  EXPECT_THROW(group_norm(x, 0), ValueError);
  EXPECT_THROW(instance_norm(zeros({2, 4})), ShapeError);
  EXPECT_THROW(rms_norm(x, -1, {}, NAN), ValueError);
  EXPECT_EQ(group_norm(zeros({0, 4, 3}), 2).shape(), Shape({0, 4, 3}));
  EXPECT_EQ(batch_norm(tensor({1, 2}, {2, 1}, i64)).output.dtype(), f64);
}

// 1 / sqrt(eps), less what the mean takes of it: of numbers of any size.
TEST(Normalization, SlopeAtEqualNumbersIsThatOfEps) {
  for (const DType dtype : {f32, f64}) {
    for (const double number : {0.0, 1.0, 1e10, 1e18, 1e25, 1e37}) {
      const Tensor x = full({1, 4, 2}, number, dtype),
                   w = reshape(tensor({1, 0, 0, 0, 0, 0, 0, 0}, dtype), x.shape());
      const double wanted = 1 / std::sqrt(1e-5);
      const auto slope = [&](const Tensor& y) { return grad(sum(w * y), x).to_vector()[0] / wanted; };
      EXPECT_NEAR(slope(layer_norm(x, 1)), 7 / 8.0, 1e-5) << number;
      EXPECT_NEAR(slope(group_norm(x, 2)), 3 / 4.0, 1e-5) << number;
      EXPECT_NEAR(slope(batch_norm(x).output), 1 / 2.0, 1e-5) << number;
      EXPECT_NEAR(slope(instance_norm(x)), 1 / 2.0, 1e-5) << number;
    }
  }
}

TEST(GroupNorm, TakesAsManyGroupsAsCanBeCounted) {
  EXPECT_THROW(group_norm(ones({1, 4, 2}), (std::int64_t{1} << 32) + 2), ValueError);
  EXPECT_THROW(nn::GroupNorm((std::int64_t{1} << 32) + 2).predict(ones({1, 4, 2})), ValueError);
}

}  // namespace
}  // namespace chainrule
