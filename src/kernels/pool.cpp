#include "kernels/pool.h"

#include <limits>

#include "core/thread_pool.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kMinTask = 1 << 15;  // elements under windows that are worth handing to another thread

/// The windows of one row of the output, compared element by element of the window: all their first elements,
/// then all their second ones. Without branches.
template <class T, class Place>
struct PoolRow {
  const Windows& v;
  T* best;
  Place* place;  // below 0 while there is none

  void clear() const {
    for (std::int64_t i = 0; i < v.out[2]; ++i) {
      best[i] = -std::numeric_limits<T>::infinity();
      place[i] = -1;
    }
  }
  void compare_row(const T* row, Place row_at) const {
    for (std::int64_t j = 0; j < v.kernel[2]; ++j) {
      const Range inside = v.windows_inside(2, j);
      const std::int64_t start = v.place(2, inside.begin, j);
      const auto at = static_cast<Place>(row_at + start);
      if (v.stride[2] == 1) {
        compare<1>(row + start, at, inside);
      } else if (v.stride[2] == 2) {
        compare<2>(row + start, at, inside);
      } else {
        compare<0>(row + start, at, inside);
      }
    }
  }
  template <int kStep>
  void compare(const T* x, Place at, Range windows) const {
    const std::int64_t step = kStep != 0 ? kStep : v.stride[2];
    T* b = best + windows.begin;
    Place* p = place + windows.begin;
    for (std::int64_t i = 0; i < windows.size(); ++i) {
      const T value = x[i * step];
      const bool kept = (value <= b[i]) | (b[i] != b[i]);  // not so for a NaN value
      const bool better = !kept | (p[i] < 0);
      b[i] = better ? value : b[i];
      p[i] = better ? static_cast<Place>(at + static_cast<Place>(i * step)) : p[i];
    }
  }
};

template <class T, class Place>
void run(const Windows& v, std::int64_t planes, const T* x, std::int64_t* places) {
  const std::int64_t rows = v.out[0] * v.out[1], width = v.out[2];
  const std::int64_t work = std::max<std::int64_t>(1, width * v.kernel.product());
  parallel_for(planes * rows, std::max<std::int64_t>(1, kMinTask / work),
               [&](std::int64_t begin, std::int64_t end) {
                 thread_local Scratch best, place;
                 const PoolRow<T, Place> pool{v, best.get<T>(width), place.get<Place>(width)};
                 for (std::int64_t row = begin; row < end; ++row) {
                   const T* plane = x + row / rows * v.in.product();
                   pool.clear();
                   for (std::int64_t j = 0; j < v.kernel[0] * v.kernel[1]; ++j) {
                     const std::int64_t d = v.place(0, row % rows / v.out[1], j / v.kernel[1]);
                     const std::int64_t h = v.place(1, row % v.out[1], j % v.kernel[1]);
                     if (!v.inside(0, d) || !v.inside(1, h)) continue;
                     const std::int64_t at = (d * v.in[1] + h) * v.in[2];
                     pool.compare_row(plane + at, static_cast<Place>(at));
                   }
                   for (std::int64_t i = 0; i < width; ++i) places[row * width + i] = pool.place[i];
                 }
               });
}

}  // namespace

template <class T>
void max_places(const Windows& windows, std::int64_t planes, const T* x, std::int64_t* places) {
  if (windows.in.product() <= std::numeric_limits<std::int32_t>::max()) {
    run<T, std::int32_t>(windows, planes, x, places);
  } else {
    run<T, std::int64_t>(windows, planes, x, places);
  }
}

template void max_places(const Windows&, std::int64_t, const float*, std::int64_t*);
template void max_places(const Windows&, std::int64_t, const double*, std::int64_t*);

}  // namespace chainrule::kernels
