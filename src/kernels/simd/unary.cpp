#include <array>
#include <cstddef>
#include <utility>

#include "kernels/simd/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/unary.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/erf-inl.h"
#include "kernels/simd/loop-inl.h"
#include "kernels/simd/math-inl.h"
#include "kernels/simd/trigonometry-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// -1, 0 or 1; a NaN stays.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V sign(D d, V x) {
  const V zero = hn::Zero(d);
  const V signed_one = hn::CopySignToAbs(hn::Set(d, T{1}), x);
  const V y = hn::IfThenElseZero(hn::Or(hn::Lt(x, zero), hn::Gt(x, zero)), signed_one);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

/// One line a function: this, and its name in `Unary`, is all that a new one takes.
template <Unary op, class D, class V>
HWY_INLINE V formula(D d, V x) {
  if constexpr (op == Unary::neg) return hn::Neg(x);
  if constexpr (op == Unary::exp) return exp(d, x);
  if constexpr (op == Unary::log) return log(d, x);
  if constexpr (op == Unary::sqrt) return hn::Sqrt(x);
  if constexpr (op == Unary::tanh) return tanh(d, x);
  if constexpr (op == Unary::sigmoid) return sigmoid(d, x);
  if constexpr (op == Unary::abs) return hn::Abs(x);
  if constexpr (op == Unary::sign) return sign(d, x);
  if constexpr (op == Unary::floor) return hn::Floor(x);
  if constexpr (op == Unary::ceil) return hn::Ceil(x);
  if constexpr (op == Unary::round) return hn::Round(x);
  if constexpr (op == Unary::expm1) return expm1(d, x);
  if constexpr (op == Unary::log1p) return log1p(d, x);
  if constexpr (op == Unary::sin) return sin(d, x);
  if constexpr (op == Unary::cos) return cos(d, x);
  if constexpr (op == Unary::erf) return erf(d, x);
}

template <Unary op, class T>
void unary_loop(const T* x, T* y, std::int64_t n) {
  const hn::ScalableTag<T> d;
  for_vectors(
      static_cast<std::int64_t>(hn::Lanes(d)), n,
      [&](std::int64_t i) HWY_ATTR { hn::StoreU(formula<op>(d, hn::LoadU(d, x + i)), d, y + i); },
      [&](std::int64_t i, std::int64_t count)
          HWY_ATTR { store_first(d, formula<op>(d, load_first(d, x + i, count)), y + i, count); });
}

template <class T>
using UnaryLoop = void (*)(const T*, T*, std::int64_t);

template <class T, std::size_t... op>
constexpr std::array<UnaryLoop<T>, sizeof...(op)> unary_table(std::index_sequence<op...>) {
  return {unary_loop<static_cast<Unary>(op), T>...};
}

template <class T>
void run_unary(Unary op, const T* x, T* y, std::int64_t n) {
  static constexpr auto kTable = unary_table<T>(std::make_index_sequence<kUnaryCount>());
  kTable[static_cast<std::size_t>(op)](x, y, n);
}

void unary_f32(Unary op, const float* x, float* y, std::int64_t n) { run_unary(op, x, y, n); }
void unary_f64(Unary op, const double* x, double* y, std::int64_t n) { run_unary(op, x, y, n); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(unary_f32);
HWY_EXPORT(unary_f64);

namespace {
std::int64_t grain_of(Unary op) {
  switch (op) {
    case Unary::neg:
    case Unary::sqrt:
    case Unary::abs:
    case Unary::sign:
    case Unary::floor:
    case Unary::ceil:
    case Unary::round:
      return kCheapGrain;
    default:
      return kHeavyGrain;
  }
}
}  // namespace

void unary(Unary op, const float* x, float* y, std::int64_t n) {
  const auto run = CHAINRULE_DISPATCH(unary_f32);
  parallel_for(n, grain_of(op),
               [=](std::int64_t begin, std::int64_t end) { run(op, x + begin, y + begin, end - begin); });
}

void unary(Unary op, const double* x, double* y, std::int64_t n) {
  const auto run = CHAINRULE_DISPATCH(unary_f64);
  parallel_for(n, grain_of(op),
               [=](std::int64_t begin, std::int64_t end) { run(op, x + begin, y + begin, end - begin); });
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
