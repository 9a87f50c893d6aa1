#include "kernels/simd/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {
namespace {

// Puts threads and instruction set back as they were.
class GemmTest : public ::testing::Test {
 protected:
  void TearDown() override {
    set_num_threads(threads_);
    set_simd_ceiling(SimdCeiling::none);
  }
  // Holds kernels to an instruction set; false, with a note, where the CPU lacks it.
  static bool use(SimdCeiling ceiling, const std::string& name) {
    set_simd_ceiling(ceiling);
    if (simd_name() == name) return true;
    std::printf("note: this CPU has no %s, it is not compared here\n", name.c_str());
    return false;
  }

 private:
  int threads_ = num_threads();
};

struct Size {
  std::int64_t m, n, k;
};

struct Options {
  bool trans_a = false, trans_b = false, accumulate = false, bias = false, relu = false, mask = false,
       update = false;
  std::int64_t gap = 0;  // unused elements at the end of each stored row
};

// A product with its memory. Whatever must not be read is NaN; what must not be written is kGuard.
template <class T>
struct Problem {
  static constexpr T kGuard = T(12345);
  std::vector<T> a, b, c, bias, mask, base;
  Gemm<T> gemm;

  Problem(const Size& s, const Options& o, unsigned seed) : random_(seed) {
    gemm = {
        .m = s.m, .n = s.n, .k = s.k, .trans_a = o.trans_a, .trans_b = o.trans_b, .accumulate = o.accumulate};
    gemm.lda = (o.trans_a ? s.m : s.k) + o.gap;
    gemm.ldb = (o.trans_b ? s.k : s.n) + o.gap;
    gemm.ldc = s.n + o.gap;
    fill(a, o.trans_a ? s.k : s.m, gemm.lda, o.gap, std::numeric_limits<T>::quiet_NaN());
    fill(b, o.trans_b ? s.n : s.k, gemm.ldb, o.gap, std::numeric_limits<T>::quiet_NaN());
    fill(c, s.m, gemm.ldc, o.gap, kGuard);
    if (!o.accumulate)
      for (std::int64_t i = 0; i < s.m; ++i)
        std::fill_n(c.begin() + i * gemm.ldc, s.n, std::numeric_limits<T>::quiet_NaN());
    if (o.bias) fill(bias, 1, s.n, 0, T{0});
    gemm.a = a.data();
    gemm.b = b.data();
    gemm.bias = o.bias ? bias.data() : nullptr;
    gemm.activation = o.relu ? Activation::relu : Activation::none;
    if (o.mask) {
      fill(mask, s.m, gemm.ldc, o.gap, std::numeric_limits<T>::quiet_NaN());
      for (std::size_t i = 0; i < mask.size(); i += 7)
        mask[i] = i % 2 == 0 ? T{0} : std::numeric_limits<T>::quiet_NaN();
      gemm.mask = mask.data();
    }
    if (o.update) {
      fill(base, s.m, gemm.ldc, o.gap, std::numeric_limits<T>::quiet_NaN());
      gemm.base = base.data();
      gemm.scale = T(0.3);
    }
  }

  // Links [begin, end) of an output's chain.
  T chain(std::int64_t i, std::int64_t j, std::int64_t begin, std::int64_t end) const {
    T sum = gemm.accumulate && begin == 0 ? c[at(i * gemm.ldc + j)] : T{0};
    for (std::int64_t p = begin; p < end; ++p)
      sum = std::fma(a[at(gemm.trans_a ? p * gemm.lda + i : i * gemm.lda + p)],
                     b[at(gemm.trans_b ? j * gemm.ldb + p : p * gemm.ldb + j)], sum);
    return sum;
  }

  // What gemm.h promises, written out.
  std::vector<T> expected() const {
    std::vector<T> out = c;
    for (std::int64_t i = 0; i < gemm.m; ++i)
      for (std::int64_t j = 0; j < gemm.n; ++j) {
        std::vector<T> sums;
        for (std::int64_t p = 0; p == 0 || p < gemm.k; p += Gemm<T>::kMaxChain)
          sums.push_back(chain(i, j, p, std::min(gemm.k, p + Gemm<T>::kMaxChain)));
        while (sums.size() > 1) {  // an odd one waits for the next round
          std::vector<T> pairs;
          for (std::size_t s = 0; s < sums.size(); s += 2)
            pairs.push_back(s + 1 < sums.size() ? sums[s] + sums[s + 1] : sums[s]);
          sums = pairs;
        }
        T sum = sums[0];
        if (gemm.bias != nullptr) sum += bias[at(j)];
        if (gemm.activation == Activation::relu) sum = sum <= 0 ? T{0} : sum;
        if (gemm.mask != nullptr && mask[at(i * gemm.ldc + j)] <= 0) sum = 0;
        if (gemm.base != nullptr) sum = base[at(i * gemm.ldc + j)] - gemm.scale * sum;
        out[at(i * gemm.ldc + j)] = sum;
      }
    return out;
  }

  std::vector<T> run() const {
    std::vector<T> out = c;
    Gemm<T> call = gemm;
    call.c = out.data();
    kernels::gemm(call);
    return out;
  }

  std::string text() const {
    return std::string(sizeof(T) == 4 ? "f32 " : "f64 ") + (gemm.trans_a ? "T" : "N") +
           (gemm.trans_b ? "T" : "N") + " m=" + std::to_string(gemm.m) + " n=" + std::to_string(gemm.n) +
           " k=" + std::to_string(gemm.k) + " ldc=" + std::to_string(gemm.ldc) +
           (gemm.accumulate ? " accumulate" : "") + (gemm.bias != nullptr ? " bias" : "") +
           (gemm.activation == Activation::relu ? " relu" : "") + (gemm.mask != nullptr ? " mask" : "") +
           (gemm.base != nullptr ? " update" : "") + " on " + std::string(simd_name()) + ", " +
           std::to_string(num_threads()) + " threads";
  }

 private:
  static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

  // The last row has no gap behind it, so that a sanitizer sees a read past the end.
  void fill(std::vector<T>& data, std::int64_t rows, std::int64_t ld, std::int64_t gap, T between) {
    data.assign(rows == 0 ? 0 : at((rows - 1) * ld + ld - gap), between);
    std::uniform_real_distribution<T> uniform(-1, 1);
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < ld - gap; ++j) data[at(i * ld + j)] = uniform(random_);
  }

  std::mt19937 random_;
};

// The first difference in bits, or -1. One NaN is as good as another.
template <class T>
std::int64_t first_difference(const std::vector<T>& a, const std::vector<T>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(&a[i], &b[i], sizeof(T)) != 0 && !(std::isnan(a[i]) && std::isnan(b[i])))
      return static_cast<std::int64_t>(i);
  return -1;
}

bool fused() { return simd_name() != "sse4" && simd_name() != "scalar"; }

template <class T>
void expect_exact(const Problem<T>& problem) {
  const std::vector<T> expected = problem.expected();
  for (const SimdCeiling ceiling : {SimdCeiling::none, SimdCeiling::avx2}) {
    set_simd_ceiling(ceiling);
    if (!fused()) continue;
    const std::vector<T> got = problem.run();
    const std::int64_t bad = first_difference(got, expected);
    ASSERT_EQ(bad, -1) << problem.text() << ": got " << got[static_cast<std::size_t>(bad)] << ", want "
                       << expected[static_cast<std::size_t>(bad)];
  }
}

const Size kSizes[] = {
    {0, 5, 3},      {5, 0, 3},      {5, 3, 0},      {1, 1, 1},      {1, 7, 9},     {2, 16, 5},
    {1, 300, 40},   {2, 131, 33},   {3, 47, 12},    {7, 48, 31},    {8, 48, 64},   {9, 49, 65},
    {15, 96, 7},    {16, 97, 32},   {17, 64, 33},   {24, 24, 24},   {31, 50, 40},  {32, 50, 40},
    {33, 51, 35},   {100, 50, 64},  {100, 10, 50},  {50, 10, 100},  {40, 98, 130}, {65, 25, 33},
    {9, 33, 600},   {64, 3, 64},    {9, 100, 1030}, {40, 193, 100}, {300, 17, 20}, {129, 26, 70},
    {18, 49, 1100}, {129, 100, 40}, {64, 40, 900},  {66, 49, 33},   {1, 50, 1030}, {2, 100, 9},
    {1, 5, 70},     {50, 50, 403},  {130, 98, 515}, {5, 7, 4096},   {3, 50, 4097}, {18, 33, 8192},
    {1, 1, 20000},  {2, 17, 12300}, {17, 5, 37000},
};

// The result may lie where the base does, as long as no unfinished sum is left there.
template <class T>
void updates_in_place() {
  for (const Size& size : kSizes) {
    if (size.k > Gemm<T>::kMaxDepth) continue;
    const Problem<T> problem(size, {.trans_a = true, .mask = true, .update = true, .gap = 3}, 4);
    std::vector<T> c = problem.base;
    Gemm<T> call = problem.gemm;
    call.c = c.data();
    call.base = c.data();
    gemm(call);
    std::vector<T> expected = problem.base;
    const std::vector<T> apart = problem.expected();
    for (std::int64_t i = 0; i < size.m; ++i)
      std::copy_n(apart.begin() + i * call.ldc, size.n, expected.begin() + i * call.ldc);
    ASSERT_EQ(first_difference(c, expected), -1) << problem.text();
  }
}

TEST_F(GemmTest, UpdatesInPlace) {
  if (!fused()) GTEST_SKIP() << "no fused multiply-add here";
  updates_in_place<float>();
  updates_in_place<double>();
}

template <class T>
void every_size() {
  unsigned seed = 1;
  for (const Size& size : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const unsigned bits = seed * 2654435761u >> 16;  // the other options by turns, in every mixture
        const Options options{.trans_a = ta,
                              .trans_b = tb,
                              .accumulate = (bits & 1) != 0,
                              .bias = (bits & 2) != 0,
                              .relu = (bits & 4) != 0,
                              .mask = (bits & 16) != 0,
                              .update = (bits & 32) != 0,
                              .gap = (bits & 8) != 0 ? 5 : 0};
        expect_exact(Problem<T>(size, options, seed++));
        if (::testing::Test::HasFatalFailure()) return;
      }
}

TEST_F(GemmTest, EveryOutputIsTheChainExactlyF32) { every_size<float>(); }
TEST_F(GemmTest, EveryOutputIsTheChainExactlyF64) { every_size<double>(); }

TEST_F(GemmTest, RandomProductsAreExact) {
  std::mt19937 random(20);
  const auto up_to = [&](int limit) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(limit));
  };
  for (int round = 0; round < 120; ++round) {
    const Size size{up_to(round % 8 < 2 ? 280 : 70), up_to(110), up_to(90)};
    const Options options{.trans_a = up_to(2) == 1,
                          .trans_b = up_to(2) == 1,
                          .accumulate = up_to(2) == 1,
                          .bias = up_to(2) == 1,
                          .relu = up_to(3) == 0,
                          .mask = up_to(3) == 0,
                          .update = up_to(3) == 0,
                          .gap = up_to(4)};
    const auto seed = static_cast<unsigned>(round);
    if (round % 2 == 0) {
      expect_exact(Problem<float>(size, options, seed));
    } else {
      expect_exact(Problem<double>(size, options, seed));
    }
    if (HasFatalFailure()) return;
  }
}

// Rows of a and b in reverse order and wherever the matrix has them: the same product of other rows.
template <class T>
void shifted_rows_of_every_size() {
  for (const Size& size : kSizes) {
    for (const bool accumulate : {false, true}) {
      Problem<T> problem(size, {.accumulate = accumulate, .gap = 3}, 8);
      problem.b.resize(problem.b.size() + Gemm<T>::kReadable, std::numeric_limits<T>::quiet_NaN());
      problem.gemm.b = problem.b.data();
      const Problem<T> plain = problem;
      std::vector<std::int64_t> a_rows, b_rows;
      for (std::int64_t i = 0; i < size.m; ++i) a_rows.push_back(i * problem.gemm.lda);
      for (std::int64_t p = 0; p < size.k; ++p) b_rows.push_back(p * problem.gemm.ldb);
      for (const int which : {1, 2}) {
        problem.gemm.a_rows = which & 1 ? a_rows.data() : nullptr;
        problem.gemm.b_rows = which & 2 ? b_rows.data() : nullptr;
        problem.gemm.lda = which & 1 ? 0 : plain.gemm.lda;
        problem.gemm.ldb = which & 2 ? 0 : plain.gemm.ldb;
        EXPECT_EQ(first_difference(problem.run(), plain.run()), -1) << plain.text() << " shifted " << which;
      }
      problem.gemm.b_rows = nullptr;
      problem.gemm.ldb = plain.gemm.ldb;
      std::reverse(a_rows.begin(), a_rows.end());
      problem.gemm.a_rows = a_rows.data();
      const std::vector<T> turned = problem.run(), straight = plain.run();
      for (std::int64_t i = 0; !accumulate && i < size.m; ++i) {
        const auto row = static_cast<std::size_t>(i * problem.gemm.ldc);
        const auto other = static_cast<std::size_t>((size.m - 1 - i) * problem.gemm.ldc);
        EXPECT_EQ(std::memcmp(&turned[row], &straight[other], static_cast<std::size_t>(size.n) * sizeof(T)),
                  0);
      }
    }
  }
}

TEST_F(GemmTest, RowsMayBeginAnywhere) {
  shifted_rows_of_every_size<float>();
  shifted_rows_of_every_size<double>();
  set_simd_ceiling(SimdCeiling::avx2);
  shifted_rows_of_every_size<float>();
}

// C is cut into parts that the second cache holds: the outputs are those of a few rows by themselves.
TEST_F(GemmTest, LongChainsOfAWideProduct) {
  for (const Options& options : {Options{.bias = true, .relu = true, .gap = 2},
                                 Options{.trans_b = true, .accumulate = true, .mask = true}}) {
    const Problem<float> problem({150, 1100, 9000}, options, 7);
    const std::vector<float> got = problem.run();
    for (std::int64_t i = 0; i < 150; i += 50) {
      Problem<float> rows = problem;
      const std::int64_t at = i * rows.gemm.ldc;
      rows.gemm.m = 50;
      rows.gemm.a += i * rows.gemm.lda;
      if (rows.gemm.mask != nullptr) rows.gemm.mask += at;
      rows.c.assign(problem.c.begin() + at, problem.c.begin() + at + 49 * rows.gemm.ldc + 1100);
      const std::vector<float> part = rows.run();
      for (std::int64_t r = 0; r < 50; ++r) {
        const auto row = static_cast<std::size_t>(r * rows.gemm.ldc);
        EXPECT_EQ(std::memcmp(&part[row], &got[row + static_cast<std::size_t>(at)], 1100 * sizeof(float)), 0)
            << problem.text() << " row " << i + r;
      }
    }
  }
}

TEST_F(GemmTest, ThreadsChangeNoBits) {
  if (!fused()) GTEST_SKIP() << "no fused multiply-add here";
  const Options plain, turned{.trans_a = true, .bias = true, .relu = true, .gap = 3}, other{.trans_b = true};
  for (const Size& size : {Size{100, 50, 784}, Size{784, 50, 100}, Size{130, 515, 90}, Size{8, 3000, 70},
                           Size{700, 7, 300}, Size{40, 70, 9001}})
    for (const Options& options : {plain, turned, other}) {
      const Problem<float> problem(size, options, 3);
      set_num_threads(1);
      const std::vector<float> one = problem.run();
      for (int threads = 2; threads <= 4; ++threads) {
        set_num_threads(threads);
        ASSERT_EQ(first_difference(problem.run(), one), -1) << problem.text();
      }
    }
}

TEST_F(GemmTest, VectorWidthChangesNoBits) {
  const Problem<float> narrow({100, 50, 784}, {.bias = true}, 5);
  const Problem<double> wide({70, 300, 520}, {.trans_a = true}, 6);
  if (!use(SimdCeiling::avx512, "avx512")) GTEST_SKIP() << "this CPU has no AVX-512";
  const std::vector<float> narrow_512 = narrow.run();
  const std::vector<double> wide_512 = wide.run();
  ASSERT_TRUE(use(SimdCeiling::avx2, "avx2"));
  EXPECT_EQ(first_difference(narrow.run(), narrow_512), -1);
  EXPECT_EQ(first_difference(wide.run(), wide_512), -1);
}

TEST_F(GemmTest, WithoutFusedMultiplyAddResultsAreClose) {
  set_simd_ceiling(SimdCeiling::sse4);
  if (simd_name() != "sse4") GTEST_SKIP() << "this CPU has no SSE4";
  for (const Size& size : {Size{33, 50, 64}, Size{7, 9, 100}, Size{1, 40, 30}}) {
    const Problem<float> problem(size, {.trans_a = true, .accumulate = true, .bias = true, .gap = 2}, 8);
    const std::vector<float> got = problem.run(), want = problem.expected();
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-4) << problem.text();
  }
}

TEST_F(GemmTest, InfinityAndNaNReachTheirOwnRowOrColumnOnly) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const Size& size : {Size{40, 50, 64}, Size{5, 21, 40}, Size{1, 3, 9}}) {
    Problem<float> problem(size, {}, 9);
    const std::int64_t row = size.m / 2, column = size.n - 1;
    problem.a[static_cast<std::size_t>(row * size.k + 4)] = inf;
    problem.b[static_cast<std::size_t>(7 * size.n + column)] = nan;
    problem.b[static_cast<std::size_t>(4 * size.n)] = 0;  // inf * 0 is NaN
    const std::vector<float> got = problem.run();
    for (std::int64_t i = 0; i < size.m; ++i)
      for (std::int64_t j = 0; j < size.n; ++j) {
        const float value = got[static_cast<std::size_t>(i * size.n + j)];
        if (j == column || (i == row && j == 0)) {
          ASSERT_TRUE(std::isnan(value)) << i << ", " << j;
        } else if (i == row) {
          ASSERT_TRUE(std::isinf(value)) << i << ", " << j;
        } else {
          ASSERT_TRUE(std::isfinite(value)) << i << ", " << j;
        }
      }
  }
}

TEST_F(GemmTest, ReluKeepsNaNAndGivesPlusZero) {
  const float a[] = {std::numeric_limits<float>::quiet_NaN(), -1.0F, 2.0F}, b[] = {1.0F};
  float c[3];
  gemm(Gemm<float>{.m = 3,
                   .n = 1,
                   .k = 1,
                   .a = a,
                   .lda = 1,
                   .b = b,
                   .ldb = 1,
                   .c = c,
                   .ldc = 1,
                   .activation = Activation::relu});
  EXPECT_TRUE(std::isnan(c[0]));
  EXPECT_EQ(c[1], 0.0F);
  EXPECT_FALSE(std::signbit(c[1]));
  EXPECT_EQ(c[2], 2.0F);
}

}  // namespace
}  // namespace chainrule::kernels
