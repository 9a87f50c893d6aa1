#include "chainrule/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;
const double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Tensor, LeavesHoldWhatTheyWereGiven) {
  EXPECT_EQ(tensor({1, 2, 3}).shape(), Shape({3}));
  EXPECT_EQ(tensor({1, 2, 3, 4}, {2, 2}).to_vector(), (Values{1, 2, 3, 4}));
  EXPECT_EQ(tensor({1.5}).dtype(), f32);
  EXPECT_EQ(full({2}, 7, i64).data<std::int64_t>()[1], 7);
  EXPECT_EQ(arange(4).to_vector(), (Values{0, 1, 2, 3}));
  EXPECT_EQ(scalar(0.1, f64).item(), 0.1);
  EXPECT_EQ(from_data(std::vector<float>{1, 2}, {2, 1}).shape(), Shape({2, 1}));
  EXPECT_EQ(zeros({0, 3}).to_vector(), Values{});
}

TEST(Tensor, NothingIsComputedBeforeItIsRead) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  const Tensor x = scalar(2);
  const Tensor y = exp(x * x);
  EXPECT_FALSE(y.node()->has_value());
  EXPECT_FLOAT_EQ(static_cast<float>(y.item()), std::exp(4.0f));
  EXPECT_TRUE(y.node()->has_value());
}

TEST(Tensor, ASharedResultIsComputedOnce) {
  const Tensor x = scalar(2);
  const Tensor shared = exp(x);
  const Tensor a = shared + 1;
  a.item();
  const void* memory = shared.node()->value.data();
  (shared * 3).item();
  EXPECT_EQ(shared.node()->value.data(), memory);
}

TEST(Tensor, HandlesShareTheirNode) {
  Tensor a = scalar(1);
  Tensor b = a;
  EXPECT_EQ(a.node(), b.node());
  Tensor& same = a;
  a = same;
  EXPECT_EQ(a.item(), 1);
  const Tensor c = std::move(b);
  EXPECT_TRUE(b.is_empty());
  EXPECT_EQ(c.item(), 1);
  Tensor d = scalar(5);
  d = std::move(a);
  EXPECT_TRUE(a.is_empty());
  Tensor& self = d;
  d = std::move(self);
  EXPECT_EQ(d.item(), 1);
  a = d;
  a += scalar(2);
  EXPECT_EQ(a.item(), 3);
  EXPECT_EQ(c.item(), 1) << "a tensor's value never changes";
}

TEST(Tensor, PrintsAsNumPyDoes) {
  std::ostringstream text;
  text << scalar(50) << " | " << tensor({1, 2.5, -3}, {3}) << " | " << tensor({1, 2, 3, 4}, {2, 2}, i64)
       << " | " << Tensor();
  EXPECT_EQ(text.str(), "50 | [1, 2.5, -3]  (3,) f32 | [[1, 2],\n [3, 4]]  (2, 2) i64 | tensor(empty)");
  EXPECT_EQ(arange(12).to_string(), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]  (12,) i64");
  EXPECT_EQ(zeros({2, 0}).to_string(), "[]  (2, 0) f32");
  EXPECT_EQ(zeros({3, 0, 2}, i64).to_string(), "[]  (3, 0, 2) i64");
  EXPECT_EQ(zeros({0}).to_string(), "[]  (0,) f32");
  EXPECT_EQ(arange(1000).to_string().find("..."), std::string::npos);
  EXPECT_EQ(arange(1001).to_string(), "[0, 1, 2, ..., 998, 999, 1000]  (1001,) i64");
  EXPECT_EQ(tensor({65, 255}, u8).to_string(), "[65, 255]  (2,) u8");
  EXPECT_EQ(tensor({INT64_MAX, INT64_MIN}, i64).to_string(),
            "[9223372036854775807, -9223372036854775808]  (2,) i64");
  text.str("");
  text << ones({1}, u8).dtype() << " " << f64;
  EXPECT_EQ(text.str(), "u8 f64");
}

// numpy.result_type of each pair, and of a Python int and float beside it (NumPy 2).
TEST(Promotion, IsNumPys) {
  struct Row {
    DType a, b, result;
  };
  const Row rows[] = {{f32, f64, f64},     {f32, i64, f64}, {f64, i64, f64},   {u8, f32, f32},
                      {u8, i64, i64},      {u8, f64, f64},  {boolean, u8, u8}, {boolean, f32, f32},
                      {boolean, i64, i64}, {f32, f32, f32}};
  for (const Row& row : rows) {
    EXPECT_EQ((ones({2}, row.a) + ones({2}, row.b)).dtype(), row.result)
        << name_of(row.a) << " " << name_of(row.b);
    EXPECT_EQ((ones({2}, row.b) * ones({2}, row.a)).dtype(), row.result)
        << name_of(row.a) << " " << name_of(row.b);
  }
  EXPECT_EQ((ones({2}, f32) + 1).dtype(), f32);
  EXPECT_EQ((1.5 * ones({2}, f32)).dtype(), f32);
  EXPECT_EQ((ones({2}, i64) + 1).dtype(), i64);
  EXPECT_EQ((ones({2}, u8) - 1).dtype(), u8);
  EXPECT_EQ((1 - ones({2}, u8)).dtype(), u8);
  EXPECT_EQ((ones({2}, u8) * true).dtype(), u8);
  EXPECT_EQ((ones({2}, u8) + 0.5).dtype(), f64);
  EXPECT_EQ((ones({2}, boolean) * 1.5).dtype(), f64);
  EXPECT_EQ(where(ones({2}, boolean), ones({2}, boolean), 2).dtype(), i64);
  EXPECT_EQ((ones({2}, i64) + 1.5).dtype(), f64);
  EXPECT_EQ((ones({2}, i64) / 2).to_vector(), (Values{0.5, 0.5}));
  EXPECT_EQ(exp(ones({1}, i64)).dtype(), f64);
}

// Of two numbers none decides: they are f32, as in tensor(), and do not make f64 of an f32 net.
TEST(Promotion, OfTwoNumbersIsTheDefault) {
  const Tensor mask = tensor({1, 0}, boolean), x = tensor({2, 3});
  EXPECT_EQ(where(mask, 1, 0).dtype(), f32);
  EXPECT_EQ(where(mask, 0.5, 0).dtype(), f32);
  EXPECT_EQ((x * where(mask, 1, 0)).dtype(), f32);
  EXPECT_EQ(where(mask, 1, x).dtype(), f32);
  EXPECT_EQ(where(mask, cast(x, f64), 1).dtype(), f64);
  EXPECT_EQ(maximum(2, 3).dtype(), f32);
  EXPECT_EQ(where(mask, true, false).dtype(), boolean);
  EXPECT_EQ(where(true, x, 0).to_vector(), (Values{2, 3}));
}

// Comparisons are of numbers of any size; arithmetic of bytes is of bytes.
TEST(Promotion, BytesBesideNumbersTheyDoNotHold) {
  const Tensor x = tensor({0, 255}, u8);
  EXPECT_EQ((x < 256).to_vector(), (Values{1, 1}));
  EXPECT_EQ((-1 < x).to_vector(), (Values{1, 1}));
  EXPECT_EQ(equal(x, 511).to_vector(), (Values{0, 0}));
  EXPECT_EQ((x - 1).to_vector(), (Values{255, 254}));
  EXPECT_EQ((x / 510).to_vector(), (Values{0, 0.5}));
  EXPECT_THROW(x - 256, ValueError);
  EXPECT_THROW(-1 * x, ValueError);
  EXPECT_THROW(maximum(x, -1), ValueError);
  EXPECT_THROW(where(equal(x, 0), x, 1000), ValueError);
}

TEST(Promotion, IntegersWrapAround) {
  EXPECT_EQ((full({1}, 200, u8) + full({1}, 100, u8)).item(), 44);
  EXPECT_EQ((-full({1}, 1, u8)).item(), 255);
  EXPECT_EQ(sum(tensor({INT64_MAX, 1, -1, 2}, i64)).item<std::int64_t>(), INT64_MIN + 1);
  EXPECT_EQ((tensor({-3}, i64) * tensor({5}, i64)).item(), -15);
}

TEST(Cast, IsDefinedForEveryNumber) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(cast(tensor({-1.9, 1.9, kNan, 1e30, -infinity}, f64), i64).data<std::int64_t>()[0], -1);
  EXPECT_EQ(cast(tensor({-5, 300, kNan, 7.9}, f64), u8).to_vector(), (Values{0, 255, 0, 7}));
  EXPECT_EQ(cast(tensor({1e30}, f64), i64).data<std::int64_t>()[0], std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(cast(tensor({0, -0.0, 0.1, kNan}, f64), boolean).to_vector(), (Values{0, 0, 1, 1}));
}

TEST(Relu, KeepsNan) {
  const Values y = relu(tensor({-1, 0, 2, kNan}, f64)).to_vector();
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[2], 2);
  EXPECT_TRUE(std::isnan(y[3]));
}

TEST(Comparisons, OfBothOrders) {
  const Tensor a = tensor({1, 2, 3, kNan}), b = tensor({2, 2, 2, 2});
  EXPECT_EQ((a < b).to_vector(), (Values{1, 0, 0, 0}));
  EXPECT_EQ((a <= b).to_vector(), (Values{1, 1, 0, 0}));
  EXPECT_EQ((a > b).to_vector(), (Values{0, 0, 1, 0}));
  EXPECT_EQ((a >= b).to_vector(), (Values{0, 1, 1, 0}));
  EXPECT_EQ(equal(a, b).to_vector(), (Values{0, 1, 0, 0}));
  EXPECT_EQ(not_equal(a, b).to_vector(), (Values{1, 0, 1, 1}));
  EXPECT_EQ((2.5 > a).to_vector(), (Values{1, 1, 0, 0}));
}

TEST(Reductions, DropOrKeepAxes) {
  const Tensor x = reshape(arange(24, f64), {2, 3, 4});
  EXPECT_EQ(sum(x).item(), 276);
  EXPECT_EQ(sum(x, 1).shape(), Shape({2, 4}));
  EXPECT_EQ(sum(x, {0, 2}, true).shape(), Shape({1, 3, 1}));
  EXPECT_EQ(sum(x, {0, -1}).to_vector(), (Values{60, 92, 124}));
  EXPECT_EQ(mean(x, -1).to_vector(), (Values{1.5, 5.5, 9.5, 13.5, 17.5, 21.5}));
  EXPECT_EQ(max(x, 0).to_vector(), Values({12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}));
  EXPECT_EQ(mean(x > 11.0).item(), 0.5);
  EXPECT_EQ(sum(x > 11.0).dtype(), i64);
  EXPECT_EQ(argmax(tensor({1, 5, 5, kNan, kNan}), 0).item(), 3);
  EXPECT_THROW(sum(x, {0, 0}), ShapeError);
}

TEST(Shapes, SlicesSelectsAndReshapes) {
  const Tensor x = arange(10);
  EXPECT_EQ(slice(x, 0, 2, 8, 3).to_vector(), (Values{2, 5}));
  EXPECT_EQ(slice(x, 0, -3, 100).to_vector(), (Values{7, 8, 9}));
  EXPECT_EQ(slice(x, 0, 5, 2).numel(), 0);
  EXPECT_EQ(select(reshape(x, {2, -1}), -1).to_vector(), (Values{5, 6, 7, 8, 9}));
  EXPECT_EQ(transpose(reshape(x, {2, 5})).to_vector(), (Values{0, 5, 1, 6, 2, 7, 3, 8, 4, 9}));
  EXPECT_EQ(pad(slice(x, 0, 1, 3), 0, 1, 2, 1).to_vector(), (Values{0, 1, 0, 2, 0, 0}));
  EXPECT_THROW(reshape(x, {3, -1}), ShapeError);
  try {
    reshape(arange(20), {3, -1});
    ADD_FAILURE();
  } catch (const ShapeError& e) {
    EXPECT_NE(std::string(e.what()).find("20 elements, which do not divide by 3"), std::string::npos)
        << e.what();
  }
  EXPECT_THROW(reshape(zeros({0, 3}), {0, -1}), ShapeError) << "as in NumPy: any size would do";
  EXPECT_EQ(reshape(zeros({0, 3}), {-1, 3}).shape(), Shape({0, 3}));
  EXPECT_THROW(reshape(x, {-1, -1}), ShapeError);
  EXPECT_EQ(expand_dims(x, -1).shape(), Shape({10, 1}));
}

// numpy.expand_dims: places are those in the result.
TEST(Shapes, GetSeveralAxes) {
  const Tensor x = zeros({2, 3});
  EXPECT_EQ(expand_dims(x, {0, 2}).shape(), Shape({1, 2, 1, 3}));
  EXPECT_EQ(expand_dims(x, {-1, 0, -2}).shape(), Shape({1, 2, 3, 1, 1}));
  EXPECT_EQ(expand_dims(x, {3, 2}).shape(), Shape({2, 3, 1, 1}));
  EXPECT_EQ(expand_dims(x, Axes{}).shape(), Shape({2, 3}));
  EXPECT_THROW(expand_dims(x, {0, 0}), ShapeError);
  EXPECT_THROW(expand_dims(x, {0, 4}), ShapeError);
  EXPECT_THROW(expand_dims(x, {0, -4}), ShapeError);
  EXPECT_THROW(expand_dims(x, {0, 1, 2, 3, 4, 5, 6, 7}), ShapeError);
}

TEST(Shapes, SelectsAlongAnyAxis) {
  const Tensor x = reshape(arange(12), {2, 3, 2});
  EXPECT_EQ(select(x, 1, 1).to_vector(), (Values{2, 3, 8, 9}));           // x[:, 1]
  EXPECT_EQ(select(x, -1, -1).to_vector(), (Values{1, 3, 5, 7, 9, 11}));  // x[..., -1]
  EXPECT_EQ(select(x, -1, -1).shape(), Shape({2, 3}));
  EXPECT_THROW(select(x, 3, 1), ShapeError);
  EXPECT_THROW(select(x, 0, 3), ShapeError);
  EXPECT_THROW(select(scalar(1), 0), ShapeError);
}

TEST(Matmul, TakesVectorsAndBatches) {
  const Tensor a = reshape(arange(6, f64), {2, 3});
  const Tensor v = tensor({1, 2, 3}, f64);
  EXPECT_EQ(matmul(a, v).to_vector(), (Values{8, 26}));
  EXPECT_EQ(matmul(tensor({1, 2}, f64), a).to_vector(), (Values{6, 9, 12}));
  EXPECT_EQ(matmul(v, v).item(), 14);
  EXPECT_EQ(matmul(v, v).ndim(), 0);
  EXPECT_EQ(matmul(ones({4, 1, 2, 3}), ones({5, 3, 6})).shape(), Shape({4, 5, 2, 6}));
}

// NumPy: integer products are exact, and wrap around.
TEST(Matmul, OfIntegersIsExact) {
  const std::int64_t big = (std::int64_t{1} << 53) + 1;
  const Tensor a = tensor({big, 1, 3, big}, {2, 2}, i64), b = tensor({1, 2, 0, 1}, {2, 2}, i64);
  EXPECT_EQ(matmul(a, b).dtype(), i64);
  EXPECT_EQ(matmul(a, b).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{big, 2 * big + 1, 3, 6 + big}));
  EXPECT_EQ(matmul(transpose(a), transpose(b)).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{big + 6, 3, 1 + 2 * big, big}));
  EXPECT_EQ(matmul(arange(3), arange(3)).item<std::int64_t>(), 5);
  EXPECT_EQ(matmul(tensor({INT64_MAX}, i64), tensor({2}, i64)).item<std::int64_t>(), -2);
  const Tensor bytes = full({2}, 200, u8);
  EXPECT_EQ(matmul(bytes, bytes).dtype(), i64);
  EXPECT_EQ(matmul(bytes, bytes).item(), 80000);
  EXPECT_EQ(matmul(arange(2), ones({2}, f64)).dtype(), f64);
  EXPECT_EQ(sum(matmul(ones({300, 70}, i64), ones({70, 40}, i64))).item(), 300 * 70 * 40);
}

}  // namespace
}  // namespace chainrule
