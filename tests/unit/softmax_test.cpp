#include "kernels/simd/softmax.h"

#include "kernels/simd/elementwise.h"
#include "kernels/simd/reduce.h"
#include "unit/kernel_test.h"

namespace chainrule::kernels {
namespace {

template <class T>
std::vector<T> run_softmax(const std::vector<T>& z, std::int64_t rows, std::int64_t cols) {
  std::vector<T> p(z.size(), T{42});
  softmax(z.data(), rows, cols, p.data());
  return p;
}

template <class T>
std::vector<T> run_logsumexp(const std::vector<T>& z, std::int64_t rows, std::int64_t cols) {
  std::vector<T> y(static_cast<std::size_t>(rows), T{42});
  logsumexp(z.data(), rows, cols, y.data());
  return y;
}

/// The definition in wide arithmetic; finite rows.
template <class T>
std::pair<Wide<T>, Wide<T>> max_and_sum(const T* z, std::int64_t cols) {
  const Wide<T> top = *std::max_element(z, z + cols);
  Wide<T> total = 0;
  for (std::int64_t i = 0; i < cols; ++i) total += std::exp(z[i] - top);
  return {top, total};
}

constexpr std::int64_t kCols[] = {1, 2, 3, 7, 8, 10, 15, 16, 17, 50, 64, 100, 1000, 1025, 3001};

/// z - max rounds, and e^ makes that a relative error of up to |z - max| ULP; the rest is a few ULP.
template <class T>
double softmax_bound(Wide<T> shift) {
  return 6 + static_cast<double>(std::fabs(shift));
}

template <class T>
void expect_accurate(T spread) {
  for (const std::int64_t cols : kCols) {
    constexpr std::int64_t kRows = 5;
    const auto z =
        normal_numbers<T>(static_cast<std::size_t>(kRows * cols), static_cast<unsigned>(cols), spread);
    const auto p = run_softmax(z, kRows, cols);
    const auto y = run_logsumexp(z, kRows, cols);
    for (std::int64_t row = 0; row < kRows; ++row) {
      const auto [top, total] = max_and_sum(z.data() + row * cols, cols);
      for (std::int64_t i = row * cols; i < (row + 1) * cols; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const Wide<T> shift = z[at] - top;
        ASSERT_LE(ulp_error<T>(p[at], std::exp(shift) / total), softmax_bound<T>(shift)) << cols << ", " << i;
      }
      // Relative to the larger of its two terms: they may cancel.
      const Wide<T> scale = std::max(std::fabs(top), std::log(total));
      const auto error = std::fabs(y[static_cast<std::size_t>(row)] - (top + std::log(total)));
      ASSERT_LE(error, 4 * std::numeric_limits<T>::epsilon() * scale) << cols;
    }
  }
}

TEST(Softmax, AccurateAgainstWideArithmetic) {
  for (const float spread : {0.1F, 1.0F, 10.0F}) expect_accurate<float>(spread);
  for (const double spread : {0.1, 1.0, 10.0, 100.0}) expect_accurate<double>(spread);
}

/// The same bits as its parts: short rows are a path of their own, which must not differ.
template <class T>
void expect_equal_to_its_parts() {
  for (const std::int64_t cols : kCols) {
    const auto z = normal_numbers<T>(static_cast<std::size_t>(cols), 3, T{4});
    T top = 0;
    max(z.data(), 1, cols, 1, &top);
    std::vector<T> p(z.size());
    binary(Binary::sub, z.data(), false, &top, true, p.data(), cols);
    unary(Unary::exp, p.data(), p.data(), cols);
    T total = 0;
    sum(p.data(), 1, cols, 1, &total);
    const T scale = 1 / total;
    binary(Binary::mul, p.data(), false, &scale, true, p.data(), cols);
    EXPECT_TRUE(same_bits(run_softmax(z, 1, cols), p)) << cols;
    T log_total = 0;
    unary(Unary::log, &total, &log_total, 1);
    EXPECT_TRUE(same_bits(run_logsumexp(z, 1, cols), {top + log_total})) << cols;
  }
}

TEST(Softmax, EqualToItsParts) {
  expect_equal_to_its_parts<float>();
  expect_equal_to_its_parts<double>();
}

template <class T>
void expect_extreme_rows() {
  const T inf = kInfinity<T>;
  const T nan = kNaN<T>;
  for (const std::int64_t cols : {2, 10, 16, 40}) {
    const auto row = [&](T first, T second, T others) {
      std::vector<T> z(static_cast<std::size_t>(cols), others);
      z[0] = first;
      z[1] = second;
      return z;
    };
    const std::vector<T> all_nan(static_cast<std::size_t>(cols), nan);

    EXPECT_TRUE(same_bits(run_softmax(row(1000, -1000, -1000), 1, cols), row(1, 0, 0)));
    EXPECT_EQ(run_logsumexp(row(1000, -1000, -1000), 1, cols)[0], T{1000});
    EXPECT_TRUE(same_bits(run_softmax(row(-1000, -1000, -inf), 1, cols), row(T(0.5), T(0.5), 0)));
    EXPECT_NEAR(run_logsumexp(row(-1000, -1000, -inf), 1, cols)[0], T(-1000 + std::log(2.0)), 1e-4);

    EXPECT_TRUE(same_bits(run_softmax(row(-inf, -inf, -inf), 1, cols), all_nan));
    EXPECT_EQ(run_logsumexp(row(-inf, -inf, -inf), 1, cols)[0], -inf);
    EXPECT_TRUE(same_bits(run_softmax(row(0, inf, 0), 1, cols), all_nan));
    EXPECT_EQ(run_logsumexp(row(0, inf, 0), 1, cols)[0], inf);
    EXPECT_TRUE(same_bits(run_softmax(row(nan, 1, 2), 1, cols), all_nan));
    EXPECT_TRUE(std::isnan(run_logsumexp(row(nan, 1, inf), 1, cols)[0]));
  }
  EXPECT_TRUE(same_bits(run_logsumexp(std::vector<T>{}, 2, 0), {-inf, -inf}));
  EXPECT_TRUE(run_softmax(std::vector<T>{}, 2, 0).empty());
}

TEST(Softmax, ExtremeRows) {
  expect_extreme_rows<float>();
  expect_extreme_rows<double>();
}

TEST(Softmax, InPlace) {
  for (const std::int64_t cols : {10, 100}) {
    auto z = normal_numbers<float>(static_cast<std::size_t>(7 * cols), 1);
    const auto p = run_softmax(z, 7, cols);
    softmax(z.data(), 7, cols, z.data());
    EXPECT_TRUE(same_bits(z, p));
  }
}

template <class T>
void expect_logsumexp_beside() {
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (const std::int64_t cols : kCols) {
    constexpr std::int64_t kRows = 6;
    auto z = normal_numbers<T>(static_cast<std::size_t>(kRows * cols), static_cast<unsigned>(cols), T{5});
    const auto last_of_row = [&](std::int64_t row) -> T& {
      return z[static_cast<std::size_t>((row + 1) * cols - 1)];
    };
    last_of_row(1) = inf;
    last_of_row(2) = nan;
    std::fill_n(z.begin() + 3 * cols, cols, -inf);
    std::vector<T> p(z.size()), y(kRows);
    softmax(z.data(), kRows, cols, p.data(), y.data());
    EXPECT_TRUE(same_bits(p, run_softmax(z, kRows, cols))) << cols;
    EXPECT_TRUE(same_bits(y, run_logsumexp(z, kRows, cols))) << cols;
  }
}

TEST(Softmax, GivesTheLogsumexpBesideIt) {
  expect_logsumexp_beside<float>();
  expect_logsumexp_beside<double>();
}

template <class T>
std::vector<T> everything() {
  std::vector<T> all;
  for (const std::int64_t cols : kCols) {
    const std::int64_t rows = 20000 / cols;
    const auto z = normal_numbers<T>(static_cast<std::size_t>(rows * cols), 9, T{5});
    for (const auto& y : {run_softmax(z, rows, cols), run_logsumexp(z, rows, cols)})
      all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

TEST(Softmax, SameBitsOnAvx2AndAvx512) {
  CHAINRULE_SKIP_WITHOUT_BOTH_WIDTHS();
  expect_same_on_both_widths([] { return everything<float>(); });
  expect_same_on_both_widths([] { return everything<double>(); });
}

TEST(Softmax, SameBitsForAnyNumberOfThreads) {
  const SimdGuard guard;
  set_num_threads(1);
  const auto one = everything<float>();
  for (const int threads : {2, 3, 4}) {
    set_num_threads(threads);
    EXPECT_TRUE(same_bits(everything<float>(), one)) << threads;
  }
}

}  // namespace
}  // namespace chainrule::kernels
