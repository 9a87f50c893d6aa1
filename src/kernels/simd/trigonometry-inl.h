// Vector sine and cosine. Included once per instruction set; the rules of math-inl.h hold here too.
//
// x = n pi/2 + r: the first product with n is exact by the fused multiply-add (r is a multiple of pi/2's last
// place and less than 1), the later parts of pi/2 correct it. Arguments beyond kTrigHigh, NaN, and machines
// without a fused multiply-add take the C library's functions, lane by lane.
#if defined(CHAINRULE_KERNELS_SIMD_TRIGONOMETRY_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SIMD_TRIGONOMETRY_INL_H
#undef CHAINRULE_KERNELS_SIMD_TRIGONOMETRY_INL_H
#else
#define CHAINRULE_KERNELS_SIMD_TRIGONOMETRY_INL_H
#endif

#include <cmath>

#include <hwy/highway.h>

#include "kernels/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

template <class T>
struct TrigConstants;

template <>
struct TrigConstants<float> {
  static constexpr float kTrigHigh = 50000;  // beyond, n may be one off
  static constexpr float kTwoOverPi = 0x1.45f306p-1f;
  static constexpr float kHalfPi[] = {0x1.921fb6p0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
  // (sin r - r) / r^3 and (cos r - 1 + r^2/2) / r^4 by powers of r^2, |r| < 0.79; errors 2^-30.8 and 2^-29.6.
  static constexpr float kSin[] = {-0x1.555556p-3f, 0x1.111196p-7f, -0x1.a07f42p-13f, 0x1.8608c6p-19f};
  static constexpr float kCos[] = {0x1.555554p-5f, -0x1.6c127cp-10f, 0x1.9bb1cap-16f};
};

template <>
struct TrigConstants<double> {
  static constexpr double kTrigHigh = 1e8;
  static constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
  static constexpr double kHalfPi[] = {0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
  // As above; errors 2^-55.8 and 2^-60.1.
  static constexpr double kSin[] = {-0x1.5555555555554p-3, 0x1.1111111110a09p-7,   -0x1.a01a019e3755cp-13,
                                    0x1.71de37415c8cfp-19, -0x1.ae5fba88a2c0dp-26, 0x1.5df018597ee18p-33};
  static constexpr double kCos[] = {0x1.5555555555555p-5,   -0x1.6c16c16c16892p-10, 0x1.a01a019f28775p-16,
                                    -0x1.27e4f9ed31e84p-22, 0x1.1eeb409b70594p-29,  -0x1.906296996cd3fp-37};
};

/// sin(x + quarter pi/2) for lanes within kTrigHigh.
template <int quarter, class D, class V, class T = hn::TFromD<D>, class C = TrigConstants<T>>
HWY_INLINE V sine_reduced(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V round = hn::Set(d, MathConstants<T>::kRound);
  const V t = hn::MulAdd(x, hn::Set(d, C::kTwoOverPi), round);
  const V n = hn::Sub(t, round);
  const V r1 = hn::NegMulAdd(n, hn::Set(d, C::kHalfPi[0]), x);
  const V p = hn::Mul(n, hn::Set(d, C::kHalfPi[1]));
  const V r = hn::Sub(r1, p);
  // What rounding took from r and from p, and the last part of pi/2: the function is evaluated at r + low.
  // The difference's error is Knuth's, as either of r1 and p may be the larger.
  const V taken = hn::Sub(r1, r);
  const V error = hn::Sub(hn::Sub(r1, hn::Add(r, taken)), hn::Sub(p, taken));
  const V low = hn::NegMulAdd(n, hn::Set(d, C::kHalfPi[2]),
                              hn::Sub(error, hn::MulSub(n, hn::Set(d, C::kHalfPi[1]), p)));

  const V z = hn::Mul(r, r);
  const V sine = hn::Add(r, hn::MulAdd(hn::Mul(z, r), polynomial(d, z, C::kSin), low));
  const V one = hn::Set(d, T{1});
  const V half = hn::Mul(z, hn::Set(d, T(0.5)));
  const V top = hn::Sub(one, half);
  const V rest = hn::MulAdd(hn::Mul(z, z), polynomial(d, z, C::kCos), hn::NegMulAdd(r, low, hn::Zero(d)));
  const V cosine = hn::Add(top, hn::Add(hn::Sub(hn::Sub(one, top), half), rest));

  const auto q = hn::Add(hn::BitCast(du, t), hn::Set(du, static_cast<hn::TFromD<decltype(du)>>(quarter)));
  const auto one_bit = hn::Set(du, 1);
  const auto is_odd = hn::RebindMask(d, hn::Eq(hn::And(q, one_bit), one_bit));
  const auto sign = hn::ShiftLeft<sizeof(T) * 8 - 2>(hn::And(q, hn::Set(du, 2)));
  return hn::Xor(hn::IfThenElse(is_odd, cosine, sine), hn::BitCast(d, sign));
}

/// sin(x + quarter pi/2) for any x, where `scalar` is that function of the C library.
template <int quarter, class D, class V, class F, class T = hn::TFromD<D>, class C = TrigConstants<T>>
HWY_INLINE V sine(D d, V x, F scalar) {
  const V high = hn::Set(d, HWY_NATIVE_FMA ? C::kTrigHigh : T(-1));
  const V y = sine_reduced<quarter>(d, x);
  if (HWY_LIKELY(hn::AllTrue(d, hn::Le(hn::Abs(x), high)))) return y;
  HWY_ALIGN T in[hn::MaxLanes(D())];
  HWY_ALIGN T out[hn::MaxLanes(D())];
  hn::Store(x, d, in);
  hn::Store(y, d, out);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    if (!HWY_NATIVE_FMA || !(std::abs(in[i]) <= C::kTrigHigh)) out[i] = scalar(in[i]);
  }
  return hn::Load(d, out);
}

template <class D, class V>
HWY_INLINE V sin(D d, V x) {
  const V y = sine<0>(d, x, [](auto value) { return std::sin(value); });
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, y);  // -0 stays -0
}

template <class D, class V>
HWY_INLINE V cos(D d, V x) {
  return sine<1>(d, x, [](auto value) { return std::cos(value); });
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
