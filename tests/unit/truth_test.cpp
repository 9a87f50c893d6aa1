// What does not compile, and what compiles where its neighbours do.
#include <gtest/gtest.h>

#include <vector>

#include "chainrule/conv.h"
#include "chainrule/error.h"
#include "chainrule/nn/parameter.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

template <class T>
concept HasTruth = requires(const T& x) {
  x ? 1 : 0;
}
|| requires(const T& x) { !x; }
|| requires(const T& a, const T& b) { a&& b; }
|| requires(const T& a, const T& b) { a || b; };

TEST(Truth, AnArrayHasNone) {
  static_assert(HasTruth<int>);
  static_assert(!HasTruth<Tensor>, "a handle that is there would always be true");
  static_assert(!std::is_constructible_v<bool, Tensor>);
  EXPECT_TRUE(Tensor().is_empty());
  EXPECT_FALSE(scalar(0).is_empty());
  EXPECT_TRUE((scalar(0.05) < 0.1).item<bool>());
}

TEST(Assignment, TakesNumbers) {
  Tensor x = tensor({1, 2});
  x += 1;
  x -= 0.5;
  x *= 4;
  x /= tensor({2, 5});
  EXPECT_EQ(x.to_vector(), (Values{3, 2}));
  EXPECT_EQ(x.dtype(), f32);
}

TEST(Assignment, TakesParameters) {
  const nn::Parameter w(tensor({2, 3}));
  Tensor x = tensor({1, 2});
  x += w;
  EXPECT_EQ(x.to_vector(), (Values{3, 5}));
  EXPECT_EQ((2 * w + x / w).to_vector(), (2 * w.value() + x / w.value()).to_vector());
  EXPECT_THROW(x += nn::Parameter(), ValueError);
}

TEST(Lists, MayBeVectors) {
  const std::vector<std::int64_t> sizes{2, 3};
  const std::vector<int> axes{0, 1};
  EXPECT_EQ(zeros(sizes).shape(), Shape({2, 3}));
  EXPECT_EQ(full(sizes, 1).shape(), Shape({2, 3}));
  EXPECT_EQ(from_data(Values(6, 1), sizes).shape(), Shape({2, 3}));
  EXPECT_EQ(broadcast_to(scalar(1), sizes).shape(), Shape({2, 3}));
  const Tensor x = reshape(arange(6), sizes);
  EXPECT_EQ(reshape(x, std::vector<std::int64_t>{-1}).shape(), Shape({6}));
  EXPECT_EQ(reshape(x, std::vector<int>{3, -1}).shape(), Shape({3, 2}));
  EXPECT_EQ(sum(x, axes).item(), 15);
  EXPECT_EQ(max(x, axes, true).shape(), Shape({1, 1}));
  EXPECT_EQ(flip(x, axes).to_vector(), (Values{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(permute(x, std::vector<int>{1, 0}).shape(), Shape({3, 2}));
  EXPECT_EQ(tile(x, sizes).shape(), Shape({4, 9}));
  EXPECT_EQ(pad(x, std::vector<PadWidth>{{1, 0}, {0, 2}}).shape(), Shape({3, 5}));
  EXPECT_EQ(split(x, std::vector<std::int64_t>{1}).size(), 2);
  EXPECT_EQ(concatenate(std::vector<Tensor>{x, x}).shape(), Shape({4, 3}));
  const Tensor image = ones({1, 1, 4, 4});
  const std::vector<std::int64_t> two{2, 2};
  EXPECT_EQ(max_pool2d(image, two, {.stride = two}).shape(), Shape({1, 1, 2, 2}));
  EXPECT_EQ(conv2d(image, ones({1, 1, 2, 2}), {.padding = two, .dilation = two}).shape(),
            Shape({1, 1, 6, 6}));
  const std::vector<std::int64_t> four{4, 4};
  EXPECT_EQ(fold(unfold(image, two), four, two).shape(), image.shape());
  EXPECT_EQ(upsample_nearest(image, four).shape(), image.shape());
}

TEST(Lists, OfTensorsAreEvaluatedTogether) {
  const Tensor a = scalar(1) + 1, b = a * 2;
  evaluate({a, b});
  EXPECT_EQ(b.item(), 4);
}

TEST(OneHot, IsOfWholeNumbers) {
  EXPECT_EQ(one_hot(tensor({0, 2}, i64), 3).to_vector(), (Values{1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(sum(one_hot(tensor({1, 255}, u8), 300)).item(), 2);
  EXPECT_EQ(sum(one_hot(tensor({-1, 7}, i64), 3)).item(), 0);
  // Of classes (2, 2) along each axis: y[c, i, j], y[i, c, j] and y[i, j, c] = (classes[i, j] == c).
  const Tensor classes = tensor({0, 2, 1, 0}, {2, 2}, i64), last = one_hot(classes, 3);
  EXPECT_EQ(one_hot(classes, 3, f32, 0).to_vector(), permute(last, {2, 0, 1}).to_vector());
  EXPECT_EQ(one_hot(classes, 3, f32, 1).to_vector(), permute(last, {0, 2, 1}).to_vector());
  EXPECT_EQ(one_hot(classes, 3, f32, -2).shape(), Shape({2, 3, 2}));
  EXPECT_THROW(one_hot(classes, 3, f32, 3), ShapeError);
  for (const DType dtype : {f32, f64, boolean})
    EXPECT_THROW(one_hot(tensor({0.5, 2.7}, dtype), 3), DTypeError);
}

// torch.nn.functional.max_pool1d(x, 3, ceil_mode=True) of 2 elements has one window; of a kernel that is
// larger than the image by a stride it is an error.
TEST(CeilMode, HasOneWindowWhereTheKernelIsLarger) {
  const Tensor x = tensor({1, 5}, {1, 1, 2}, f32);
  EXPECT_EQ(max_pool1d(x, 3, {.ceil_mode = true}).to_vector(), (Values{5}));
  EXPECT_EQ(avg_pool1d(x, 3, {.ceil_mode = true}).to_vector(), (Values{3}));
  EXPECT_EQ(max_pool1d(x, 3, {.stride = 2, .ceil_mode = true}).to_vector(), (Values{5}));
  EXPECT_THROW(max_pool1d(x, 3, {.stride = 1, .ceil_mode = true}), ShapeError);
  EXPECT_THROW(max_pool1d(x, 3), ShapeError);
  EXPECT_EQ(max_pool1d(reshape(arange(5), {1, 1, 5}), 2, {.ceil_mode = true}).to_vector(), (Values{1, 3, 4}));
}

}  // namespace
}  // namespace chainrule
