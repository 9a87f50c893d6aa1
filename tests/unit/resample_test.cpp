// Upsampling, unfold and fold: against PyTorch, and their identities.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/conv.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"

namespace chainrule {
namespace {

void expect_near(const Tensor& got, const std::vector<double>& wanted) {
  const std::vector<double> values = got.to_vector();
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(values[i], wanted[i], 1e-13) << i;
}

Tensor counting(const Shape& shape) { return reshape(cast(arange(shape.numel()), f64), shape); }

Tensor uniform(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& value : values) value = random.uniform(-1, 1);
  return from_data(values, shape);
}

// Worked out with PyTorch 1.13 (interpolate, unfold, fold).
TEST(Upsample, GivesPyTorchsNumbers) {
  const Tensor x = tensor({1, 2, 4, 8, 16, 32}, {1, 1, 2, 3}, f64);
  expect_near(upsample_nearest(x, {3, 5}), {1, 1, 2, 2, 4, 1, 1, 2, 2, 4, 8, 8, 16, 16, 32});
  expect_near(upsample_bilinear(x, {3, 5}),
              {1, 1.4, 2, 3.2, 4, 4.5, 6.3, 9, 14.4, 18, 8, 11.2, 16, 25.6, 32});
  expect_near(upsample_bilinear(x, {3, 5}, true),
              {1, 1.5, 2, 3, 4, 4.5, 6.75, 9, 13.5, 18, 8, 12, 16, 24, 32});
  expect_near(upsample_bilinear(x, {1, 2}), {5.625, 15.75});
  expect_near(upsample_bilinear(x, {1, 2}, true), {1, 4});
  const Tensor line = tensor({1, 2, 4, 8}, {1, 1, 4}, f64);
  expect_near(upsample_bilinear(line, 6), {1, 1.5, 7 / 3.0, 11 / 3.0, 6, 8});
  expect_near(upsample_bilinear(line, 7, true), {1, 1.5, 2, 3, 4, 6, 8});
  expect_near(upsample_bilinear(square(counting({1, 1, 2, 2, 2})), {3, 2, 3}),
              {0, 0.5, 1, 4, 6.5, 9, 8, 10.5, 13, 20, 24.5, 29, 16, 20.5, 25, 36, 42.5, 49});
}

TEST(Upsample, ByAScaleRepeats) {
  EXPECT_EQ(upsample_nearest_by(tensor({1, 2, 3, 4}, {1, 1, 2, 2}), {1, 3}).to_vector(),
            (std::vector<double>{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}));
}

TEST(Upsample, NaNReachesItsNeighboursOnly) {
  const std::vector<double> y =
      upsample_bilinear(tensor({1, 2, NAN, 4, 5, 6}, {1, 1, 6}, f64), 12).to_vector();
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i >= 3 && i <= 6) << i;
}

TEST(Unfold, GivesPyTorchsNumbers) {
  expect_near(unfold(counting({1, 2, 3, 4}), {2, 3}, {.stride = {2, 1}, .padding = {1, 0}}),
              {0, 0, 4,  5,  0, 0, 5,  6,  0, 0, 6,  7,  0,  1,  8,  9,  1,  2,  9,  10, 2,  3,  10, 11,
               0, 0, 16, 17, 0, 0, 17, 18, 0, 0, 18, 19, 12, 13, 20, 21, 13, 14, 21, 22, 14, 15, 22, 23});
  expect_near(fold(counting({1, 8, 6}), {3, 4}, 2),
              {0, 7, 9, 8, 15, 44, 48, 31, 15, 37, 39, 23, 24, 55, 57, 32, 63, 140, 144, 79, 39, 85, 87, 47});
}

// fold(unfold(x)) is x times the number of windows over each element, and fold is the adjoint of unfold.
TEST(Fold, CountsWindowsAndIsTheAdjoint) {
  const Tensor x = uniform({2, 3, 6, 5}, 1);
  const UnfoldOptions options{.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}};
  const Tensor counts = fold(unfold(ones({1, 1, 6, 5}, f64), {3, 2}, options), {6, 5}, {3, 2}, options);
  // By hand: rows 0 and 1 ... of windows that begin at -1, 1, 3 and are 3 high: 1, 2, 1, 2, 1, 1. Columns:
  // the windows -2 ... 4 take places i and i + 2: each place is taken twice.
  expect_near(slice(counts, 3, 0, 1), {2, 4, 2, 4, 2, 2});
  const Tensor columns = unfold(x, {3, 2}, options);
  expect_near(fold(columns, {6, 5}, {3, 2}, options), (x * counts).to_vector());
  const Tensor other = uniform(columns.shape(), 2);
  EXPECT_NEAR(sum(columns * other).item(), sum(x * fold(other, {6, 5}, {3, 2}, options)).item(), 1e-12);
}

TEST(Fold, OfOneAndThreeAxes) {
  EXPECT_EQ(fold(unfold(counting({1, 1, 4}), 2), {4}, 2).to_vector(), (std::vector<double>{0, 2, 4, 3}));
  const Tensor x = uniform({2, 2, 2, 4, 6}, 3);
  const UnfoldOptions apart{.stride = {1, 2, 3}};
  EXPECT_EQ(fold(unfold(x, {1, 2, 3}, apart), {2, 4, 6}, {1, 2, 3}, apart).to_vector(), x.to_vector());
}

}  // namespace
}  // namespace chainrule
