// Vector error function. Included once per instruction set; the rules of math-inl.h hold here too.
#if defined(CHAINRULE_KERNELS_SIMD_ERF_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SIMD_ERF_INL_H
#undef CHAINRULE_KERNELS_SIMD_ERF_INL_H
#else
#define CHAINRULE_KERNELS_SIMD_ERF_INL_H
#endif

#include <hwy/highway.h>

#include "kernels/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

inline constexpr double kErfSplit = 0.92;

template <class T>
struct ErfConstants;

template <>
struct ErfConstants<float> {
  static constexpr float kHigh = 4;  // from 3.92 on erf rounds to 1
  // erf(x)/x - 1 by powers of x^2, |x| < kErfSplit; relative error of erf 2^-29.6.
  static constexpr float kSmall[] = {0x1.06eba8p-3f, -0x1.812742p-2f,  0x1.ce2df2p-4f, -0x1.b80db8p-6f,
                                     0x1.54c62ap-8f, -0x1.aa55c6p-11f, 0x1.5d7cacp-14f};
  // ln(1 - erf(x)) for x in [kErfSplit, kHigh]; the fit weighed by 1 - erf: error of erf 2^-34.
  static constexpr float kTail[] = {0x1.6b4f78p-13f, -0x1.212772p0f,  -0x1.4447ccp-1f, -0x1.bb74eap-4f,
                                    0x1.9b68cap-6f,  -0x1.112312p-8f, 0x1.c6de14p-12f, -0x1.60f966p-16f};
};

template <>
struct ErfConstants<double> {
  static constexpr double kHigh = 6;  // from 5.93 on erf rounds to 1
  // As above; relative error 2^-56.3, nearly all of it the first coefficient's rounding.
  static constexpr double kSmall[] = {0x1.06eba8214db69p-3,   -0x1.812746b0379fap-2,  0x1.ce2f21a0432a2p-4,
                                      -0x1.b82ce31295945p-6,  0x1.565bcd0e44e82p-8,   -0x1.c02db3a3b7f9dp-11,
                                      0x1.f9a312adf838bp-14,  -0x1.f4d00d15046d3p-17, 0x1.b9bdca6cb39e5p-20,
                                      -0x1.5da702c4790c2p-23, 0x1.e374ac9976fd2p-27,  -0x1.d44e80113e04dp-31};
  // As above; error 2^-61.
  static constexpr double kTail[] = {
      0x1.2f33846845545p-30, -0x1.20dd75d1b436fp0,   -0x1.45f2f68a44dd1p-1,  -0x1.a4f793d0753cap-4,
      0x1.398b1688b6f3ap-6,  0x1.8aa10e9edce82p-13,  -0x1.b2ade10945ac6p-10, 0x1.196179baf7fep-11,
      0x1.1a49cce089eabp-15, -0x1.edd038c2602efp-14, 0x1.1daa6e793d799p-14,  -0x1.ad29f13b6dc83p-16,
      0x1.e27db05d2569ap-18, -0x1.a58f7ece38629p-20, 0x1.1f84295a9b29fp-22,  -0x1.2dbfe5136abf8p-25,
      0x1.d7bbac2fa7e53p-29, -0x1.02e1676704eecp-32, 0x1.640499de49524p-37,  -0x1.cd6f582f8b5afp-43};
};

/// erf(x): a polynomial near zero, 1 - exp(polynomial) beyond.
template <class D, class V, class T = hn::TFromD<D>, class C = ErfConstants<T>>
HWY_INLINE V erf(D d, V x) {
  const V magnitude = hn::Abs(x);
  const V small = hn::MulAdd(x, polynomial(d, hn::Mul(x, x), C::kSmall), x);
  const V high = hn::Set(d, C::kHigh);
  const V a = hn::IfThenElse(hn::Gt(magnitude, high), high, magnitude);
  const V tail = hn::Sub(hn::Set(d, T{1}), exp_below_high(d, polynomial(d, a, C::kTail)));
  // The comparison is false for NaN, which `tail` keeps. Zeros are taken as they are: the sum above loses -0.
  const V y = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, T(kErfSplit))), small, hn::CopySign(tail, x));
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, y);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
