#include "kernels/simd/reduce.h"

#include "unit/kernel_test.h"

namespace chainrule::kernels {
namespace {

struct SumOf {
  template <class T>
  static T identity() {
    return 0;
  }
  template <class T>
  static T combine(T a, T b) {
    return a + b;
  }
};

struct MaxOf {
  template <class T>
  static T identity() {
    return -kInfinity<T>;
  }
  template <class T>
  static T combine(T a, T b) {
    return b > a || std::isnan(b) ? b : a;
  }
};

/// One column in the order that reduce.h defines, element(row) for each row.
template <class Op, class T, class Element>
T reduce_column(std::int64_t rows, Element element) {
  std::vector<T> blocks;
  for (std::int64_t begin = 0; begin < rows || blocks.empty(); begin += kBlockRows) {
    T acc = Op::template identity<T>();
    for (std::int64_t r = begin; r < std::min(rows, begin + kBlockRows); ++r)
      acc = Op::combine(acc, element(r));
    blocks.push_back(acc);
  }
  while (blocks.size() > 1) {
    std::vector<T> next;
    for (std::size_t i = 0; i < blocks.size(); i += 2)
      next.push_back(i + 1 < blocks.size() ? Op::combine(blocks[i], blocks[i + 1]) : blocks[i]);
    blocks = next;
  }
  return blocks[0];
}

template <class Op, class T>
T reduce_run(const T* x, std::int64_t n) {
  T lanes[kLanes];
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = reduce_column<Op, T>((n + kLanes - 1) / kLanes, [&](std::int64_t r) {
      const std::int64_t i = r * kLanes + lane;
      return i < n ? x[i] : Op::template identity<T>();
    });
  }
  for (std::int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) lanes[i] = Op::combine(lanes[i], lanes[i + half]);
  }
  return lanes[0];
}

template <class Op, class T>
std::vector<T> reference(const std::vector<T>& x, std::int64_t outer, std::int64_t reduce,
                         std::int64_t inner) {
  std::vector<T> y;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < inner; ++i) {
      const T* from = x.data() + o * reduce * inner + i;
      y.push_back(inner == 1 ? reduce_run<Op, T>(from, reduce)
                             : reduce_column<Op, T>(reduce, [&](std::int64_t r) { return from[r * inner]; }));
    }
  }
  return y;
}

template <class T>
std::vector<T> run_sum(const std::vector<T>& x, std::int64_t outer, std::int64_t reduce, std::int64_t inner) {
  std::vector<T> y(static_cast<std::size_t>(outer * inner), T{42});
  sum(x.data(), outer, reduce, inner, y.data());
  return y;
}

template <class T>
std::vector<T> run_max(const std::vector<T>& x, std::int64_t outer, std::int64_t reduce, std::int64_t inner) {
  std::vector<T> y(static_cast<std::size_t>(outer * inner), T{42});
  max(x.data(), outer, reduce, inner, y.data());
  return y;
}

template <class T>
std::vector<T> run_squares(const std::vector<T>& x, std::int64_t outer, std::int64_t reduce,
                           std::int64_t inner) {
  std::vector<T> y(static_cast<std::size_t>(outer * inner), T{42});
  sum_of_squares(x.data(), outer, reduce, inner, y.data());
  return y;
}

template <class T>
std::vector<T> squared(std::vector<T> x) {
  for (T& each : x) each *= each;
  return x;
}

struct Sizes {
  std::int64_t outer, reduce, inner;
};

/// Around every boundary of the definition: lanes, blocks, groups of blocks, panels of columns.
std::vector<Sizes> sizes() {
  std::vector<Sizes> all;
  for (const std::int64_t n :
       {0,    1,    2,    3,    7,    8,    10,   15,   16,   17,   31,   33,   50,    100,   1007, 1008,
        1009, 1023, 1024, 1025, 1040, 2048, 2049, 4096, 4097, 5000, 8192, 8193, 12345, 65537, 70000})
    all.push_back({n < 10000 ? 7 : 1, n, 1});  // four runs go side by side, and some are left
  for (const std::int64_t reduce : {0, 1, 2, 5, 63, 64, 65, 128, 200, 256, 257, 321, 1000}) {
    for (const std::int64_t inner : {2, 3, 8, 10, 15, 16, 17, 30, 32, 33, 50, 63, 64, 65, 100, 130})
      all.push_back({2, reduce, inner});
  }
  all.push_back({0, 5, 3});
  all.push_back({4, 5, 0});
  return all;
}

template <class T>
void expect_defined_order() {
  for (const auto& [outer, reduce, inner] : sizes()) {
    const auto n = static_cast<std::size_t>(outer * reduce * inner);
    const auto finite = normal_numbers<T>(n, static_cast<unsigned>(n));
    ASSERT_TRUE(
        same_bits(run_sum(finite, outer, reduce, inner), reference<SumOf>(finite, outer, reduce, inner)))
        << "sum of " << outer << ", " << reduce << ", " << inner;
    ASSERT_TRUE(
        same_bits(run_max(finite, outer, reduce, inner), reference<MaxOf>(finite, outer, reduce, inner)))
        << "max of " << outer << ", " << reduce << ", " << inner;
    ASSERT_TRUE(same_bits(run_squares(finite, outer, reduce, inner),
                          reference<SumOf>(squared(finite), outer, reduce, inner)))
        << "squares of " << outer << ", " << reduce << ", " << inner;
    const auto mixed = mixed_numbers<T>(n, static_cast<unsigned>(n));
    ASSERT_TRUE(
        same_bits(run_sum(mixed, outer, reduce, inner), reference<SumOf>(mixed, outer, reduce, inner)));
    ASSERT_TRUE(
        same_bits(run_max(mixed, outer, reduce, inner), reference<MaxOf>(mixed, outer, reduce, inner)));
    ASSERT_TRUE(same_bits(run_squares(mixed, outer, reduce, inner),
                          reference<SumOf>(squared(mixed), outer, reduce, inner)));
  }
}

TEST(Reduce, FollowsTheDefinedOrderExactly) {
  expect_defined_order<float>();
  expect_defined_order<double>();
}

TEST(Reduce, OfNothing) {
  const std::vector<float> none;
  EXPECT_TRUE(same_bits(run_sum(none, 2, 0, 1), {0.0F, 0.0F}));
  EXPECT_TRUE(same_bits(run_sum(none, 1, 0, 3), {0.0F, 0.0F, 0.0F}));
  EXPECT_TRUE(same_bits(run_max(none, 1, 0, 1), {-kInfinity<float>}));
}

TEST(Reduce, SpecialValues) {
  EXPECT_TRUE(same_bits(run_sum(std::vector<float>{-0.0F}, 1, 1, 1), {0.0F}));
  EXPECT_TRUE(same_bits(run_sum(std::vector<float>{kInfinity<float>, 1}, 1, 2, 1), {kInfinity<float>}));
  EXPECT_TRUE(
      same_bits(run_sum(std::vector<float>{kInfinity<float>, -kInfinity<float>}, 1, 2, 1), {kNaN<float>}));
  EXPECT_TRUE(same_bits(run_max(std::vector<float>{-kInfinity<float>}, 1, 1, 1), {-kInfinity<float>}));
  // A NaN wins wherever it stands, also before larger numbers.
  for (std::size_t at = 0; at < 40; ++at) {
    std::vector<double> x(40, 1e300);
    x[at] = kNaN<double>;
    EXPECT_TRUE(std::isnan(run_max(x, 1, 40, 1)[0])) << at;
    EXPECT_TRUE(std::isnan(run_max(x, 1, 20, 2)[at % 2])) << at;
    EXPECT_EQ(run_max(x, 1, 20, 2)[1 - at % 2], 1e300) << at;
  }
}

TEST(Reduce, ErrorOfALongSumStaysSmall) {
  // A plain float loop over 2^22 tenths is off by some 10 percent; the tree's error is a few ULP.
  const std::vector<float> x(std::size_t{1} << 22, 0.1F);
  const double exact = static_cast<double>(0.1F) * static_cast<double>(x.size());
  const auto n = static_cast<std::int64_t>(x.size());
  EXPECT_LT(ulp_error<float>(run_sum(x, 1, n, 1)[0], exact), 40);
  EXPECT_LT(ulp_error<float>(run_sum(x, 1, n / 2, 2)[0], exact / 2), 40);
}

template <class T>
std::vector<T> large_reductions() {
  std::vector<T> all;
  const auto x = normal_numbers<T>(1000003, 11);
  const auto add = [&](const std::vector<T>& y) { all.insert(all.end(), y.begin(), y.end()); };
  const Sizes cases[] = {{1, 1000003, 1}, {1, 1000000, 1}, {1, 65536 * 15, 1}, {3, 333333, 1},
                         {100, 10000, 1}, {1, 62500, 16},  {1, 100000, 10},    {1, 10000, 100},
                         {2, 5000, 100},  {1, 199999, 5}};
  for (const auto& [outer, reduce, inner] : cases) {
    add(run_sum(x, outer, reduce, inner));
    add(run_max(x, outer, reduce, inner));
    add(run_squares(x, outer, reduce, inner));
  }
  return all;
}

TEST(Reduce, SameBitsOnAvx2AndAvx512) {
  CHAINRULE_SKIP_WITHOUT_BOTH_WIDTHS();
  expect_same_on_both_widths([] { return large_reductions<float>(); });
  expect_same_on_both_widths([] { return large_reductions<double>(); });
}

TEST(Reduce, SameBitsForAnyNumberOfThreads) {
  const SimdGuard guard;
  set_num_threads(1);
  const auto one = large_reductions<float>();
  const auto one_f64 = large_reductions<double>();
  for (const int threads : {2, 3, 4}) {
    set_num_threads(threads);
    EXPECT_TRUE(same_bits(large_reductions<float>(), one)) << threads;
    EXPECT_TRUE(same_bits(large_reductions<double>(), one_f64)) << threads;
  }
}

}  // namespace
}  // namespace chainrule::kernels
