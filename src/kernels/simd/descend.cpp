#include <cstddef>

#include "kernels/simd/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/descend.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

template <bool a_is_scalar, bool b_is_scalar, class T>
void descend_loop(const T* a, T s, const T* b, T* y, std::int64_t n) {
  using D = hn::ScalableTag<T>;
  const D d;
  const Operand<D, a_is_scalar> va(d, a);
  const Operand<D, b_is_scalar> vb(d, b);
  const auto vs = hn::Set(d, s);
  for_vectors(
      static_cast<std::int64_t>(hn::Lanes(d)), n,
      [&](std::int64_t i)
          HWY_ATTR { hn::StoreU(hn::Sub(va.load(d, i), hn::Mul(vs, vb.load(d, i))), d, y + i); },
      [&](std::int64_t i, std::int64_t count) HWY_ATTR {
        const auto step = hn::Mul(vs, vb.load_first(d, i, count));
        store_first(d, hn::Sub(va.load_first(d, i, count), step), y + i, count);
      });
}

template <class T>
void run_descend(std::size_t row, const T* a, T s, const T* b, T* y, std::int64_t n) {
  static constexpr void (*kTable[])(const T*, T, const T*, T*, std::int64_t) = {
      descend_loop<false, false, T>, descend_loop<false, true, T>, descend_loop<true, false, T>,
      descend_loop<true, true, T>};
  kTable[row](a, s, b, y, n);
}

void descend_f32(std::size_t row, const float* a, float s, const float* b, float* y, std::int64_t n) {
  run_descend(row, a, s, b, y, n);
}
void descend_f64(std::size_t row, const double* a, double s, const double* b, double* y, std::int64_t n) {
  run_descend(row, a, s, b, y, n);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(descend_f32);
HWY_EXPORT(descend_f64);

namespace {
template <class Run, class T>
void split_descend(Run run, const T* a, bool a_is_scalar, T s, const T* b, bool b_is_scalar, T* y,
                   std::int64_t n) {
  const std::size_t row = (a_is_scalar ? 2U : 0U) + (b_is_scalar ? 1U : 0U);
  parallel_for(n, kCheapGrain, [=](std::int64_t begin, std::int64_t end) {
    run(row, a_is_scalar ? a : a + begin, s, b_is_scalar ? b : b + begin, y + begin, end - begin);
  });
}
}  // namespace

void descend(const float* a, bool a_is_scalar, float s, const float* b, bool b_is_scalar, float* y,
             std::int64_t n) {
  split_descend(CHAINRULE_DISPATCH(descend_f32), a, a_is_scalar, s, b, b_is_scalar, y, n);
}

void descend(const double* a, bool a_is_scalar, double s, const double* b, bool b_is_scalar, double* y,
             std::int64_t n) {
  split_descend(CHAINRULE_DISPATCH(descend_f64), a, a_is_scalar, s, b, b_is_scalar, y, n);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
