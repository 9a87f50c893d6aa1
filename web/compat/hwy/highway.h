// Highway, with fused multiply-adds that round once as those of processors do: WebAssembly has none, and
// Highway would multiply and add. So results in a browser are those of the tool, to the last bit.
#pragma once

#include_next <hwy/highway.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#undef HWY_NATIVE_FMA
#define HWY_NATIVE_FMA 1

namespace chainrule::web {

/// a b + c, rounded once. The product of two floats is exact in double; the sum is rounded to 53 bits and
/// then to 24, which goes wrong only where the first rounding makes a tie of what was none.
inline float fused(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b), addend = c;
  const double sum = product + addend;
  std::uint64_t bits;
  std::memcpy(&bits, &sum, sizeof(bits));
  constexpr std::uint64_t kBelowFloat = 0x1FFFFFFF, kTie = 0x10000000;
  const bool may_be_tie = (bits & kBelowFloat) == kTie || (std::abs(sum) < 0x1p-125 && sum != 0);
  if (__builtin_expect(!may_be_tie, 1)) return static_cast<float>(sum);
  // What the sum lost (Knuth), and the sum rounded to odd: its second rounding is then that of the exact one.
  const double lost_of = sum - product;
  const double lost = (product - (sum - lost_of)) + (addend - lost_of);
  if (lost != 0 && lost == lost && (bits & 1) == 0) {
    bits += (lost > 0) == (sum > 0) ? 1 : ~std::uint64_t{0};
  }
  double odd;
  std::memcpy(&odd, &bits, sizeof(odd));
  return static_cast<float>(odd);
}
inline double fused(double a, double b, double c) { return std::fma(a, b, c); }

}  // namespace chainrule::web

namespace hwy::HWY_NAMESPACE {

// More special than Highway's own, which are for any T: these are chosen.
#define CHAINRULE_FUSED(NAME, T, A, C)                                                        \
  template <std::size_t N>                                                                    \
  HWY_API Vec128<T, N> NAME(Vec128<T, N> mul, const Vec128<T, N> x, const Vec128<T, N> add) { \
    for (std::size_t i = 0; i < N; ++i)                                                       \
      mul.raw[i] = chainrule::web::fused(A mul.raw[i], x.raw[i], C add.raw[i]);               \
    return mul;                                                                               \
  }
CHAINRULE_FUSED(MulAdd, float, , )
CHAINRULE_FUSED(MulAdd, double, , )
CHAINRULE_FUSED(NegMulAdd, float, -, )
CHAINRULE_FUSED(NegMulAdd, double, -, )
CHAINRULE_FUSED(MulSub, float, , -)
CHAINRULE_FUSED(MulSub, double, , -)
#undef CHAINRULE_FUSED

// To even, and a zero keeps its sign.
#define CHAINRULE_ROUND(T)                                                   \
  template <std::size_t N>                                                   \
  HWY_API Vec128<T, N> Round(Vec128<T, N> v) {                               \
    for (std::size_t i = 0; i < N; ++i) v.raw[i] = std::nearbyint(v.raw[i]); \
    return v;                                                                \
  }
CHAINRULE_ROUND(float)
CHAINRULE_ROUND(double)
#undef CHAINRULE_ROUND

}  // namespace hwy::HWY_NAMESPACE
