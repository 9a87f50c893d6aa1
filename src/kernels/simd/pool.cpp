#include "kernels/simd/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/pool.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

/// The best element so far of as many windows as there are lanes, and its place in the window.
template <class D>
struct Best {
  using DI = hn::RebindToSigned<D>;
  hn::Vec<D> value;
  hn::Vec<DI> place;

  HWY_INLINE void compare(D d, hn::Vec<D> other, hn::TFromD<DI> at) {
    const auto is_better = hn::Or(hn::Gt(other, value), hn::AndNot(hn::IsNaN(value), hn::IsNaN(other)));
    value = hn::IfThenElse(is_better, other, value);
    place = hn::IfThenElse(hn::RebindMask(DI(), is_better), hn::Set(DI(), at), place);
    static_cast<void>(d);
  }
};

/// The windows [begin, end) of a row, as many at a time as D has lanes; returns where it stopped.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE std::int64_t run_lanes(D d, const T* upper, std::int64_t width, std::int64_t row_place,
                                  std::int64_t begin, std::int64_t end, std::int64_t* places) {
  using DI = hn::RebindToSigned<D>;
  using I = hn::TFromD<DI>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto doubled = hn::ShiftLeft<1>(hn::Iota(DI(), 0));
  for (; begin + lanes <= end; begin += lanes) {
    hn::Vec<D> first, second, third, fourth;
    hn::LoadInterleaved2(d, upper + 2 * begin, first, second);
    hn::LoadInterleaved2(d, upper + width + 2 * begin, third, fourth);
    Best<D> best{first, hn::Zero(DI())};
    best.compare(d, second, I{1});
    best.compare(d, third, static_cast<I>(width));
    best.compare(d, fourth, static_cast<I>(width + 1));
    const auto place =
        hn::Add(best.place, hn::Add(doubled, hn::Set(DI(), static_cast<I>(row_place + 2 * begin))));
    const hn::Rebind<std::int64_t, D> d64;
    if constexpr (sizeof(T) == 8) {
      hn::StoreU(place, d64, places + begin);
    } else if constexpr (hn::MaxLanes(D()) * sizeof(std::int64_t) <= HWY_MAX_BYTES) {
      hn::StoreU(hn::PromoteTo(d64, place), d64, places + begin);
    } else {
      const hn::Half<DI> half;
      const hn::Rebind<std::int64_t, decltype(half)> half64;
      hn::StoreU(hn::PromoteTo(half64, hn::LowerHalf(half, place)), half64, places + begin);
      hn::StoreU(hn::PromoteTo(half64, hn::UpperHalf(half, place)), half64, places + begin + lanes / 2);
    }
  }
  return begin;
}

#endif  // HWY_SCALAR

template <class T>
std::int64_t place_in_square(const T* upper, std::int64_t width) {
  const std::int64_t places[] = {0, 1, width, width + 1};
  std::int64_t best = 0;
  for (const std::int64_t place : places) {
    const T other = upper[place], value = upper[best];
    if (other > value || (other != other && value == value)) best = place;
  }
  return best;
}

template <class T>
void squares(const T* x, std::int64_t width, std::int64_t plane, std::int64_t planes, std::int64_t rows,
             std::int64_t columns, std::int64_t* places) {
  for (std::int64_t i = 0; i < planes * rows; ++i, places += columns) {
    const std::int64_t row_place = 2 * (i % rows) * width;
    const T* upper = x + i / rows * plane + row_place;
    std::int64_t at = 0;
#if HWY_TARGET != HWY_SCALAR
    at = run_lanes(hn::CappedTag<T, 16>(), upper, width, row_place, at, columns, places);
    at = run_lanes(hn::CappedTag<T, 8>(), upper, width, row_place, at, columns, places);
    at = run_lanes(hn::CappedTag<T, 4>(), upper, width, row_place, at, columns, places);
    at = run_lanes(hn::CappedTag<T, 2>(), upper, width, row_place, at, columns, places);
#endif
    for (; at < columns; ++at) {
      places[at] = row_place + 2 * at + place_in_square(upper + 2 * at, width);
    }
  }
}

void squares_f32(const float* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                 std::int64_t rows, std::int64_t columns, std::int64_t* places) {
  squares(x, width, plane, planes, rows, columns, places);
}
void squares_f64(const double* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                 std::int64_t rows, std::int64_t columns, std::int64_t* places) {
  squares(x, width, plane, planes, rows, columns, places);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(squares_f32);
HWY_EXPORT(squares_f64);

namespace {
template <class Run, class T>
void share_planes(Run run, const T* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                  std::int64_t rows, std::int64_t columns, std::int64_t* places) {
  parallel_for(planes, rows_grain(kCheapGrain, plane), [=](std::int64_t begin, std::int64_t end) {
    run(x + begin * plane, width, plane, end - begin, rows, columns, places + begin * rows * columns);
  });
}
}  // namespace

void max_places_of_squares(const float* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                           std::int64_t rows, std::int64_t columns, std::int64_t* places) {
  share_planes(CHAINRULE_DISPATCH(squares_f32), x, width, plane, planes, rows, columns, places);
}
void max_places_of_squares(const double* x, std::int64_t width, std::int64_t plane, std::int64_t planes,
                           std::int64_t rows, std::int64_t columns, std::int64_t* places) {
  share_planes(CHAINRULE_DISPATCH(squares_f64), x, width, plane, planes, rows, columns, places);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
