#include <algorithm>
#include <cstddef>

#include "kernels/simd/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gather.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "kernels/simd/loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// As many bytes as D has lanes, as floating-point numbers.
template <class D, class V8>
HWY_INLINE hn::Vec<D> numbers_of(D d, V8 bytes) {
  const hn::Rebind<std::int32_t, D> d32;
  const auto words = hn::PromoteTo(d32, bytes);
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::ConvertTo(d, words);
  } else {
    return hn::PromoteTo(d, words);
  }
}

/// Asks for a row's cache lines ahead of their use: chosen rows lie anywhere in a set larger than the caches,
/// where the hardware's prefetcher only follows once a row has begun.
HWY_INLINE void prefetch_row(const std::uint8_t* row, std::int64_t width) {
  for (std::int64_t i = 0; i < width; i += 64) hwy::Prefetch(row + i);
}

template <class T>
void gather(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
            T scale, T* out) {
  using D = hn::ScalableTag<T>;
  const D d;
  const hn::Rebind<std::uint8_t, D> d8;
  const auto factor = hn::Set(d, scale);
  constexpr std::int64_t kAhead = 3;  // rows
  for (std::int64_t row = 0; row < std::min(kAhead, count); ++row)
    prefetch_row(images + rows[row] * width, width);
  for (std::int64_t row = 0; row < count; ++row) {
    if (row + kAhead < count) prefetch_row(images + rows[row + kAhead] * width, width);
    const std::uint8_t* from = images + rows[row] * width;
    T* to = out + row * width;
    for_vectors(
        static_cast<std::int64_t>(hn::Lanes(d)), width,
        [&](std::int64_t i)
            HWY_ATTR { hn::StoreU(hn::Mul(numbers_of(d, hn::LoadU(d8, from + i)), factor), d, to + i); },
        [&](std::int64_t i, std::int64_t left) HWY_ATTR {
          store_first(d, hn::Mul(numbers_of(d, load_first(d8, from + i, left)), factor), to + i, left);
        });
  }
}

void gather_f32(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
                float scale, float* out) {
  gather(images, width, rows, count, scale, out);
}
void gather_f64(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
                double scale, double* out) {
  gather(images, width, rows, count, scale, out);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(gather_f32);
HWY_EXPORT(gather_f64);

namespace {
template <class Run, class T>
void split_gather(Run run, const std::uint8_t* images, std::int64_t width, const std::int64_t* rows,
                  std::int64_t count, T scale, T* out) {
  const std::int64_t grain = rows_grain(kCheapGrain, width);
  parallel_for(count, grain, [=](std::int64_t begin, std::int64_t end) {
    run(images, width, rows + begin, end - begin, scale, out + begin * width);
  });
}
}  // namespace

void gather_rows(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
                 float scale, float* out) {
  split_gather(CHAINRULE_DISPATCH(gather_f32), images, width, rows, count, scale, out);
}

void gather_rows(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
                 double scale, double* out) {
  split_gather(CHAINRULE_DISPATCH(gather_f64), images, width, rows, count, scale, out);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
