// Sums of so many f32 numbers that one after the other they would lose their digits: from 2^24 ones on, one
// more changes nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "chainrule/chainrule.h"
#include "core/thread_pool.h"
#include "ops/op.h"
#include "plan_test.h"

namespace chainrule {
namespace {

constexpr std::int64_t kMany = 20'000'000;

/// Runs under the mode with fast kernels and the one with reference loops.
template <class F>
void in_both_modes(F body) {
  const Mode before = mode();
  for (const Mode other : {Mode::lazy, Mode::eager}) {
    set_mode(other);
    body();
  }
  set_mode(before);
}

TEST(LongSums, OfAMatrixProductOfOnes) {
  in_both_modes([] {
    const Tensor one = ones({kMany});
    EXPECT_EQ(dot(one, one).item(), 2e7);
    const Tensor row = ones({1, kMany / 4}), rows = ones({kMany / 4, 4});
    EXPECT_EQ(matmul(row, rows).to_vector(), std::vector<double>(4, 5e6));
  });
}

TEST(LongSums, OfProductsOfRandomNumbersAreAsGoodAsSums) {
  const Tensor x = detach(uniform({kMany}, {1})), y = detach(uniform({kMany}, {2}));
  const double exact = sum(cast(x, f64) * cast(y, f64)).item();
  EXPECT_NEAR(dot(x, y).item() / exact, 1, 3e-7);
  EXPECT_NEAR(sum(x * y).item() / exact, 1, 3e-7);
}

// All updates but two go to one element, by rows and one by one.
TEST(LongSums, OfUpdatesByNumber) {
  in_both_modes([] {
    const Tensor places = minimum(maximum(arange(kMany) - 1, scalar(0, i64)), scalar(1, i64));
    EXPECT_EQ(index_add(zeros({3}), places, ones({kMany})).to_vector(), (std::vector<double>{2, 2e7 - 2, 0}));
    EXPECT_EQ(scatter_add(zeros({3}), places, ones({kMany}), 0).to_vector(),
              (std::vector<double>{2, 2e7 - 2, 0}));
    const Tensor table = ones({3, 2});
    const Tensor slopes = grad(sum(take(table, places)), table);
    EXPECT_EQ(slopes.to_vector(), (std::vector<double>{2, 2, 2e7 - 2, 2e7 - 2, 0, 0}));
  });
}

TEST(LongSums, OfUpdatesOfNothing) {
  EXPECT_EQ(index_add(zeros({3, 0}), zeros({5000}, i64), ones({5000, 0})).shape(), Shape({3, 0}));
}

TEST(LongSums, OfFewUpdatesKeepTheirBits) {
  const Tensor places = tensor({0, 1, 0, 0, 1, 0}, i64);
  const Tensor x = detach(normal({6}, {3}));
  const std::vector<double> v = x.to_vector();
  const auto f = [&](std::size_t i) { return static_cast<float>(v[i]); };
  const float first = ((f(0) + f(2)) + f(3)) + f(5), second = f(1) + f(4);
  EXPECT_EQ(index_add(zeros({2}), places, x).to_vector(), (std::vector<double>{first, second}));
}

TEST(LongSums, OfAverages) {
  const Tensor x = ones({1, 1, kMany});
  EXPECT_EQ(avg_pool1d(x, kMany).item(), 1);
  EXPECT_EQ(global_avg_pool(x).item(), 1);
  EXPECT_EQ(mean(x).item(), 1);
  const Tensor y = detach(uniform({2, 3, 500}, {4})), wide = cast(y, f64);
  for (const std::int64_t kernel : {64, 65, 100, 255, 256, 257}) {
    const std::vector<double> got = avg_pool1d(y, kernel, {.stride = 3}).to_vector();
    const std::vector<double> exact =
        mean(unfold(reshape(wide, {6, 1, 500}), kernel, {.stride = 3}), 1).to_vector();
    ASSERT_EQ(got.size(), exact.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], exact[i], 1e-6) << kernel << " " << i;
  }
}

// Windows that all see the one largest element.
TEST(LongSums, OfGradientsOfWindows) {
  in_both_modes([] {
    const Tensor x = detach(cast(equal(arange(9001), scalar(4500, i64)), f32));
    const Tensor pooled = max_pool1d(reshape(x, {1, 1, 9001}), 4501, {.stride = 1});
    const Tensor slopes = grad(sum(pooled * 0.1), x);
    EXPECT_EQ(slopes.to_vector()[4500],
              static_cast<double>(static_cast<float>(4501 * static_cast<double>(0.1F))));
  });
}

TEST(LongSums, OfLossesOfManyClasses) {
  const std::int64_t classes = 3'000'000;
  const Tensor z = detach(uniform({1, classes}, {5}, -20, -10)), t = detach(uniform({1, classes}, {6}));
  const double exact = nll(cast(z, f64), cast(t, f64)).item();
  EXPECT_NEAR(nll(z, t).item() / exact, 1, 1e-6);
  const double entropy = softmax_cross_entropy(cast(z, f64), cast(t, f64)).item();
  EXPECT_NEAR(softmax_cross_entropy(z, t).item() / entropy, 1, 1e-6);
}

// The gradient of weights, summed up piece by piece over more rows than one chain has links.
TEST_F(Programs, SumUpLongProductsInPieces) {
  const Tensor x = drawn({30'000, 30}, 1), w = drawn({30, 40}, 2);
  const Tensor h = relu(matmul(x, w)), loss = sum(square(h));
  const std::vector<Tensor> outputs{loss, grad(loss, w)};
  const Program program = program_of(outputs);
  const auto keeps = [](const Instruction& instruction) { return instruction.kept >= 0; };
  EXPECT_TRUE(std::any_of(program.instructions.begin(), program.instructions.end(), keeps));
  const Tensor slopes = detach(2 * relu(matmul(x, w)));
  EXPECT_EQ(outputs[1].to_vector(), matmul(transpose(x), slopes).to_vector());
}

}  // namespace
}  // namespace chainrule
