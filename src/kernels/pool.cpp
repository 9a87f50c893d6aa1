#include "kernels/pool.h"

#include <limits>
#include <type_traits>

#include "core/thread_pool.h"
#include "kernels/simd/gemm_scratch.h"
#include "kernels/simd/pool.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kMinTask = 1 << 15;  // elements under windows worth handing to another thread
constexpr std::int64_t kBlockWindows =
    1024;  // compared together: what belongs to them stays in the first cache

/// An integer as wide as T, so that one vector has as many of both.
template <class T>
using IntegerLike = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// The first element of a window that is not padding, along one axis.
std::int64_t first_inside(const Windows& v, int axis, std::int64_t window) {
  const std::int64_t before = -v.place(axis, window, 0), step = v.dilation[axis];
  return before <= 0 ? 0 : (before + step - 1) / step;
}

/// The windows of some rows of the output, compared element by element: all their first elements, then all
/// their second ones, without branches.
template <class T>
class PoolBlock {
 public:
  PoolBlock(const Windows& v, const T* image, Range windows)
      : v_(v), image_(image), windows_(windows), count_(windows.size()) {
    thread_local Scratch best, value, place, offset;
    best_ = best.get<T>(count_), value_ = value.get<T>(count_), element_ = place.get<IntegerLike<T>>(count_);
    const Extents &k = v.kernel, &step = v.dilation;
    offsets_ = offset.get<std::int64_t>(k.product());
    for (std::int64_t j = 0; j < k.product(); ++j) {
      offsets_[j] =
          (j / (k[1] * k[2]) * step[0] * v.in[1] + j / k[2] % k[1] * step[1]) * v.in[2] + j % k[2] * step[2];
    }
  }

  void run(std::int64_t* places) {
    std::fill_n(best_, count_, -std::numeric_limits<T>::infinity());
    std::fill_n(element_, count_, IntegerLike<T>{0});
    for (std::int64_t j = 0; j < v_.kernel.product(); ++j) {
      // Padding is never the larger one.
      copy_elements(v_, image_, j, windows_, -std::numeric_limits<T>::infinity(), value_);
      compare(static_cast<IntegerLike<T>>(j));
    }
    const std::int64_t row = windows_.begin / v_.out[2];
    std::int64_t d = row / v_.out[1], h = row % v_.out[1], w = windows_.begin % v_.out[2];
    for (std::int64_t at = 0; at < count_; w = 0) {
      const std::int64_t end = std::min(count_, at + v_.out[2] - w);
      finish_row(Range{at, end}, d, h, w, places);
      at = end;
      if (++h == v_.out[1]) h = 0, ++d;
    }
  }

 private:
  /// Places from numbers of elements, for windows side by side.
  void finish_row(Range at, std::int64_t d, std::int64_t h, std::int64_t w, std::int64_t* places) const {
    const std::int64_t step = v_.stride[2], count = at.size();
    // Of the first element of the first window; before the image where that is padding.
    const std::int64_t start =
        (v_.place(0, d, 0) * v_.in[1] + v_.place(1, h, 0)) * v_.in[2] + v_.place(2, w, 0);
    const T* best = best_ + at.begin;
    const IntegerLike<T>* element = element_ + at.begin;
    const std::int64_t* offsets = offsets_;
    std::int64_t* to = places + at.begin;
    for (std::int64_t i = 0; i < count; ++i) {
      const bool is_lowest = best[i] == -std::numeric_limits<T>::infinity();  // nothing was larger
      to[i] = start + i * step + offsets[is_lowest ? first_element(d, h, w + i) : element[i]];
    }
  }
  /// The first element of a window that is not padding.
  std::int64_t first_element(std::int64_t d, std::int64_t h, std::int64_t w) const {
    return (first_inside(v_, 0, d) * v_.kernel[1] + first_inside(v_, 1, h)) * v_.kernel[2] +
           first_inside(v_, 2, w);
  }
  void compare(IntegerLike<T> j) {
    for (std::int64_t i = 0; i < count_; ++i) {
      const T value = value_[i], best = best_[i];
      const bool better = (value > best) | ((value != value) & (best == best));
      best_[i] = better ? value : best;
      element_[i] = better ? j : element_[i];
    }
  }

  const Windows& v_;
  const T* image_;
  Range windows_;
  std::int64_t count_;
  T *best_, *value_;
  IntegerLike<T>* element_;
  std::int64_t* offsets_;  // of each element of a window from its first one
};

/// Squares of 2 x 2, side by side, none of them reaching over the edge: what most networks pool by.
bool are_squares(const Windows& v) {
  const Extents two{1, 2, 2}, one{1, 1, 1}, none{0, 0, 0};
  return v.kernel == two && v.stride == two && v.dilation == one && v.low == none && v.in[0] == 1 &&
         v.in[1] >= 2 * v.out[1] && v.in[2] >= 2 * v.out[2] &&
         v.in.product() <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace

template <class T>
void max_places(const Windows& v, std::int64_t planes, const T* x, std::int64_t* places) {
  if (are_squares(v)) {
    return max_places_of_squares(x, v.in[2], v.in.product(), planes, v.out[1], v.out[2], places);
  }
  const std::int64_t count = v.out.product(), blocks = (count + kBlockWindows - 1) / kBlockWindows;
  const std::int64_t work = std::max<std::int64_t>(1, std::min(count, kBlockWindows) * v.kernel.product());
  parallel_for(
      planes * blocks, std::max<std::int64_t>(1, kMinTask / work), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t task = begin; task < end; ++task) {
          const std::int64_t plane = task / blocks, block = task % blocks;
          const Range windows{count * block / blocks, count * (block + 1) / blocks};
          PoolBlock<T>(v, x + plane * v.in.product(), windows).run(places + plane * count + windows.begin);
        }
      });
}

template void max_places(const Windows&, std::int64_t, const float*, std::int64_t*);
template void max_places(const Windows&, std::int64_t, const double*, std::int64_t*);

}  // namespace chainrule::kernels
