// Functions that move elements, against NumPy 1.24: the call stands beside each number, with
// z = np.array([[1., -2, 3], [4, 5, -6]]) and x = np.arange(24.).reshape(2, 3, 4).
#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "graph/node.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

Tensor z() { return tensor({1, -2, 3, 4, 5, -6}, {2, 3}, f64); }
Tensor x() { return reshape(arange(24, f64), {2, 3, 4}); }

TEST(Slice, GoesBackwards) {
  const Tensor ten = arange(10);
  EXPECT_EQ(slice(ten, 0, 8, 2, -3).to_vector(), (Values{8, 5}));  // [8:2:-3]
  EXPECT_EQ(slice(ten, 0, -1, kBeforeFirst, -1).to_vector(),
            (Values{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));                       // [::-1]
  EXPECT_EQ(slice(ten, 0, -2, -100, -4).to_vector(), (Values{8, 4, 0}));   // [-2:-100:-4]
  EXPECT_EQ(slice(ten, 0, 100, 5, -1).to_vector(), (Values{9, 8, 7, 6}));  // [100:5:-1]
  EXPECT_EQ(slice(ten, 0, 2, 5, -1).numel(), 0);                           // [2:5:-1]
  EXPECT_EQ(slice(ten, 0, 9, kBeforeFirst, INT64_MIN).to_vector(), (Values{9}));
  EXPECT_EQ(slice(ten, 0, 3, 10, INT64_MAX).to_vector(), (Values{3}));
  EXPECT_EQ(slice(zeros({0}), 0, -1, kBeforeFirst, -1).numel(), 0);
  // np.arange(6).reshape(2, 3)[:, ::-2]
  EXPECT_EQ(slice(reshape(arange(6), {2, 3}), 1, -1, kBeforeFirst, -2).to_vector(), (Values{2, 0, 5, 3}));
}

TEST(Flip, IsNumPys) {
  EXPECT_EQ(flip(z()).to_vector(), (Values{-6, 5, 4, 3, -2, 1}));     // np.flip(z)
  EXPECT_EQ(flip(z(), 1).to_vector(), (Values{3, -2, 1, -6, 5, 4}));  // np.flip(z, 1)
}

TEST(Roll, IsNumPys) {
  EXPECT_EQ(roll(arange(5), 2, 0).to_vector(), (Values{3, 4, 0, 1, 2}));   // np.roll(np.arange(5), 2)
  EXPECT_EQ(roll(arange(5), -7, 0).to_vector(), (Values{2, 3, 4, 0, 1}));  // np.roll(np.arange(5), -7)
  EXPECT_EQ(roll(z(), 1, 1).to_vector(), (Values{3, 1, -2, -6, 4, 5}));    // np.roll(z, 1, axis=1)
  EXPECT_EQ(roll(zeros({0}), 3, 0).numel(), 0);
}

TEST(Tile, IsNumPys) {
  EXPECT_EQ(tile(z(), {2}).to_vector(), (Values{1, -2, 3, 1, -2, 3, 4, 5, -6, 4, 5, -6}));  // np.tile(z, 2)
  const Tensor vector = tile(tensor({1, 2}, i64), {2, 1, 2});  // np.tile([1, 2], (2, 1, 2))
  EXPECT_EQ(vector.shape(), Shape({2, 1, 4}));
  EXPECT_EQ(vector.to_vector(), (Values{1, 2, 1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(tile(z(), {2, 0}).shape(), Shape({4, 0}));  // np.tile(z, (2, 0)).shape
  const Tensor t = z();
  EXPECT_EQ(grad(sum(tile(t, {3, 2})), t).to_vector(), Values(6, 6));
}

TEST(Pad, IsNumPys) {
  // np.pad(z, ((1, 0), (0, 2)), constant_values=7)
  EXPECT_EQ(pad(z(), {{1, 0}, {0, 2}}, PadMode::constant, 7).to_vector(),
            (Values{7, 7, 7, 7, 7, 1, -2, 3, 7, 7, 4, 5, -6, 7, 7}));
  EXPECT_EQ(pad(tensor({1, 2}, i64), {{1, 1}}).to_vector(), (Values{0, 1, 2, 0}));
  // np.pad(z, ((1, 1), (2, 1)), mode="edge")
  EXPECT_EQ(pad(z(), {{1, 1}, {2, 1}}, PadMode::edge).to_vector(),
            (Values{1, 1, 1, -2, 3, 3, 1, 1, 1, -2, 3, 3, 4, 4, 4, 5, -6, -6, 4, 4, 4, 5, -6, -6}));
  // np.pad([1, 2, 3], (5, 4), mode="reflect")
  EXPECT_EQ(pad(tensor({1, 2, 3}, i64), {{5, 4}}, PadMode::reflect).to_vector(),
            (Values{2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3}));
  EXPECT_EQ(pad(tensor({1}), {{2, 2}}, PadMode::reflect).to_vector(),
            Values(5, 1));  // np.pad([1], 2, mode="reflect")
  EXPECT_EQ(pad(z(), {{1, 1}}).shape(), Shape({4, 5}));
  EXPECT_THROW(pad(z(), {{1, 1}, {1, 1}, {1, 1}}), ShapeError);
  EXPECT_THROW(pad(zeros({0}), {{1, 1}}, PadMode::edge), ShapeError);
  EXPECT_THROW(pad(z(), {{-1, 0}}), ValueError);
}

TEST(Pad, HandsGradientsBack) {
  const Tensor t = tensor({1, 2, 3}, f64), value = scalar(7, f64);
  const std::vector<Tensor> g = grad(sum(square(pad(t, {{2, 1}}, PadMode::constant, value))), {t, value});
  EXPECT_EQ(g[0].to_vector(), (Values{2, 4, 6}));
  EXPECT_EQ(g[1].item(), 42);
  EXPECT_EQ(grad(sum(pad(t, {{2, 1}}, PadMode::edge)), t).to_vector(), (Values{3, 1, 2}));
  EXPECT_EQ(grad(sum(pad(t, {{2, 1}}, PadMode::reflect)), t).to_vector(), (Values{1, 3, 2}));
}

TEST(Concatenate, IsNumPys) {
  // np.concatenate([z, z[:1] * 10])
  EXPECT_EQ(concatenate({z(), 10 * slice(z(), 0, 0, 1)}).to_vector(),
            (Values{1, -2, 3, 4, 5, -6, 10, -20, 30}));
  EXPECT_EQ(concatenate({z(), z()}, -1).shape(), Shape({2, 6}));
  const Tensor mixed =
      concatenate({tensor({1}, u8), tensor({2.5}, f32)});  // np.concatenate of uint8 and float32
  EXPECT_EQ(mixed.dtype(), f32);
  EXPECT_EQ(mixed.to_vector(), (Values{1, 2.5}));
  EXPECT_THROW(concatenate({scalar(1), scalar(2)}), ShapeError);
}

TEST(Concatenate, TakesManyInputs) {
  // More than a node holds, so that several nodes are joined.
  const std::size_t count = Node::kMaxInputs + 5;
  const Tensor one = tensor({1, 2}, f64);
  const Tensor all = concatenate(std::vector<Tensor>(count, one));
  EXPECT_EQ(all.shape(), Shape({static_cast<std::int64_t>(2 * count)}));
  EXPECT_EQ(grad(sum(all), one).to_vector(), Values(2, static_cast<double>(count)));
}

TEST(Stack, IsNumPys) {
  const Tensor a = select(z(), 0), b = select(z(), 1);
  EXPECT_EQ(stack({a, b}, 1).to_vector(), (Values{1, 4, -2, 5, 3, -6}));  // np.stack([z[0], z[1]], axis=1)
  // np.stack([z, z], axis=-1)
  EXPECT_EQ(stack({z(), z()}, -1).to_vector(), (Values{1, 1, -2, -2, 3, 3, 4, 4, 5, 5, -6, -6}));
  EXPECT_EQ(stack({scalar(1), scalar(2)}).to_vector(), (Values{1, 2}));
  EXPECT_THROW(stack({a, z()}), ShapeError);
}

TEST(Split, IsNumPys) {
  const std::vector<Tensor> parts = split(arange(8), {2, 5});  // np.split(np.arange(8), [2, 5])
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].to_vector(), (Values{0, 1}));
  EXPECT_EQ(parts[1].to_vector(), (Values{2, 3, 4}));
  EXPECT_EQ(parts[2].to_vector(), (Values{5, 6, 7}));
  EXPECT_EQ(split(arange(8), {5, 2})[1].numel(), 0);  // np.split(np.arange(8), [5, 2])[1]
  EXPECT_EQ(split(arange(6), 3)[1].to_vector(), (Values{2, 3}));
  EXPECT_EQ(split(z(), 3, 1)[2].to_vector(), (Values{3, -6}));
  EXPECT_THROW(split(arange(7), 3), ValueError);
}

TEST(Transpose, SwapsTwoAxes) {
  const Tensor swapped = transpose(x(), 0, -1);  // np.swapaxes(x, 0, 2)
  EXPECT_EQ(swapped.shape(), Shape({4, 3, 2}));
  EXPECT_EQ(swapped.to_vector(),
            (Values{0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23}));
}

TEST(Transpose, MovesNoElementWhereNoneHasToMove) {
  const Tensor column = reshape(arange(4, f64), {1, 4, 1});
  const Tensor moved = permute(column, {2, 1, 0});
  EXPECT_EQ(moved.to_vector(), (Values{0, 1, 2, 3}));
  EXPECT_EQ(moved.data<double>().data(), column.data<double>().data());
  EXPECT_THROW(permute(column, {0, 0, 1}), ShapeError);
}

TEST(Squeeze, IsNumPys) {
  EXPECT_EQ(squeeze(zeros({1, 3, 1})).shape(), Shape({3}));  // np.squeeze(np.zeros((1, 3, 1))).shape
  EXPECT_EQ(squeeze(zeros({1, 3, 1}), -1).shape(), Shape({1, 3}));
  EXPECT_EQ(squeeze(scalar(1)).ndim(), 0);
  EXPECT_THROW(squeeze(zeros({1, 3, 1}), 1), ShapeError);
}

TEST(Flatten, FromAnAxis) {
  EXPECT_EQ(flatten(x()).shape(), Shape({24}));
  EXPECT_EQ(flatten(x(), 1).shape(), Shape({2, 12}));
  EXPECT_EQ(flatten(scalar(1)).shape(), Shape({1}));
  EXPECT_EQ(flatten(zeros({2, 0, 3}), 1).shape(), Shape({2, 0}));
}

}  // namespace
}  // namespace chainrule
