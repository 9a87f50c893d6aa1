// Convolution and pooling by the number of axes that x has; where the largest elements lie.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chainrule/conv.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/normalize.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "message_of.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

Tensor numbers(const Shape& shape, std::uint64_t step = 0) {
  return detach(normal(shape, {.seed = 6, .step = step}, 0, 1, f64));
}

/// x, weights and transposed weights of so many axes, and the functions for them.
struct Case {
  Shape x, w;
  Tensor (*conv_of)(const Tensor&, const Tensor&, const Tensor&, const ConvOptions&, Location);
  Tensor (*transposed_of)(const Tensor&, const Tensor&, const Tensor&, const ConvTransposeOptions&, Location);
  Tensor (*max_of)(const Tensor&, Spatial, const PoolOptions&, Location);
  Tensor (*avg_of)(const Tensor&, Spatial, const AvgPoolOptions&, Location);
};
const Case kCases[] = {
    {{2, 2, 7}, {2, 2, 3}, conv1d, conv_transpose1d, max_pool1d, avg_pool1d},
    {{2, 2, 5, 6}, {2, 2, 3, 2}, conv2d, conv_transpose2d, max_pool2d, avg_pool2d},
    {{1, 2, 3, 4, 5}, {2, 2, 2, 2, 1}, conv3d, conv_transpose3d, max_pool3d, avg_pool3d},
};

TEST(Windows, GoOverAsManyAxesAsXHas) {
  const Location here = Location::current();
  for (const Case& c : kCases) {
    const Tensor x = numbers(c.x), w = numbers(c.w, 1), b = numbers({2}, 2), none;
    EXPECT_EQ(conv(x, w, b, {.stride = 2}).to_vector(), c.conv_of(x, w, b, {.stride = 2}, here).to_vector());
    EXPECT_EQ(conv(x, w).to_vector(), c.conv_of(x, w, none, {}, here).to_vector());
    EXPECT_EQ(conv_transpose(x, w, b, {.stride = 2}).to_vector(),
              c.transposed_of(x, w, b, {.stride = 2}, here).to_vector());
    EXPECT_EQ(conv_transpose(x, w).to_vector(), c.transposed_of(x, w, none, {}, here).to_vector());
    EXPECT_EQ(max_pool(x, 2, {.stride = 1}).to_vector(), c.max_of(x, 2, {.stride = 1}, here).to_vector());
    EXPECT_EQ(avg_pool(x, 2, {.stride = 1}).to_vector(), c.avg_of(x, 2, {.stride = 1}, here).to_vector());
  }
  EXPECT_EQ(message_of([] {
              conv(zeros({3, 4}), zeros({3, 4}));
            }).find("[conv] x (3, 4) has 2 axes; need 3 to 5"),
            0u);
}

// 1 3 2 0   The first of two equal ones, as max_pool takes it.
// 4 3 5 5
TEST(MaxPoolWithIndices, TellsWhereTheLargestLie) {
  const Tensor x = tensor({1, 3, 2, 0, 4, 3, 5, 5, 9, 0, 0, 7, 0, 0, 0, 0}, {1, 2, 2, 4}, f64);
  const auto [values, indices] = max_pool_with_indices(x, 2);
  EXPECT_EQ(values.to_vector(), (Values{4, 5, 9, 7}));
  EXPECT_EQ(indices.dtype(), i64);
  EXPECT_EQ(indices.to_vector(), (Values{4, 6, 0, 3}));
  const MaxPoolResult padded = max_pool_with_indices(x, {2, 3}, {.stride = {1, 2}, .padding = {0, 1}});
  EXPECT_EQ(padded.values.to_vector(), (Values{4, 5, 9, 7}));
  EXPECT_EQ(padded.indices.to_vector(), (Values{4, 6, 0, 3}));
}

// Whatever the windows: the element at the place is the value, and the gradient is that of max_pool.
TEST(MaxPoolWithIndices, LeadsToTheValues) {
  const std::pair<Shape, PoolOptions> cases[] = {
      {{2, 3, 9}, {.stride = 2, .padding = 1, .dilation = 2}},
      {{2, 2, 6, 7}, {.stride = {1, 2}, .padding = Padding::of({1, 0}, {0, 1}), .ceil_mode = true}},
      {{1, 2, 5, 4, 6}, {.stride = 1, .padding = 1, .dilation = {1, 2, 1}}},
  };
  for (const auto& [shape, options] : cases) {
    const Tensor x = numbers(shape);
    const auto [values, indices] = max_pool_with_indices(x, 3, options);
    EXPECT_EQ(values.to_vector(), max_pool(x, 3, options).to_vector());
    const std::vector<std::int64_t> planes{shape[0], shape[1], -1};
    const Tensor there = take_along_axis(reshape(x, planes), reshape(indices, planes), 2);
    EXPECT_EQ(there.to_vector(), values.to_vector()) << shape;
    EXPECT_EQ(grad(sum(square(values)), x).to_vector(), grad(sum(square(there)), x).to_vector()) << shape;
  }
  // More elements in a window than a byte can number.
  const Tensor x = numbers({1, 1, 20, 20});
  EXPECT_EQ(max_pool_with_indices(x, 17, {.stride = 3}).indices.dtype(), i64);
  EXPECT_EQ(max_pool_with_indices(x, 20).indices.item(), argmax(flatten(x)).item());
}

// Of a plane all channels of a place are normalised as numbers in a row.
TEST(LocalResponseNorm, TakesAnyShapeWithChannels) {
  const Tensor x = numbers({2, 5, 3, 4});
  const Tensor y = local_response_norm(x, {.size = 4, .alpha = 0.7, .beta = 0.6, .k = 2});
  const std::vector<double> in = x.to_vector(), out = y.to_vector();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const int c = static_cast<int>(i / 12 % 5);
    double squares = 0;
    for (int d = std::max(0, c - 2); d <= std::min(4, c + 1); ++d) {
      const double other = in[i + static_cast<std::size_t>(12 * (d - c + 5)) - 60];
      squares += other * other;
    }
    ASSERT_NEAR(out[i], in[i] / std::pow(2 + 0.7 / 4 * squares, 0.6), 1e-15);
  }
  EXPECT_EQ(local_response_norm(zeros({0, 5, 3})).shape(), (Shape{0, 5, 3}));
  EXPECT_EQ(local_response_norm(zeros({2, 0, 3})).shape(), (Shape{2, 0, 3}));
  EXPECT_EQ(local_response_norm(ones({2, 3}), {.size = INT64_MAX}).shape(), (Shape{2, 3}));
  EXPECT_THROW(local_response_norm(ones({3})), ShapeError);
}

// Lists of sizes and axes may be vectors of any integers.
TEST(Lists, MayBeVectors) {
  const Tensor x = numbers({2, 3, 4});
  const std::vector<std::int64_t> wide{1, -1};
  const std::vector<int> narrow{1, -1};
  EXPECT_EQ(sum(x, wide).to_vector(), sum(x, {1, 2}).to_vector());
  EXPECT_EQ(sum(x, narrow).to_vector(), sum(x, {1, 2}).to_vector());
  EXPECT_EQ(flip(x, wide).to_vector(), flip(x, {1, 2}).to_vector());
  EXPECT_EQ(permute(x, std::vector<std::int64_t>{2, 0, 1}).shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(permute(x, std::vector<int>{2, 0, 1}).shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(tile(x, std::vector<int>{2, 1, 1}).shape(), (Shape{4, 3, 4}));
  EXPECT_EQ(tile(x, std::vector<std::int64_t>{2, 1, 1}).shape(), (Shape{4, 3, 4}));
  EXPECT_EQ(split(x, std::vector<int>{1, 3}, 2).size(), 3u);
  EXPECT_EQ(split(x, std::vector<std::int64_t>{1, 3}, 2)[1].shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(max_pool(x, std::vector<int>{2}).shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(avg_pool(x, std::vector<std::int64_t>{2}, {.padding = std::vector<int>{1}}).shape(),
            (Shape{2, 3, 3}));
  EXPECT_THROW(sum(x, std::vector<std::int64_t>{std::int64_t{1} << 32}), ShapeError);  // not axis 0
}

}  // namespace
}  // namespace chainrule
