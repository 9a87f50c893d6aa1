#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "chainrule/random.h"

namespace chainrule {
namespace {

// The known answers that come with Random123 (kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(Philox::encrypt({0, 0, 0, 0}, {0, 0}),
            (Philox::Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox::encrypt({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Philox::Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox::encrypt({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Philox::Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, SeedStreamStepAndElementAllMatter) {
  std::set<Philox::Block> seen;
  for (std::uint64_t seed : {0, 1, 2})
    for (std::uint64_t stream : {0, 1, 2})
      for (std::uint64_t step : {0, 1, 2})
        for (std::uint64_t index : {0, 1, 2}) seen.insert(Philox(seed, stream).block(step, index));
  EXPECT_EQ(seen.size(), 81u);
  const std::uint64_t high = std::uint64_t{1} << 32;
  EXPECT_NE(Philox(0, 1).block(high, 0), Philox(0, 1).block(0, 0));
  EXPECT_NE(Philox(0, 1).block(0, high), Philox(0, 1).block(0, 0));
  EXPECT_NE(Philox(0, 1).block(1, 0), Philox(0, 1).block(0, 1));
}

TEST(Philox, HalfOfTheBitsChangeWithOneBitOfTheSeed) {
  int changed = 0;
  for (int bit = 0; bit < 64; ++bit) {
    const auto a = Philox(7, 1).block(3, 5);
    const auto b = Philox(7 ^ (std::uint64_t{1} << bit), 1).block(3, 5);
    for (std::size_t i = 0; i < 4; ++i) changed += __builtin_popcount(a[i] ^ b[i]);
  }
  EXPECT_NEAR(changed, 64 * 64, 200);  // of 64 * 128 bits; the standard deviation is 45
}

TEST(Uniform, CoversTheHalfOpenInterval) {
  EXPECT_EQ(uniform_f64(0), 0.0);
  EXPECT_EQ(uniform_f64(~std::uint64_t{0}), 1.0 - 0x1p-53);
  EXPECT_EQ(uniform_f32(~std::uint32_t{0}), 1.0f - 0x1p-24f);
  Random random(1);
  double sum = 0, squares = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / n, 0.5, 0.004);  // standard error 0.0009
  EXPECT_NEAR(squares / n, 1.0 / 3, 0.004);
}

TEST(Normal, QuantileInvertsTheDistribution) {
  for (double x = -8; x <= 8; x += 0.03125) {
    const double p = 0.5 * std::erfc(-x / std::sqrt(2.0));
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
    // p carries a relative rounding error of some 1e-16, which the slope 1 / density turns into one of x.
    EXPECT_NEAR(normal_quantile(p), x, 4e-15 * std::abs(x) + 4e-16 * p / density + 1e-15) << x;
  }
  EXPECT_EQ(normal_quantile(0.5), 0.0);
  // Computed with Python's statistics.NormalDist().inv_cdf.
  EXPECT_NEAR(normal_quantile(0.25), -0.6744897501960817, 1e-15);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167814, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-20), -9.262340089798408, 1e-13);
}

TEST(Normal, QuantileOfWhatIsNoProbability) {
  EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(normal_quantile(-0.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.1)));
  EXPECT_TRUE(std::isnan(normal_quantile(std::numeric_limits<double>::quiet_NaN())));
}

TEST(Normal, IsSymmetricAndFiniteAtBothEnds) {
  EXPECT_EQ(normal_f64(0), -normal_f64(~std::uint64_t{0}));
  EXPECT_NEAR(normal_f64(0), -8.2095, 0.0001);  // the quantile of 2^-53
}

TEST(Normal, HasTheRightMoments) {
  Random random(2, streams::kInit);
  double m1 = 0, m2 = 0, m4 = 0;
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    m1 += x;
    m2 += x * x;
    m4 += x * x * x * x;
  }
  EXPECT_NEAR(m1 / n, 0, 0.01);
  EXPECT_NEAR(m2 / n, 1, 0.015);
  EXPECT_NEAR(m4 / n, 3, 0.12);
}

TEST(Random, BelowIsEvenAndStaysBelow) {
  Random random(3);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  double chi2 = 0;
  for (int count : counts) chi2 += (count - 10000.0) * (count - 10000.0) / 10000;
  EXPECT_LT(chi2, 22.5);  // 6 degrees of freedom: exceeded once in 1000
  EXPECT_EQ(random.below(0), 0u);
  EXPECT_EQ(random.below(1), 0u);
  // Bounds for which a plain remainder, or a plain product, would be twice as likely for some thirds.
  for (std::uint64_t bound : {std::uint64_t{3} << 30, std::uint64_t{3} << 62}) {
    std::vector<int> thirds(3);
    std::vector<int> remainders(3);
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t x = random.below(bound);
      ASSERT_LT(x, bound);
      ++thirds[x / (bound / 3)];
      ++remainders[x % 3];
    }
    for (int count : thirds) EXPECT_NEAR(count, 1000, 130);  // 5 standard deviations
    for (int count : remainders) EXPECT_NEAR(count, 1000, 130);
  }
  EXPECT_LT(random.below(std::uint64_t{1} << 32), std::uint64_t{1} << 32);
}

TEST(Random, WalksTheElementsOfItsStep) {
  const Philox philox(9, streams::kSample);
  Random random(philox, 4);
  for (std::uint64_t index = 0; index < 3; ++index)
    for (std::uint32_t word : philox.block(4, index)) EXPECT_EQ(random(), word);
  std::vector<int> cards{1, 2, 3, 4, 5};
  std::shuffle(cards.begin(), cards.end(), random);  // usable with the standard library
  std::sort(cards.begin(), cards.end());
  EXPECT_EQ(cards, (std::vector<int>{1, 2, 3, 4, 5}));
}

// Written down once on x86-64 with g++ 12; every machine and compiler must reproduce them.
TEST(Random, GivesTheSameBitsEverywhere) {
  Random random(42, streams::kInit);
  EXPECT_EQ(random.normal(), -0x1.240659190bf04p-4);
  EXPECT_EQ(random.normal(), -0x1.ada40ab0b96dcp-3);
  EXPECT_EQ(random.normal(), -0x1.33f6787499e78p-2);
  EXPECT_EQ(normal_quantile(1e-3), -0x1.8b8cbb720447p+1);
  EXPECT_EQ(normal_quantile(1e-300), -0x1.286074064c26ep+5);
}

}  // namespace
}  // namespace chainrule
