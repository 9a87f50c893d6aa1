#pragma once

// What the tests of the SIMD kernels share.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {

template <class T>
inline constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

/// A type with room to spare above T: what references are computed in.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

/// |y - exact| in units in the last place of T at `exact`. 0 where both are NaN, the same infinity, or the
/// same zero; a huge number where only one is.
template <class T>
double ulp_error(T y, Wide<T> exact) {
  constexpr double kWrong = 1e30;
  if (std::isnan(exact) || std::isnan(y)) return std::isnan(exact) && std::isnan(y) ? 0 : kWrong;
  const T rounded = static_cast<T>(exact);
  if (std::isinf(rounded) || std::isinf(y)) return rounded == y ? 0 : kWrong;
  if (rounded == 0 && y == 0) return std::signbit(rounded) == std::signbit(y) ? 0 : kWrong;
  int exponent = 0;
  std::frexp(exact, &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  return static_cast<double>(std::fabs(y - exact) /
                             std::ldexp(Wide<T>{1}, exponent - std::numeric_limits<T>::digits));
}

/// The bits of a number, all NaNs alike: a NaN's payload is promised nowhere.
template <class T>
auto bits_of(T x) {
  using Bits = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                  std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(x)) return std::bit_cast<Bits>(kNaN<T>);
  }
  return std::bit_cast<Bits>(x);
}

template <class T>
::testing::AssertionResult same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return ::testing::AssertionFailure() << "sizes " << a.size() << ", " << b.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (bits_of<T>(a[i]) != bits_of<T>(b[i]))
      return ::testing::AssertionFailure() << "at " << i << ": " << a[i] << " and " << b[i];
  }
  return ::testing::AssertionSuccess();
}

/// Undoes at its end what a test did to the ceiling and to the number of threads.
class SimdGuard {
 public:
  ~SimdGuard() {
    set_simd_ceiling(SimdCeiling::none);
    set_num_threads(threads_);
  }

 private:
  int threads_ = num_threads();
};

inline bool has_avx512_and_avx2() {
  const SimdGuard guard;
  set_simd_ceiling(SimdCeiling::avx512);
  if (simd_name() != "avx512") return false;
  set_simd_ceiling(SimdCeiling::avx2);
  return simd_name() == "avx2";
}

/// `run()` returns a vector of results; asserts that AVX2 and AVX-512 give the same bits.
template <class Run>
void expect_same_on_both_widths(Run run) {
  const SimdGuard guard;
  set_simd_ceiling(SimdCeiling::avx512);
  const auto wide = run();
  set_simd_ceiling(SimdCeiling::avx2);
  EXPECT_TRUE(same_bits(wide, run()));
}

#define CHAINRULE_SKIP_WITHOUT_BOTH_WIDTHS()                                   \
  if (!has_avx512_and_avx2())                                                  \
  GTEST_SKIP() << "this CPU lacks AVX2 or AVX-512, or CHAINRULE_SIMD forbids " \
                  "them"

/// Numbers of all magnitudes and signs, with special values among them; their vector has no spare capacity,
/// so that AddressSanitizer sees a read past its end.
template <class T>
std::vector<T> mixed_numbers(std::size_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<T> normal(0, 3);
  const T special[] = {0,
                       T{-0.0},
                       kInfinity<T>,
                       -kInfinity<T>,
                       kNaN<T>,
                       std::numeric_limits<T>::denorm_min(),
                       -std::numeric_limits<T>::min() / 2,
                       std::numeric_limits<T>::max(),
                       1000,
                       -1000};
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto kind = random() % 16;
    x[i] = kind == 0  ? special[random() % std::size(special)]
           : kind < 4 ? std::ldexp(normal(random), static_cast<int>(random() % 120) - 60)
                      : normal(random);
  }
  return x;
}

template <class T>
std::vector<T> normal_numbers(std::size_t n, unsigned seed, T spread = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<T> normal(0, spread);
  std::vector<T> x(n);
  for (T& value : x) value = normal(random);
  return x;
}

}  // namespace chainrule::kernels
