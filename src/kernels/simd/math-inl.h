// Vector exp, log, tanh, sigmoid, expm1 and log1p. Included once per instruction set.
//
// Written with explicit fused multiply-adds and no operation whose result depends on the vector's width, so
// that AVX2 and AVX-512 give the same bits. Without a fused multiply-add (SSE4) results may differ in the
// last bit. The polynomials are minimax fits with coefficients rounded to the type (Sollya's fpminimax); the
// constants of the argument reduction have trailing zeros, so that n * kLn2High is exact. Measured errors:
// see elementwise.h.
#if defined(CHAINRULE_KERNELS_SIMD_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SIMD_MATH_INL_H
#undef CHAINRULE_KERNELS_SIMD_MATH_INL_H
#else
#define CHAINRULE_KERNELS_SIMD_MATH_INL_H
#endif

#include <limits>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct MathConstants;

template <>
struct MathConstants<float> {
  static constexpr int kMantissaBits = 23;
  static constexpr float kLog2E = 0x1.715476p0f;
  static constexpr float kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cp-20f;
  static constexpr float kRound = 0x1.8p23f;             // adding it rounds to an integer
  static constexpr float kExpLow = -105, kExpHigh = 89;  // outside, exp is 0 or infinite
  static constexpr float kTanhHigh = 10;                 // from 9.02 on tanh rounds to 1
  static constexpr float kExpm1Low = -20;                // from -17.4 down expm1 rounds to -1
  static constexpr float kTiny = 0x1p-26f;               // below, expm1(x) and log1p(x) round to x
  static constexpr float kMinNormal = 0x1p-126f;
  static constexpr std::int32_t kSqrtHalfBits = 0x3f3504f3, kOneBits = 0x3f800000;
  static constexpr float kTwoToMantissa = 0x1p23f;
  // (e^r - 1 - r) / r^2 for |r| <= ln(2)/2; relative error of e^r 2^-28.1.
  static constexpr float kExp[] = {0x1.fffffap-2f, 0x1.55549p-3f, 0x1.555a22p-5f, 0x1.123b04p-7f,
                                   0x1.695414p-10f};
  // (log(1+f) - f + f^2/2) / f^3 for 1+f in [sqrt(1/2), sqrt(2)]; relative error of log 2^-26.9.
  static constexpr float kLog[] = {0x1.55556ep-2f, -0x1.00023ap-2f, 0x1.999554p-3f, -0x1.5465fp-3f,
                                   0x1.2387e2p-3f, -0x1.0e8e4cp-3f, 0x1.01e206p-3f, -0x1.2be3ep-4f};
};

template <>
struct MathConstants<double> {
  static constexpr int kMantissaBits = 52;
  static constexpr double kLog2E = 0x1.71547652b82fep0;
  static constexpr double kLn2High = 0x1.62e42fefa38p-1, kLn2Low = 0x1.ef35793c7673p-45;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kExpLow = -746, kExpHigh = 710;
  static constexpr double kTanhHigh = 20;   // from 19.07 on tanh rounds to 1
  static constexpr double kExpm1Low = -40;  // from -37.5 down expm1 rounds to -1
  static constexpr double kTiny = 0x1p-55;
  static constexpr double kMinNormal = 0x1p-1022;
  static constexpr std::int64_t kSqrtHalfBits = 0x3fe6a09e667f3bcd, kOneBits = 0x3ff0000000000000;
  static constexpr double kTwoToMantissa = 0x1p52;
  // As above; relative error of e^r 2^-57.9.
  static constexpr double kExp[] = {0x1.000000000000ap-1,  0x1.55555555554f9p-3,  0x1.5555555550629p-5,
                                    0x1.1111111127d0ap-7,  0x1.6c16c184a9d23p-10, 0x1.a01a012aa85ebp-13,
                                    0x1.a01998b27e7ecp-16, 0x1.71df22feeb18p-19,  0x1.28aeb476bf42dp-22,
                                    0x1.ad85b8e6c59eep-26};
  // (2 atanh(s)/s - 2) / s^2 as a polynomial in s^2, s = f/(2+f); relative error of log 2^-57.6.
  static constexpr double kLog[] = {0x1.5555555555558p-1, 0x1.9999999995303p-2, 0x1.2492492df3033p-2,
                                    0x1.c71c62e0b7699p-3, 0x1.7462b6619275fp-3, 0x1.39fe212da3dd4p-3,
                                    0x1.2b5b8511afe78p-3};
};

/// c[0] + c[1] x + ... by Horner's rule, one fused multiply-add a term.
template <class D, class V, std::size_t n>
HWY_INLINE V polynomial(D d, V x, const hn::TFromD<D> (&c)[n]) {
  V sum = hn::Set(d, c[n - 1]);
  for (std::size_t i = n - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

/// e^x as 2^n (1 + p), with |p| < 0.42 and n an integer-valued float; `t` holds n's bits (see exp).
template <class D, class V>
struct ExpParts {
  V t, n, p;
};

/// x = n ln 2 + r and p = e^r - 1. `bias` is added to n in t alone. x must be within exp's limits, or NaN.
template <class D, class V, class C = MathConstants<hn::TFromD<D>>>
HWY_INLINE ExpParts<D, V> exp_parts(D d, V x, hn::TFromD<D> bias) {
  const V round = hn::Set(d, C::kRound + bias);
  const V t = hn::MulAdd(x, hn::Set(d, C::kLog2E), round);
  const V n = hn::Sub(t, round);
  V r = hn::NegMulAdd(n, hn::Set(d, C::kLn2High), x);
  r = hn::NegMulAdd(n, hn::Set(d, C::kLn2Low), r);
  const V p = hn::MulAdd(hn::Mul(r, r), polynomial(d, r, C::kExp), r);
  return {t, n, p};
}

/// e^x for x that is at most kExpHigh, or NaN.
template <class D, class V, class T = hn::TFromD<D>, class C = MathConstants<T>>
HWY_INLINE V exp_below_high(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V low = hn::Set(d, C::kExpLow);
  x = hn::IfThenElse(hn::Lt(x, low), low, x);  // unlike Max, it keeps a NaN on every machine
  constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
  const auto e = exp_parts(d, x, static_cast<T>(2 * kBias));
  // 2^n is given in two factors, as n may be outside the exponents of normal numbers: the first product is
  // exact, and the second rounds once, to a denormal where that is due.
  const auto n = hn::Sub(hn::BitCast(du, e.t), hn::BitCast(du, hn::Set(d, C::kRound)));  // n + 2 kBias > 0
  const auto half = hn::ShiftRight<1>(n);
  const V scale1 = hn::BitCast(d, hn::ShiftLeft<C::kMantissaBits>(half));
  const V scale2 = hn::BitCast(d, hn::ShiftLeft<C::kMantissaBits>(hn::Sub(n, half)));
  const V y = hn::Add(hn::Set(d, T{1}), e.p);
  return hn::Mul(hn::Mul(y, scale1), scale2);
}

/// e^x for any x.
template <class D, class V, class C = MathConstants<hn::TFromD<D>>>
HWY_INLINE V exp(D d, V x) {
  const V high = hn::Set(d, C::kExpHigh);
  return exp_below_high(d, hn::IfThenElse(hn::Gt(x, high), high, x));
}

/// log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)], plus `low`.
template <class D, class V, class T = hn::TFromD<D>, class C = MathConstants<T>>
HWY_INLINE V log1p_reduced(D d, V f, V low) {
  if constexpr (sizeof(T) == 4) {
    const V f2 = hn::Mul(f, f);
    const V tail = hn::MulAdd(hn::Mul(f2, f), polynomial(d, f, C::kLog), low);
    return hn::Add(f, hn::MulAdd(f2, hn::Set(d, T(-0.5)), tail));
  } else {
    // 2 s = f - s f, so that log(1+f) = 2 atanh(s) = f - s (f - R).
    const V s = hn::Div(f, hn::Add(hn::Set(d, T{2}), f));
    const V z = hn::Mul(s, s);
    const V r = hn::Mul(z, polynomial(d, z, C::kLog));
    return hn::Add(f, hn::NegMulAdd(s, hn::Sub(f, r), low));
  }
}

/// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)). x must be positive and finite.
template <class V>
struct LogParts {
  V e, f;
};

template <class D, class V, class T = hn::TFromD<D>, class C = MathConstants<T>>
HWY_INLINE LogParts<V> log_parts(D d, V x) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  const auto is_denormal = hn::Lt(x, hn::Set(d, C::kMinNormal));
  const V normal = hn::IfThenElse(is_denormal, hn::Mul(x, hn::Set(d, C::kTwoToMantissa)), x);

  // The biased exponent becomes a float by way of its bits.
  const auto sqrt_half = hn::Set(di, C::kSqrtHalfBits);
  const auto bits = hn::Add(hn::BitCast(di, normal), hn::Sub(hn::Set(di, C::kOneBits), sqrt_half));
  const auto biased = hn::ShiftRight<C::kMantissaBits>(hn::BitCast(du, bits));
  const V two_to_mantissa = hn::Set(d, C::kTwoToMantissa);
  constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
  const V offset = hn::IfThenElse(is_denormal, hn::Set(d, C::kTwoToMantissa + kBias + C::kMantissaBits),
                                  hn::Set(d, C::kTwoToMantissa + kBias));
  const V e = hn::Sub(hn::Or(hn::BitCast(d, biased), two_to_mantissa), offset);
  const auto mantissa_mask = hn::Set(di, (hwy::MakeSigned<T>{1} << C::kMantissaBits) - 1);
  const V m = hn::BitCast(d, hn::Add(hn::And(bits, mantissa_mask), sqrt_half));
  return {e, hn::Sub(m, hn::Set(d, T{1}))};
}

/// y where x, the argument of a logarithm, is positive and finite; else -inf, NaN, or x itself.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V log_special(D d, V x, V y) {
  const V zero = hn::Zero(d);
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V nan = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
  const V special =
      hn::IfThenElse(hn::Lt(x, zero), nan, hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), x));
  return hn::IfThenElse(hn::And(hn::Gt(x, zero), hn::Lt(x, infinity)), y, special);
}

/// ln x for any x.
template <class D, class V, class C = MathConstants<hn::TFromD<D>>>
HWY_INLINE V log(D d, V x) {
  const auto [e, f] = log_parts(d, x);
  const V y = hn::MulAdd(e, hn::Set(d, C::kLn2High), log1p_reduced(d, f, hn::Mul(e, hn::Set(d, C::kLn2Low))));
  return log_special(d, x, y);
}

/// ln(1 + x): the logarithm of the rounded sum u, plus what the rounding took away, divided by u.
template <class D, class V, class T = hn::TFromD<D>, class C = MathConstants<T>>
HWY_INLINE V log1p(D d, V x) {
  const V one = hn::Set(d, T{1});
  const V u = hn::Add(one, x);
  const V lost = hn::IfThenElse(hn::Gt(x, one), hn::Sub(one, hn::Sub(u, x)), hn::Sub(x, hn::Sub(u, one)));
  const auto [e, f] = log_parts(d, u);
  const V low = hn::MulAdd(e, hn::Set(d, C::kLn2Low), hn::Div(lost, u));
  const V y = hn::MulAdd(e, hn::Set(d, C::kLn2High), log1p_reduced(d, f, low));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, C::kTiny)), x, log_special(d, u, y));
}

/// e^x - 1 without losing the small ones: 2^n p + (2^n - 1), in halves, so that 2^n is always a number.
template <class D, class V, class T = hn::TFromD<D>, class C = MathConstants<T>>
HWY_INLINE V expm1(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V low = hn::Set(d, C::kExpm1Low);
  const V high = hn::Set(d, C::kExpHigh);
  const V within = hn::IfThenElse(hn::Lt(x, low), low, hn::IfThenElse(hn::Gt(x, high), high, x));
  constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
  const auto e = exp_parts(d, within, static_cast<T>(kBias - 1));
  const auto n = hn::Sub(hn::BitCast(du, e.t), hn::BitCast(du, hn::Set(d, C::kRound)));
  const V scale = hn::BitCast(d, hn::ShiftLeft<C::kMantissaBits>(n));  // 2^(n-1)
  const V half = hn::MulAdd(scale, e.p, hn::Sub(scale, hn::Set(d, T(0.5))));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, C::kTiny)), x, hn::Add(half, half));
}

/// tanh(x) = (e^2|x| - 1) / (e^2|x| + 1) with x's sign.
template <class D, class V, class T = hn::TFromD<D>, class C = MathConstants<T>>
HWY_INLINE V tanh(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V high = hn::Set(d, C::kTanhHigh);
  V magnitude = hn::Abs(x);
  magnitude = hn::IfThenElse(hn::Gt(magnitude, high), high, magnitude);
  constexpr int kBias = std::numeric_limits<T>::max_exponent - 1;
  const auto e = exp_parts(d, hn::Add(magnitude, magnitude), static_cast<T>(kBias));
  const auto n = hn::Sub(hn::BitCast(du, e.t), hn::BitCast(du, hn::Set(d, C::kRound)));
  const V scale = hn::BitCast(d, hn::ShiftLeft<C::kMantissaBits>(n));  // 2^n, n >= 0
  // e^2|x| - 1 = 2^n p + (2^n - 1) without losing the small ones.
  const V minus1 = hn::MulAdd(scale, e.p, hn::Sub(scale, hn::Set(d, T{1})));
  return hn::CopySignToAbs(hn::Div(minus1, hn::Add(minus1, hn::Set(d, T{2}))), x);
}

/// 1 / (1 + e^-x), as e^-|x| / (1 + e^-|x|) for negative x: the exponential never overflows.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, T{1});
  const V e = exp_below_high(d, hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
