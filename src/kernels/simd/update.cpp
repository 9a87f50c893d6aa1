#include <array>
#include <cstddef>
#include <utility>

#include "kernels/simd/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/update.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

template <Update op, class V>
HWY_INLINE V formula(V a, V s, V b) {
  if constexpr (op == Update::descend) return hn::Sub(a, hn::Mul(s, b));
  if constexpr (op == Update::approach) return hn::Sub(a, hn::Mul(s, hn::Sub(a, b)));
  if constexpr (op == Update::approach_square) return hn::Sub(a, hn::Mul(s, hn::Sub(a, hn::Mul(b, b))));
  if constexpr (op == Update::over_root) return hn::Div(a, hn::Add(hn::Sqrt(b), s));
}

template <Update op, bool a_is_scalar, bool b_is_scalar, class T>
void update_loop(const T* a, T s, const T* b, T* y, std::int64_t n) {
  using D = hn::ScalableTag<T>;
  const D d;
  const Operand<D, a_is_scalar> va(d, a);
  const Operand<D, b_is_scalar> vb(d, b);
  const auto vs = hn::Set(d, s);
  for_vectors(
      static_cast<std::int64_t>(hn::Lanes(d)), n,
      [&](std::int64_t i) HWY_ATTR { hn::StoreU(formula<op>(va.load(d, i), vs, vb.load(d, i)), d, y + i); },
      [&](std::int64_t i, std::int64_t count) HWY_ATTR {
        store_first(d, formula<op>(va.load_first(d, i, count), vs, vb.load_first(d, i, count)), y + i, count);
      });
}

template <class T>
using UpdateLoop = void (*)(const T*, T, const T*, T*, std::int64_t);

/// Four loops an operation, at [4 op + 2 a_is_scalar + b_is_scalar].
template <class T, std::size_t... i>
constexpr std::array<UpdateLoop<T>, sizeof...(i)> update_table(std::index_sequence<i...>) {
  return {update_loop<static_cast<Update>(i / 4), (i & 2) != 0, (i & 1) != 0, T>...};
}

template <class T>
void run_update(std::size_t row, const T* a, T s, const T* b, T* y, std::int64_t n) {
  static constexpr auto kTable = update_table<T>(std::make_index_sequence<std::size_t{4} * kUpdateCount>());
  kTable[row](a, s, b, y, n);
}

void update_f32(std::size_t row, const float* a, float s, const float* b, float* y, std::int64_t n) {
  run_update(row, a, s, b, y, n);
}
void update_f64(std::size_t row, const double* a, double s, const double* b, double* y, std::int64_t n) {
  run_update(row, a, s, b, y, n);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(update_f32);
HWY_EXPORT(update_f64);

namespace {
template <class Run, class T>
void split_update(Run run, Update op, const T* a, bool a_is_scalar, T s, const T* b, bool b_is_scalar, T* y,
                  std::int64_t n) {
  const auto row = 4 * static_cast<std::size_t>(op) + (a_is_scalar ? 2U : 0U) + (b_is_scalar ? 1U : 0U);
  parallel_for(n, kCheapGrain, [=](std::int64_t begin, std::int64_t end) {
    run(row, a_is_scalar ? a : a + begin, s, b_is_scalar ? b : b + begin, y + begin, end - begin);
  });
}
}  // namespace

void update(Update op, const float* a, bool a_is_scalar, float s, const float* b, bool b_is_scalar, float* y,
            std::int64_t n) {
  split_update(CHAINRULE_DISPATCH(update_f32), op, a, a_is_scalar, s, b, b_is_scalar, y, n);
}

void update(Update op, const double* a, bool a_is_scalar, double s, const double* b, bool b_is_scalar,
            double* y, std::int64_t n) {
  split_update(CHAINRULE_DISPATCH(update_f64), op, a, a_is_scalar, s, b, b_is_scalar, y, n);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
