#include "kernels/simd/elementwise.h"

#include <memory>

#include "unit/kernel_test.h"

namespace chainrule::kernels {
namespace {

// std::vector<bool> has no bool*.
struct Bools {
  explicit Bools(std::size_t n) : size(n), data(new bool[n]()) {}
  std::vector<std::uint8_t> bytes() const {
    const auto* p = reinterpret_cast<const std::uint8_t*>(data.get());
    return {p, p + size};
  }
  std::size_t size;
  std::unique_ptr<bool[]> data;
};

template <class T>
Wide<T> exact(Unary op, Wide<T> x) {
  switch (op) {
    case Unary::neg:
      return -x;
    case Unary::exp:
      return std::exp(x);
    case Unary::log:
      return std::log(x);
    case Unary::sqrt:
      return std::sqrt(x);
    case Unary::tanh:
      return std::tanh(x);
    case Unary::sigmoid:
      return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    case Unary::abs:
      return std::abs(x);
    case Unary::sign:
      return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
    case Unary::floor:
      return std::floor(x);
    case Unary::ceil:
      return std::ceil(x);
    case Unary::round:
      return std::nearbyint(x);
    case Unary::expm1:
      return std::expm1(x);
    case Unary::log1p:
      return std::log1p(x);
    case Unary::sin:
      return std::sin(x);
    case Unary::cos:
      return std::cos(x);
    case Unary::erf:
      return std::erf(x);
  }
  return 0;
}

/// Largest errors allowed, in ULP: just above what sweeps found (see elementwise.h).
double bound(Unary op) {
  switch (op) {
    case Unary::neg:
      return 0;
    case Unary::exp:
    case Unary::log:
      return 1.05;
    case Unary::sqrt:
      return 0.5001;  // the reference is itself rounded
    case Unary::tanh:
      return 2.9;
    case Unary::sigmoid:
      return 2.5;
    case Unary::abs:
    case Unary::sign:
    case Unary::floor:
    case Unary::ceil:
    case Unary::round:
      return 0;
    case Unary::expm1:
      return 2.5;
    case Unary::log1p:
      return 1.5;
    case Unary::sin:
    case Unary::cos:
      return 1.0;
    case Unary::erf:
      return 1.5;
  }
  return 0;
}

template <class T>
std::vector<T> run_unary(Unary op, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  unary(op, x.data(), y.data(), static_cast<std::int64_t>(x.size()));
  return y;
}

template <class T>
void expect_within_bound(Unary op, const std::vector<T>& x) {
  const auto y = run_unary(op, x);
  double worst = -1;
  std::size_t at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulp_error<T>(y[i], exact<T>(op, x[i]));
    if (error > worst) {
      worst = error;
      at = i;
    }
  }
  EXPECT_LE(worst, bound(op)) << "function " << static_cast<int>(op) << " of " << x[at] << " is " << y[at];
}

const std::vector<Unary> kUnaries = [] {
  std::vector<Unary> all;
  for (int op = 0; op < kUnaryCount; ++op) all.push_back(Unary{static_cast<std::uint8_t>(op)});
  return all;
}();

TEST(Elementwise, UnaryIsAccurateOverAllFloats) {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 16411)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (const Unary op : kUnaries) expect_within_bound(op, x);
}

TEST(Elementwise, UnaryIsAccurateOverDoubles) {
  std::mt19937_64 random(7);
  std::vector<double> x;
  for (int i = 0; i < 60000; ++i) {
    const auto bits = random();
    const auto fraction = static_cast<double>(static_cast<std::int64_t>(bits)) * 0x1p-63;
    x.push_back(std::bit_cast<double>(bits));              // every magnitude
    x.push_back(std::ldexp(fraction, i % 12));             // where exp, tanh and sigmoid move
    x.push_back(1 + std::ldexp(fraction, -(i % 50) - 1));  // around log's zero
  }
  for (const Unary op : kUnaries) expect_within_bound(op, x);
}

template <class T>
void expect_special_values() {
  using Limits = std::numeric_limits<T>;
  struct Case {
    Unary op;
    T x;
    T y;
  };
  const T inf = kInfinity<T>;
  const T nan = kNaN<T>;
  const T tiny = Limits::denorm_min();
  const T exp_zero = sizeof(T) == 4 ? T(-104) : T(-746);        // below half the least denormal
  const T exp_infinite = sizeof(T) == 4 ? T(88.73) : T(709.8);  // above the largest number
  const Case cases[] = {
      {Unary::neg, 0, T{-0.0}},
      {Unary::neg, -inf, inf},
      {Unary::neg, nan, nan},
      {Unary::exp, 0, 1},
      {Unary::exp, T{-0.0}, 1},
      {Unary::exp, tiny, 1},
      {Unary::exp, inf, inf},
      {Unary::exp, -inf, 0},
      {Unary::exp, Limits::max(), inf},
      {Unary::exp, Limits::lowest(), 0},
      {Unary::exp, exp_infinite, inf},
      {Unary::exp, exp_zero, 0},
      {Unary::exp, 1000, inf},
      {Unary::exp, -1000, 0},
      {Unary::exp, nan, nan},
      {Unary::log, 1, 0},
      {Unary::log, 0, -inf},
      {Unary::log, T{-0.0}, -inf},
      {Unary::log, -1, nan},
      {Unary::log, -tiny, nan},
      {Unary::log, -inf, nan},
      {Unary::log, inf, inf},
      {Unary::log, nan, nan},
      {Unary::sqrt, T{-0.0}, T{-0.0}},
      {Unary::sqrt, 0, 0},
      {Unary::sqrt, -1, nan},
      {Unary::sqrt, inf, inf},
      {Unary::sqrt, nan, nan},
      {Unary::tanh, 0, 0},
      {Unary::tanh, T{-0.0}, T{-0.0}},
      {Unary::tanh, tiny, tiny},
      {Unary::tanh, -tiny, -tiny},
      {Unary::tanh, 50, 1},
      {Unary::tanh, -50, -1},
      {Unary::tanh, inf, 1},
      {Unary::tanh, -inf, -1},
      {Unary::tanh, nan, nan},
      {Unary::sigmoid, 0, T(0.5)},
      {Unary::sigmoid, T{-0.0}, T(0.5)},
      {Unary::sigmoid, 1000, 1},
      {Unary::sigmoid, -1000, 0},
      {Unary::sigmoid, inf, 1},
      {Unary::sigmoid, -inf, 0},
      {Unary::sigmoid, nan, nan},
      {Unary::abs, T{-0.0}, 0},
      {Unary::abs, -inf, inf},
      {Unary::abs, nan, nan},
      {Unary::sign, T{-0.0}, 0},
      {Unary::sign, -tiny, -1},
      {Unary::sign, inf, 1},
      {Unary::sign, nan, nan},
      {Unary::floor, T(-0.5), -1},
      {Unary::floor, T{-0.0}, T{-0.0}},
      {Unary::floor, -inf, -inf},
      {Unary::floor, nan, nan},
      {Unary::ceil, T(-0.5), T{-0.0}},
      {Unary::ceil, T(0.5), 1},
      {Unary::ceil, inf, inf},
      {Unary::round, T(0.5), 0},
      {Unary::round, T(1.5), 2},
      {Unary::round, T(2.5), 2},
      {Unary::round, T(-0.5), T{-0.0}},
      {Unary::round, T(-1.5), -2},
      {Unary::round, nan, nan},
      {Unary::expm1, T{-0.0}, T{-0.0}},
      {Unary::expm1, tiny, tiny},
      {Unary::expm1, -tiny, -tiny},
      {Unary::expm1, -1000, -1},
      {Unary::expm1, exp_infinite, inf},
      {Unary::expm1, inf, inf},
      {Unary::expm1, -inf, -1},
      {Unary::expm1, nan, nan},
      {Unary::log1p, T{-0.0}, T{-0.0}},
      {Unary::log1p, tiny, tiny},
      {Unary::log1p, -1, -inf},
      {Unary::log1p, -2, nan},
      {Unary::log1p, inf, inf},
      {Unary::log1p, -inf, nan},
      {Unary::log1p, nan, nan},
      {Unary::sin, T{-0.0}, T{-0.0}},
      {Unary::sin, tiny, tiny},
      {Unary::sin, inf, nan},
      {Unary::sin, nan, nan},
      {Unary::cos, 0, 1},
      {Unary::cos, -inf, nan},
      {Unary::cos, nan, nan},
      {Unary::erf, T{-0.0}, T{-0.0}},
      {Unary::erf, 10, 1},
      {Unary::erf, -10, -1},
      {Unary::erf, inf, 1},
      {Unary::erf, -inf, -1},
      {Unary::erf, nan, nan},
  };
  // Once as a whole vector and once as a lone tail.
  for (const Case& c : cases) {
    for (const std::size_t n : {1, 16}) {
      const auto y = run_unary(c.op, std::vector<T>(n, c.x));
      for (const T value : y)
        EXPECT_EQ(bits_of(value), bits_of(c.y)) << static_cast<int>(c.op) << " of " << c.x << " is " << value;
    }
  }
}

TEST(Elementwise, UnaryOfSpecialValues) {
  expect_special_values<float>();
  expect_special_values<double>();
}

/// Every element within `bound`; lengths around the
/// vector widths, in place as well.
template <class T>
void expect_unary_of_any_length() {
  for (std::size_t n = 0; n < 70; ++n) {
    const auto x = mixed_numbers<T>(n, static_cast<unsigned>(n));
    for (const Unary op : kUnaries) {
      const auto y = run_unary(op, x);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_LE(ulp_error<T>(y[i], exact<T>(op, x[i])), bound(op)) << x[i];
      auto in_place = x;
      unary(op, in_place.data(), in_place.data(), static_cast<std::int64_t>(n));
      EXPECT_TRUE(same_bits(in_place, y));
    }
  }
}

TEST(Elementwise, UnaryOfAnyLength) {
  expect_unary_of_any_length<float>();
  expect_unary_of_any_length<double>();
}

template <class T>
T exact(Binary op, T a, T b) {
  switch (op) {
    case Binary::add:
      return a + b;
    case Binary::sub:
      return a - b;
    case Binary::mul:
      return a * b;
    case Binary::div:
      return a / b;
    case Binary::maximum:
      return a > b || std::isnan(a) ? a : b;
    case Binary::minimum:
      return a < b || std::isnan(a) ? a : b;
    case Binary::sigmoid_grad:
      return a * b * (1 - b);
  }
  return 0;
}

template <class T>
bool exact(Compare op, T a, T b) {
  switch (op) {
    case Compare::less:
      return a < b;
    case Compare::less_equal:
      return a <= b;
    case Compare::equal:
      return a == b;
    case Compare::not_equal:
      return a != b;
  }
  return false;
}

/// Calls check(n, a, b, a_is_scalar, b_is_scalar) for many lengths and kinds of operands.
template <class T, class Check>
void for_operands(Check check) {
  for (std::size_t n = 0; n < 70; ++n) {
    for (const bool a_is_scalar : {false, true}) {
      for (const bool b_is_scalar : {false, true}) {
        const auto a = mixed_numbers<T>(a_is_scalar ? 1 : n, static_cast<unsigned>(2 * n));
        auto b = mixed_numbers<T>(b_is_scalar ? 1 : n, static_cast<unsigned>(2 * n + 1));
        if (!a_is_scalar && !b_is_scalar) {
          for (std::size_t i = 0; i < n; i += 3) b[i] = a[i];  // something for equal to find
        }
        check(n, a, b, a_is_scalar, b_is_scalar);
      }
    }
  }
}

template <class T>
void expect_binary_exact() {
  for_operands<T>([](std::size_t n, const auto& a, const auto& b, bool sa, bool sb) {
    for (int op = 0; op < kBinaryCount; ++op) {
      std::vector<T> y(n);
      std::vector<T> expected(n);
      binary(Binary{static_cast<std::uint8_t>(op)}, a.data(), sa, b.data(), sb, y.data(),
             static_cast<std::int64_t>(n));
      for (std::size_t i = 0; i < n; ++i)
        expected[i] = exact(Binary{static_cast<std::uint8_t>(op)}, a[sa ? 0 : i], b[sb ? 0 : i]);
      ASSERT_TRUE(same_bits(y, expected)) << "op " << op << ", n " << n;
    }
  });
}

TEST(Elementwise, BinaryIsExactForAnyLengthAndBroadcast) {
  expect_binary_exact<float>();
  expect_binary_exact<double>();
}

template <class T>
void expect_compare_and_select_exact() {
  for_operands<T>([](std::size_t n, const auto& a, const auto& b, bool sa, bool sb) {
    for (int op = 0; op < kCompareCount; ++op) {
      Bools y(n);
      std::vector<std::uint8_t> expected(n);
      compare(Compare{static_cast<std::uint8_t>(op)}, a.data(), sa, b.data(), sb, y.data.get(),
              static_cast<std::int64_t>(n));
      for (std::size_t i = 0; i < n; ++i)
        expected[i] = exact(Compare{static_cast<std::uint8_t>(op)}, a[sa ? 0 : i], b[sb ? 0 : i]) ? 1 : 0;
      ASSERT_EQ(y.bytes(), expected) << "op " << op << ", n " << n;

      std::vector<T> chosen(n);
      std::vector<T> expected_choice(n);
      select(y.data.get(), a.data(), sa, b.data(), sb, chosen.data(), static_cast<std::int64_t>(n));
      for (std::size_t i = 0; i < n; ++i) expected_choice[i] = y.data[i] ? a[sa ? 0 : i] : b[sb ? 0 : i];
      ASSERT_TRUE(same_bits(chosen, expected_choice)) << "n " << n;
    }
  });
}

TEST(Elementwise, CompareAndSelectAreExactForAnyLengthAndBroadcast) {
  expect_compare_and_select_exact<float>();
  expect_compare_and_select_exact<double>();
}

template <class T>
void expect_gather_exact() {
  for (const std::int64_t width : {0, 1, 3, 16, 33, 784}) {
    std::vector<std::uint8_t> images(static_cast<std::size_t>(5 * width));
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
    const std::vector<std::int64_t> rows = {4, 0, 2, 2, 3, 1, 4};
    const T scale = T(1) / 255;
    std::vector<T> out(rows.size() * static_cast<std::size_t>(width));
    std::vector<T> expected;
    for (const std::int64_t row : rows) {
      for (std::int64_t j = 0; j < width; ++j)
        expected.push_back(static_cast<T>(images[static_cast<std::size_t>(row * width + j)]) * scale);
    }
    gather_rows(images.data(), width, rows.data(), static_cast<std::int64_t>(rows.size()), scale, out.data());
    EXPECT_TRUE(same_bits(out, expected)) << "width " << width;
  }
}

TEST(Elementwise, GatherRowsConvertsAndScales) {
  expect_gather_exact<float>();
  expect_gather_exact<double>();
}

TEST(Elementwise, NothingIsWrittenPastTheEnd) {
  for (std::int64_t n = 0; n < 40; ++n) {
    const auto size = static_cast<std::size_t>(n);
    const auto x = mixed_numbers<float>(size, 3);
    std::vector<float> y(size + 64, 42.0F);
    std::vector<double> z(size + 64, 42.0);
    const auto xd = mixed_numbers<double>(size, 3);
    Bools flags(size + 64);
    unary(Unary::exp, x.data(), y.data(), n);
    unary(Unary::exp, xd.data(), z.data(), n);
    compare(Compare::less_equal, x.data(), false, x.data(), false, flags.data.get(), n);
    for (std::size_t i = size; i < y.size(); ++i) {
      ASSERT_EQ(y[i], 42.0F);
      ASSERT_EQ(z[i], 42.0);
      ASSERT_FALSE(flags.data[i]);
    }
  }
}

template <class T>
std::vector<T> everything(const std::vector<T>& x) {
  std::vector<T> all;
  for (const Unary op : kUnaries) {
    const auto y = run_unary(op, x);
    all.insert(all.end(), y.begin(), y.end());
  }
  std::vector<T> y(x.size());
  for (int op = 0; op < kBinaryCount; ++op) {
    binary(Binary{static_cast<std::uint8_t>(op)}, x.data(), false, x.data() + 1, true, y.data(),
           static_cast<std::int64_t>(x.size()));
    all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

TEST(Elementwise, SameBitsOnAvx2AndAvx512) {
  CHAINRULE_SKIP_WITHOUT_BOTH_WIDTHS();
  expect_same_on_both_widths([] { return everything(mixed_numbers<float>(300007, 5)); });
  expect_same_on_both_widths([] { return everything(mixed_numbers<double>(300007, 6)); });
}

TEST(Elementwise, SameBitsForAnyNumberOfThreads) {
  const SimdGuard guard;
  const auto x = mixed_numbers<float>(300007, 8);
  set_num_threads(1);
  const auto one = everything(x);
  for (const int threads : {2, 3, 4}) {
    set_num_threads(threads);
    EXPECT_TRUE(same_bits(everything(x), one)) << threads;
  }
}

}  // namespace
}  // namespace chainrule::kernels
