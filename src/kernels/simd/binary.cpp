#include <array>
#include <cstddef>
#include <utility>

#include "kernels/simd/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/binary.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

template <Binary op, class V>
HWY_INLINE V formula(V a, V b) {
  if constexpr (op == Binary::add) return hn::Add(a, b);
  if constexpr (op == Binary::sub) return hn::Sub(a, b);
  if constexpr (op == Binary::mul) return hn::Mul(a, b);
  if constexpr (op == Binary::div) return hn::Div(a, b);
  // Where b is NaN the comparison is false and gives b; a NaN in a is looked for.
  if constexpr (op == Binary::maximum)
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::Not(hn::Eq(a, a))), a, b);
  if constexpr (op == Binary::minimum)
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::Not(hn::Eq(a, a))), a, b);
  if constexpr (op == Binary::sigmoid_grad)
    return hn::Mul(hn::Mul(a, b), hn::Sub(hn::Set(hn::DFromV<V>(), 1), b));
}

template <Binary op, bool a_is_scalar, bool b_is_scalar, class T>
void binary_loop(const T* a, const T* b, T* y, std::int64_t n) {
  using D = hn::ScalableTag<T>;
  const D d;
  const Operand<D, a_is_scalar> va(d, a);
  const Operand<D, b_is_scalar> vb(d, b);
  for_vectors(
      static_cast<std::int64_t>(hn::Lanes(d)), n,
      [&](std::int64_t i) HWY_ATTR { hn::StoreU(formula<op>(va.load(d, i), vb.load(d, i)), d, y + i); },
      [&](std::int64_t i, std::int64_t count) HWY_ATTR {
        store_first(d, formula<op>(va.load_first(d, i, count), vb.load_first(d, i, count)), y + i, count);
      });
}

template <class T>
using BinaryLoop = void (*)(const T*, const T*, T*, std::int64_t);

/// Four loops an operation, at [4 op + 2 a_is_scalar + b_is_scalar].
template <class T, std::size_t... i>
constexpr std::array<BinaryLoop<T>, sizeof...(i)> binary_table(std::index_sequence<i...>) {
  return {binary_loop<static_cast<Binary>(i / 4), (i & 2) != 0, (i & 1) != 0, T>...};
}

template <class T>
void run_binary(std::size_t row, const T* a, const T* b, T* y, std::int64_t n) {
  static constexpr auto kTable = binary_table<T>(std::make_index_sequence<std::size_t{4} * kBinaryCount>());
  kTable[row](a, b, y, n);
}

void binary_f32(std::size_t row, const float* a, const float* b, float* y, std::int64_t n) {
  run_binary(row, a, b, y, n);
}
void binary_f64(std::size_t row, const double* a, const double* b, double* y, std::int64_t n) {
  run_binary(row, a, b, y, n);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(binary_f32);
HWY_EXPORT(binary_f64);

namespace {
template <class Run, class T>
void split_binary(Run run, Binary op, const T* a, bool a_is_scalar, const T* b, bool b_is_scalar, T* y,
                  std::int64_t n) {
  const auto row = 4 * static_cast<std::size_t>(op) + (a_is_scalar ? 2U : 0U) + (b_is_scalar ? 1U : 0U);
  parallel_for(n, kCheapGrain, [=](std::int64_t begin, std::int64_t end) {
    run(row, a_is_scalar ? a : a + begin, b_is_scalar ? b : b + begin, y + begin, end - begin);
  });
}
}  // namespace

void binary(Binary op, const float* a, bool a_is_scalar, const float* b, bool b_is_scalar, float* y,
            std::int64_t n) {
  split_binary(CHAINRULE_DISPATCH(binary_f32), op, a, a_is_scalar, b, b_is_scalar, y, n);
}

void binary(Binary op, const double* a, bool a_is_scalar, const double* b, bool b_is_scalar, double* y,
            std::int64_t n) {
  split_binary(CHAINRULE_DISPATCH(binary_f64), op, a, a_is_scalar, b, b_is_scalar, y, n);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
