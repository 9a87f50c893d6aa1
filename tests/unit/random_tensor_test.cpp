#include "chainrule/random_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

double mean_of(const Values& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double correlation(const Values& x, const Values& y) {
  const double mx = mean_of(x), my = mean_of(y);
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

TEST(RandomTensor, AreTheNumbersOfTheGenerator) {
  const RandomKey key{.seed = 5, .stream = 77, .step = 3};
  Random uniforms(5, 77, 3), normals(5, 77, 3);
  const Values u = uniform({101}, key, 0, 1, f64).to_vector();
  const Values n = normal({101}, key, 0, 1, f64).to_vector();
  for (std::size_t i = 0; i < u.size(); ++i) {
    EXPECT_EQ(u[i], uniforms.uniform());
    EXPECT_EQ(n[i], normals.normal());
  }
}

// By vectors of any width, and what is left at the ends: the same bits as one after the other.
TEST(RandomTensor, OfAllWidthsAndSizesAreTheSame) {
  const RandomKey key{.seed = 9, .stream = 3, .step = (std::uint64_t{7} << 32) + 1};
  constexpr std::int64_t kMost = 40001;
  Values wide, narrow, bells;
  Random uniforms(key.seed, key.stream, key.step), normals(key.seed, key.stream, key.step);
  for (std::int64_t i = 0; i < kMost; ++i) {
    const std::uint64_t bits = uniforms.bits64();
    wide.push_back(uniform_f64(bits));
    narrow.push_back(uniform_f32(static_cast<std::uint32_t>(bits >> 32)));
    bells.push_back(normals.normal());
  }
  const auto begins = [](const Values& all, const Values& some) {
    return std::equal(some.begin(), some.end(), all.begin());
  };
  for (const auto ceiling :
       {kernels::SimdCeiling::sse4, kernels::SimdCeiling::avx2, kernels::SimdCeiling::none}) {
    kernels::set_simd_ceiling(ceiling);
    for (const std::int64_t count : {1, 2, 3, 15, 16, 17, 33, 255, 256, 257, 20001, 40001}) {
      EXPECT_TRUE(begins(wide, uniform({count}, key, 0, 1, f64).to_vector())) << count;
      EXPECT_TRUE(begins(narrow, uniform({count}, key).to_vector())) << count;
      EXPECT_TRUE(begins(bells, normal({count}, key, 0, 1, f64).to_vector())) << count;
    }
  }
}

TEST(RandomTensor, DependOnKeyAndElementAlone) {
  const int threads = num_threads();
  const Values reference = uniform({50000}, {1}).to_vector();
  for (const int count : {1, 2, 3}) {
    set_num_threads(count);
    EXPECT_EQ(uniform({50000}, {1}).to_vector(), reference);
  }
  set_num_threads(threads);
  EXPECT_EQ(uniform({500, 100}, {1}).to_vector(), reference) << "of another shape";
  const Values begin = uniform({7}, {1}).to_vector();
  EXPECT_TRUE(std::equal(begin.begin(), begin.end(), reference.begin())) << "fewer of them";
  const Values wide = uniform({50000}, {1}, 0, 1, f64).to_vector();
  for (std::size_t i = 0; i < wide.size(); ++i) {
    EXPECT_EQ(std::floor(wide[i] * 0x1p24) * 0x1p-24, reference[i]) << "f32 is f64 cut short";
  }
}

TEST(RandomTensor, KeysAreUnrelated) {
  const RandomKey keys[] = {{1}, {2}, {1, streams::kDropout}, {1, streams::kUser, 1}, {1, streams::kUser, 2}};
  for (const RandomKey& a : keys) {
    for (const RandomKey& b : keys) {
      if (&a == &b) continue;
      // 5 standard deviations of the correlation of 40000 independent pairs.
      EXPECT_LT(std::abs(correlation(uniform({40000}, a).to_vector(), uniform({40000}, b).to_vector())),
                0.025);
    }
  }
}

TEST(RandomTensor, UniformNumbersFillTheIntervalEvenly) {
  const Values x = uniform({100000}, {3}, -2, 6, f64).to_vector();
  std::vector<double> counts(100);
  for (const double value : x) {
    ASSERT_GE(value, -2);
    ASSERT_LT(value, 6);
    ++counts[static_cast<std::size_t>((value + 2) / 8 * 100)];
  }
  double chi_square = 0;
  for (const double count : counts) chi_square += (count - 1000) * (count - 1000) / 1000;
  // 99 degrees of freedom: between 52.5 and 163 with probability 1 - 1e-4.
  EXPECT_GT(chi_square, 52.5);
  EXPECT_LT(chi_square, 163);
}

TEST(RandomTensor, NormalNumbersHaveTheirMoments) {
  const Values x = normal({100000}, {4}, 3, 2, f64).to_vector();
  double second = 0, fourth = 0;
  for (const double value : x) {
    const double z = (value - 3) / 2;
    second += z * z;
    fourth += z * z * z * z;
  }
  EXPECT_NEAR(mean_of(x), 3, 5 * 2 / std::sqrt(1e5));
  EXPECT_NEAR(second / 1e5, 1, 5 * std::sqrt(2 / 1e5));
  EXPECT_NEAR(fourth / 1e5, 3, 5 * std::sqrt(96 / 1e5));
}

TEST(RandomTensor, ParametersMayBeTensors) {
  const Tensor mean = tensor({0, 100}, f64), deviation = scalar(2, f64);
  const Tensor x = normal({1000, 2}, {5}, mean, deviation, f64);
  EXPECT_EQ(x.shape(), Shape({1000, 2}));
  const std::vector<Tensor> g = grad(sum(x), {mean, deviation});
  EXPECT_EQ(g[0].to_vector(), (Values{1000, 1000}));
  EXPECT_NEAR(g[1].item(), sum(normal({1000, 2}, {5}, 0, 1, f64)).item(), 1e-9);
  EXPECT_THROW(uniform({3}, {1}, tensor({1, 2})), ShapeError);
  EXPECT_THROW(uniform({3}, {1}, 0, 1, i64), DTypeError);
}

TEST(RandomTensor, BernoulliHasItsProbability) {
  const Values x = bernoulli({100000}, {6}, 0.3).to_vector();
  EXPECT_NEAR(mean_of(x), 0.3, 5 * std::sqrt(0.21 / 1e5));
  EXPECT_EQ(mean_of(bernoulli({100}, {6}, 0).to_vector()), 0);
  EXPECT_EQ(mean_of(bernoulli({100}, {6}, 1).to_vector()), 1);
  EXPECT_EQ(bernoulli({2}, {6}, tensor({0, 1})).to_vector(), (Values{0, 1}));
  EXPECT_THROW(bernoulli({3}, {1}, 1.5), ValueError);
}

TEST(RandomTensor, PermutationsArePermutations) {
  const std::vector<std::int64_t> order = permutation(1000, {7}).to_vector<std::int64_t>();
  std::vector<std::int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NE(order, sorted);
  for (std::int64_t i = 0; i < 1000; ++i) EXPECT_EQ(sorted[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(permutation(0, {7}).numel(), 0);
}

// The six orders of three are equally likely.
TEST(RandomTensor, PermutationsAreEquallyLikely) {
  std::vector<double> counts(6);
  for (std::uint64_t step = 0; step < 6000; ++step) {
    const std::vector<double> p = permutation(3, {.seed = 8, .step = step}).to_vector();
    ++counts[static_cast<std::size_t>(2 * p[0] + (p[1] > p[2] ? 1 : 0))];
  }
  double chi_square = 0;
  for (const double count : counts) chi_square += (count - 1000) * (count - 1000) / 1000;
  EXPECT_LT(chi_square, 25.7) << "5 degrees of freedom, probability 1e-4";
}

TEST(Dropout, KeepsTheExpectation) {
  const Tensor x = ones({100000}, f64);
  const Values y = dropout(x, 0.4, {9}).to_vector();
  const double kept = static_cast<double>(std::count(y.begin(), y.end(), 1 / 0.6));
  EXPECT_EQ(kept + static_cast<double>(std::count(y.begin(), y.end(), 0)), 1e5);
  EXPECT_NEAR(kept / 1e5, 0.6, 5 * std::sqrt(0.24 / 1e5));
}

TEST(Dropout, LeavesAloneOutsideTraining) {
  const Tensor x = tensor({1, 2, 3});
  EXPECT_EQ(dropout(x, 0.5, {1}, false).node(), x.node());
  EXPECT_EQ(dropout(x, 0, {1}).node(), x.node());
  const Tensor none = dropout(x, 1, {1});
  EXPECT_EQ(none.to_vector(), (Values{0, 0, 0}));
  EXPECT_EQ(grad(sum(none), x).to_vector(), (Values{0, 0, 0}));
  EXPECT_EQ(dropout(tensor({INFINITY}), 1, {1}).item(), 0);
  EXPECT_THROW(dropout(x, -0.1, {1}), ValueError);
  EXPECT_THROW(dropout(x, NAN, {1}), ValueError);
}

TEST(Dropout, MasksDoNotDependOnTheDtype) {
  const Tensor x = ones({1000});
  EXPECT_EQ(equal(dropout(x, 0.5, {2}), 0).to_vector(),
            equal(dropout(cast(x, f64), 0.5, {2}), 0).to_vector());
}

}  // namespace
}  // namespace chainrule
