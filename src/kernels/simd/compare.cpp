#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

#include "kernels/simd/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/compare.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Bools are stored as bytes; Highway has no vectors of bool.
static_assert(sizeof(bool) == 1);

template <Compare op, class V>
HWY_INLINE auto formula(V a, V b) {
  if constexpr (op == Compare::less) return hn::Lt(a, b);
  if constexpr (op == Compare::less_equal) return hn::Le(a, b);
  if constexpr (op == Compare::equal) return hn::Eq(a, b);
  // Not Ne: with a NaN that is false on AVX-512 and true elsewhere.
  if constexpr (op == Compare::not_equal) return hn::Not(hn::Eq(a, b));
}

/// A mask of 4- or 8-byte lanes as bytes 0 or 1.
template <class D, class M>
HWY_INLINE auto bytes_of(D d, M mask) {
  const hn::Rebind<std::int32_t, D> d32;
  const hn::Rebind<std::uint8_t, D> d8;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    const auto one = hn::BitCast(d, hn::Set(d32, 1));
    return hn::DemoteTo(d8, hn::BitCast(d32, hn::IfThenElseZero(mask, one)));
  } else {
    return hn::DemoteTo(d8, hn::DemoteTo(d32, hn::IfThenElseZero(mask, hn::Set(d, 1.0))));
  }
}

/// A mask of 4- or 8-byte lanes from as many bytes.
template <class D, class V8>
HWY_INLINE auto mask_of(D d, V8 bytes) {
  const hn::Rebind<std::int32_t, D> d32;
  const auto words = hn::PromoteTo(d32, bytes);
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::RebindMask(d, hn::Ne(words, hn::Zero(d32)));
  } else {
    const hn::Rebind<std::int64_t, D> d64;
    return hn::RebindMask(d, hn::Ne(hn::PromoteTo(d64, words), hn::Zero(d64)));
  }
}

template <Compare op, bool a_is_scalar, bool b_is_scalar, class T>
void compare_loop(const T* a, const T* b, bool* y, std::int64_t n) {
  using D = hn::ScalableTag<T>;
  const D d;
  const hn::Rebind<std::uint8_t, D> d8;
  const Operand<D, a_is_scalar> va(d, a);
  const Operand<D, b_is_scalar> vb(d, b);
  auto* out = reinterpret_cast<std::uint8_t*>(y);
  for_vectors(
      static_cast<std::int64_t>(hn::Lanes(d)), n,
      [&](std::int64_t i)
          HWY_ATTR { hn::StoreU(bytes_of(d, formula<op>(va.load(d, i), vb.load(d, i))), d8, out + i); },
      [&](std::int64_t i, std::int64_t count) HWY_ATTR {
        const auto mask = formula<op>(va.load_first(d, i, count), vb.load_first(d, i, count));
        store_first(d8, bytes_of(d, mask), out + i, count);
      });
}

template <bool a_is_scalar, bool b_is_scalar, class T>
void select_loop(const bool* condition, const T* a, const T* b, T* y, std::int64_t n) {
  using D = hn::ScalableTag<T>;
  const D d;
  const hn::Rebind<std::uint8_t, D> d8;
  const Operand<D, a_is_scalar> va(d, a);
  const Operand<D, b_is_scalar> vb(d, b);
  const auto* in = reinterpret_cast<const std::uint8_t*>(condition);
  for_vectors(
      static_cast<std::int64_t>(hn::Lanes(d)), n,
      [&](std::int64_t i) HWY_ATTR {
        const auto mask = mask_of(d, hn::LoadU(d8, in + i));
        hn::StoreU(hn::IfThenElse(mask, va.load(d, i), vb.load(d, i)), d, y + i);
      },
      [&](std::int64_t i, std::int64_t count) HWY_ATTR {
        const auto mask = mask_of(d, load_first(d8, in + i, count));
        const auto chosen = hn::IfThenElse(mask, va.load_first(d, i, count), vb.load_first(d, i, count));
        store_first(d, chosen, y + i, count);
      });
}

template <class T>
using CompareLoop = void (*)(const T*, const T*, bool*, std::int64_t);
template <class T>
using SelectLoop = void (*)(const bool*, const T*, const T*, T*, std::int64_t);

/// Four loops an operation, at [4 op + 2 a_is_scalar + b_is_scalar].
template <class T, std::size_t... i>
constexpr std::array<CompareLoop<T>, sizeof...(i)> compare_table(std::index_sequence<i...>) {
  return {compare_loop<static_cast<Compare>(i / 4), (i & 2) != 0, (i & 1) != 0, T>...};
}

template <class T>
void run_compare(std::size_t row, const T* a, const T* b, bool* y, std::int64_t n) {
  static constexpr auto kTable = compare_table<T>(std::make_index_sequence<std::size_t{4} * kCompareCount>());
  kTable[row](a, b, y, n);
}

template <class T>
void run_select(std::size_t row, const bool* condition, const T* a, const T* b, T* y, std::int64_t n) {
  static constexpr SelectLoop<T> kTable[] = {select_loop<false, false, T>, select_loop<false, true, T>,
                                             select_loop<true, false, T>, select_loop<true, true, T>};
  kTable[row](condition, a, b, y, n);
}

void compare_f32(std::size_t row, const float* a, const float* b, bool* y, std::int64_t n) {
  run_compare(row, a, b, y, n);
}
void compare_f64(std::size_t row, const double* a, const double* b, bool* y, std::int64_t n) {
  run_compare(row, a, b, y, n);
}
void select_f32(std::size_t row, const bool* condition, const float* a, const float* b, float* y,
                std::int64_t n) {
  run_select(row, condition, a, b, y, n);
}
void select_f64(std::size_t row, const bool* condition, const double* a, const double* b, double* y,
                std::int64_t n) {
  run_select(row, condition, a, b, y, n);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(compare_f32);
HWY_EXPORT(compare_f64);
HWY_EXPORT(select_f32);
HWY_EXPORT(select_f64);

namespace {
std::size_t row_of(bool a_is_scalar, bool b_is_scalar) {
  return (a_is_scalar ? 2U : 0U) + (b_is_scalar ? 1U : 0U);
}

template <class Run, class T>
void split_compare(Run run, Compare op, const T* a, bool a_is_scalar, const T* b, bool b_is_scalar, bool* y,
                   std::int64_t n) {
  const auto row = 4 * static_cast<std::size_t>(op) + row_of(a_is_scalar, b_is_scalar);
  parallel_for(n, kCheapGrain, [=](std::int64_t begin, std::int64_t end) {
    run(row, a_is_scalar ? a : a + begin, b_is_scalar ? b : b + begin, y + begin, end - begin);
  });
}

template <class Run, class T>
void split_select(Run run, const bool* condition, const T* a, bool a_is_scalar, const T* b, bool b_is_scalar,
                  T* y, std::int64_t n) {
  const auto row = row_of(a_is_scalar, b_is_scalar);
  parallel_for(n, kCheapGrain, [=](std::int64_t begin, std::int64_t end) {
    run(row, condition + begin, a_is_scalar ? a : a + begin, b_is_scalar ? b : b + begin, y + begin,
        end - begin);
  });
}
}  // namespace

void compare(Compare op, const float* a, bool a_is_scalar, const float* b, bool b_is_scalar, bool* y,
             std::int64_t n) {
  split_compare(CHAINRULE_DISPATCH(compare_f32), op, a, a_is_scalar, b, b_is_scalar, y, n);
}

void compare(Compare op, const double* a, bool a_is_scalar, const double* b, bool b_is_scalar, bool* y,
             std::int64_t n) {
  split_compare(CHAINRULE_DISPATCH(compare_f64), op, a, a_is_scalar, b, b_is_scalar, y, n);
}

void select(const bool* condition, const float* a, bool a_is_scalar, const float* b, bool b_is_scalar,
            float* y, std::int64_t n) {
  split_select(CHAINRULE_DISPATCH(select_f32), condition, a, a_is_scalar, b, b_is_scalar, y, n);
}

void select(const bool* condition, const double* a, bool a_is_scalar, const double* b, bool b_is_scalar,
            double* y, std::int64_t n) {
  split_select(CHAINRULE_DISPATCH(select_f64), condition, a, a_is_scalar, b, b_is_scalar, y, n);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
