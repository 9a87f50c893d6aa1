#include "kernels/simd/pool.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/pool.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// A vector holds results of one row, as many as there are, so its lanes are chosen by the row's length.
// Numbers are bytes, for which there is no masked memory everywhere: whole vectors of them run over the end
// of a row, into the next row's, which is written later.

#if HWY_TARGET != HWY_SCALAR

template <class D>
using NumbersOf = hn::RebindToUnsigned<D>;
template <class D>
using BytesOf = hn::Rebind<std::uint8_t, D>;

/// The first `count` lanes from memory, zeros above; more than there are, or fewer than one, as well.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_some(D d, const T* p, std::int64_t count) {
  if (count >= static_cast<std::int64_t>(hn::Lanes(d))) return hn::LoadU(d, p);
  return count <= 0 ? hn::Zero(d) : load_first(d, p, count);
}
/// Stores the first `count` lanes; more than there are, or fewer than one, as well.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_some(D d, hn::Vec<D> v, T* p, std::int64_t count) {
  if (count >= static_cast<std::int64_t>(hn::Lanes(d))) return hn::StoreU(v, d, p);
  if (count > 0) store_first(d, v, p, count);
}

/// Whether `later` takes the place of `value`: it is larger, or the first NaN.
template <class D>
HWY_INLINE auto is_better(D, hn::Vec<D> later, hn::Vec<D> value) {
  return hn::AndNot(hn::Le(later, value), hn::Eq(value, value));
}

/// The even and the odd elements of a row of x.
template <class D>
struct Pairs {
  hn::Vec<D> even, odd;

  HWY_INLINE Pairs(D d, const hn::TFromD<D>* x, std::int64_t count) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto low = load_some(d, x, 2 * count), high = load_some(d, x + lanes, 2 * count - lanes);
    even = hn::ConcatEven(d, high, low);
    odd = hn::ConcatOdd(d, high, low);
  }
};

/// The squares of a row, from column `at` on, that fit a vector.
/// @param left     how many results there are from these on, to the end of the array.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void pool_vector(D d, const T* upper, const T* lower, std::int64_t count, std::int64_t left, T* y,
                            std::uint8_t* numbers) {
  const Pairs<D> above(d, upper, count), below(d, lower, count);
  const auto second = is_better(d, above.odd, above.even), fourth = is_better(d, below.odd, below.even);
  const auto best_above = hn::IfThenElse(second, above.odd, above.even);
  const auto best_below = hn::IfThenElse(fourth, below.odd, below.even);
  const auto is_below = is_better(d, best_below, best_above);
  if (y != nullptr) store_some(d, hn::IfThenElse(is_below, best_below, best_above), y, count);
  if (numbers == nullptr) return;
  const NumbersOf<D> dn;
  const auto one = hn::Set(dn, 1);
  const auto number_above = hn::IfThenElseZero(hn::RebindMask(dn, second), one);
  const auto number_below = hn::Add(one, hn::IfThenElse(hn::RebindMask(dn, fourth), hn::Add(one, one), one));
  const auto number = hn::IfThenElse(hn::RebindMask(dn, is_below), number_below, number_above);
  const BytesOf<D> d8;
  const auto bytes = hn::TruncateTo(d8, number);
  if (left >= static_cast<std::int64_t>(hn::Lanes(d))) {
    hn::StoreU(bytes, d8, numbers);
  } else {
    store_first(d8, bytes, numbers, count);
  }
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE void pool_all(D d, const Squares& s, const T* x, T* y, std::uint8_t* numbers) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t rows = s.rows, columns = s.columns, width = s.width, rest = columns % lanes;
  std::int64_t left = s.planes * rows * columns;
  const auto pool = [&](const T* upper, std::int64_t count) HWY_ATTR {
    pool_vector(d, upper, upper + width, count, left, y, numbers);
    left -= count;
    if (y != nullptr) y += count;
    if (numbers != nullptr) numbers += count;
  };
  for (std::int64_t plane = 0; plane < s.planes; ++plane, x += s.height * width) {
    const T* upper = x;
    for (std::int64_t row = 0; row < rows; ++row, upper += 2 * width) {
      for (std::int64_t at = 0; at + lanes <= columns; at += lanes) pool(upper + 2 * at, lanes);
      if (rest > 0) pool(upper + 2 * (columns - rest), rest);
    }
  }
}

template <class D>
HWY_INLINE hn::Vec<NumbersOf<D>> load_numbers(D, const std::uint8_t* numbers, std::int64_t count,
                                              std::int64_t left) {
  const BytesOf<D> d8;
  const auto bytes = left >= static_cast<std::int64_t>(hn::Lanes(d8)) ? hn::LoadU(d8, numbers)
                                                                      : load_first(d8, numbers, count);
  const hn::Rebind<std::uint32_t, D> d32;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::PromoteTo(d32, bytes);
  } else {
    return hn::PromoteTo(NumbersOf<D>(), hn::PromoteTo(d32, bytes));
  }
}

/// Lanes 0, 0, 1, 1, ... of a vector and of its numbers, or those of its upper half: below each element of a
/// row of x its square.
template <class D>
HWY_INLINE void unpool_vector(D d, hn::Vec<D> y, hn::Vec<NumbersOf<D>> numbers, std::int64_t half,
                              std::int64_t count, hn::TFromD<D>* upper, hn::TFromD<D>* lower) {
  const NumbersOf<D> dn;
  using N = hn::TFromD<NumbersOf<D>>;
  const auto iota = hn::Iota(dn, 0), column = hn::And(iota, hn::Set(dn, N{1}));
  const auto first = static_cast<std::int64_t>(hn::Lanes(d)) / 2 * half;
  const auto square = hn::Add(hn::ShiftRight<1>(iota), hn::Set(dn, static_cast<N>(first)));
  const auto value = hn::TableLookupLanes(y, hn::IndicesFromVec(d, square));
  const auto number = hn::TableLookupLanes(numbers, hn::IndicesFromVec(dn, square));
  const auto is_above = hn::RebindMask(d, hn::Eq(number, column));
  const auto is_below = hn::RebindMask(d, hn::Eq(number, hn::Add(column, hn::Set(dn, N{2}))));
  store_some(d, hn::IfThenElseZero(is_above, value), upper, count);
  store_some(d, hn::IfThenElseZero(is_below, value), lower, count);
}

template <class D, class T = hn::TFromD<D>>
HWY_INLINE void unpool_all(D d, const Squares& s, const T* y, const std::uint8_t* numbers, T* x) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t rows = s.rows, columns = s.columns, width = s.width, rest = columns % lanes;
  std::int64_t left = s.planes * rows * columns;
  const auto unpool = [&](T* upper, std::int64_t count) HWY_ATTR {
    const auto some = hn::Add(load_some(d, y, count), hn::Zero(d));  // a sum with 0 is never -0
    const auto number = load_numbers(d, numbers, count, left);
    unpool_vector(d, some, number, 0, 2 * count, upper, upper + width);
    unpool_vector(d, some, number, 1, 2 * count - lanes, upper + lanes, upper + width + lanes);
    y += count, numbers += count, left -= count;
  };
  for (std::int64_t plane = 0; plane < s.planes; ++plane, x += s.height * width) {
    T* upper = x;
    for (std::int64_t row = 0; row < rows; ++row, upper += 2 * width) {
      for (std::int64_t at = 0; at + lanes <= columns; at += lanes) unpool(upper + 2 * at, lanes);
      if (rest > 0) unpool(upper + 2 * (columns - rest), rest);
      for (std::int64_t at = 2 * columns; at < width; ++at) upper[at] = upper[width + at] = 0;
    }
    std::fill(upper, x + s.height * width, T(0));
  }
}

template <class T, class F>
HWY_INLINE void with_lanes_for(std::int64_t columns, F run) {
  constexpr std::int64_t kFew = 16 / sizeof(T);
  if (columns <= kFew) return run(hn::CappedTag<T, kFew>());
  if (columns <= 2 * kFew) return run(hn::CappedTag<T, 2 * kFew>());
  run(hn::CappedTag<T, 4 * kFew>());
}

#else

template <class T>
void pool_all(int, const Squares& s, const T* x, T* y, std::uint8_t* numbers) {
  for (std::int64_t i = 0; i < s.planes * s.rows * s.columns; ++i) {
    const std::int64_t row = i / s.columns % s.rows, plane = i / s.columns / s.rows;
    const T* square = x + (plane * s.height + 2 * row) * s.width + i % s.columns * 2;
    const T elements[] = {square[0], square[1], square[s.width], square[s.width + 1]};
    std::uint8_t best = 0;
    for (std::uint8_t j = 1; j < 4; ++j) {
      if (!(elements[j] <= elements[best]) && elements[best] == elements[best]) best = j;
    }
    if (y != nullptr) y[i] = elements[best];
    if (numbers != nullptr) numbers[i] = best;
  }
}

template <class T>
void unpool_all(int, const Squares& s, const T* y, const std::uint8_t* numbers, T* x) {
  std::fill_n(x, s.planes * s.height * s.width, T(0));
  for (std::int64_t i = 0; i < s.planes * s.rows * s.columns; ++i) {
    const std::int64_t row = i / s.columns % s.rows, plane = i / s.columns / s.rows;
    T* square = x + (plane * s.height + 2 * row) * s.width + i % s.columns * 2;
    square[numbers[i] / 2 * s.width + numbers[i] % 2] += y[i];
  }
}

template <class T, class F>
void with_lanes_for(std::int64_t, F run) {
  run(1);
}

#endif  // HWY_SCALAR

template <class T>
void pool_squares(const Squares& s, const T* x, T* y, std::uint8_t* numbers) {
  with_lanes_for<T>(s.columns, [&](auto d) HWY_ATTR { pool_all(d, s, x, y, numbers); });
}
template <class T>
void unpool_squares(const Squares& s, const T* y, const std::uint8_t* numbers, T* x) {
  with_lanes_for<T>(s.columns, [&](auto d) HWY_ATTR { unpool_all(d, s, y, numbers, x); });
}

void pool_squares_f32(const Squares& s, const float* x, float* y, std::uint8_t* numbers) {
  pool_squares(s, x, y, numbers);
}
void pool_squares_f64(const Squares& s, const double* x, double* y, std::uint8_t* numbers) {
  pool_squares(s, x, y, numbers);
}
void unpool_squares_f32(const Squares& s, const float* y, const std::uint8_t* numbers, float* x) {
  unpool_squares(s, y, numbers, x);
}
void unpool_squares_f64(const Squares& s, const double* y, const std::uint8_t* numbers, double* x) {
  unpool_squares(s, y, numbers, x);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(pool_squares_f32);
HWY_EXPORT(pool_squares_f64);
HWY_EXPORT(unpool_squares_f32);
HWY_EXPORT(unpool_squares_f64);

namespace {

/// Calls `run(some, x, y)` for some of the planes, where x and y say how many of their elements lie before
/// them.
template <class F>
void share_planes(const Squares& s, F run) {
  const std::int64_t plane = s.height * s.width;
  parallel_for(s.planes, rows_grain(kCheapGrain, plane), [&](std::int64_t begin, std::int64_t end) {
    Squares some = s;
    some.planes = end - begin;
    run(some, begin * plane, begin * s.rows * s.columns);
  });
}

template <class Run, class T>
void share_pool(Run run, const Squares& s, const T* x, T* y, std::uint8_t* numbers) {
  share_planes(s, [=](const Squares& some, std::int64_t at_x, std::int64_t at_y) {
    run(some, x + at_x, y == nullptr ? nullptr : y + at_y, numbers == nullptr ? nullptr : numbers + at_y);
  });
}

template <class Run, class T>
void share_unpool(Run run, const Squares& s, const T* y, const std::uint8_t* numbers, T* x) {
  share_planes(s, [=](const Squares& some, std::int64_t at_x, std::int64_t at_y) {
    run(some, y + at_y, numbers + at_y, x + at_x);
  });
}

}  // namespace

void max_pool_squares(const Squares& squares, const float* x, float* y, std::uint8_t* numbers) {
  share_pool(CHAINRULE_DISPATCH(pool_squares_f32), squares, x, y, numbers);
}
void max_pool_squares(const Squares& squares, const double* x, double* y, std::uint8_t* numbers) {
  share_pool(CHAINRULE_DISPATCH(pool_squares_f64), squares, x, y, numbers);
}
void max_unpool_squares(const Squares& squares, const float* y, const std::uint8_t* numbers, float* x) {
  share_unpool(CHAINRULE_DISPATCH(unpool_squares_f32), squares, y, numbers, x);
}
void max_unpool_squares(const Squares& squares, const double* y, const std::uint8_t* numbers, double* x) {
  share_unpool(CHAINRULE_DISPATCH(unpool_squares_f64), squares, y, numbers, x);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
