// What follows a sum, for each vector of it. Included once per instruction set.
#if defined(CHAINRULE_KERNELS_SIMD_FINISH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SIMD_FINISH_INL_H
#undef CHAINRULE_KERNELS_SIMD_FINISH_INL_H
#else
#define CHAINRULE_KERNELS_SIMD_FINISH_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// mask <= 0 ? 0 : x, as the operations have it: where the mask is NaN, x stays.
template <class D>
HWY_INLINE hn::Vec<D> masked(D d, hn::Vec<D> mask, hn::Vec<D> x) {
  return hn::IfThenZeroElse(hn::Le(mask, hn::Zero(d)), x);
}

/// x <= 0 ? 0 : x: NaN stays.
template <class D>
HWY_INLINE hn::Vec<D> rectified(D d, hn::Vec<D> x) {
  return masked(d, x, x);
}

/// base - scale x, each rounded: the step of gradient descent.
template <class D>
HWY_INLINE hn::Vec<D> descended(D, hn::Vec<D> base, hn::Vec<D> scale, hn::Vec<D> x) {
  return hn::Sub(base, hn::Mul(scale, x));
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
