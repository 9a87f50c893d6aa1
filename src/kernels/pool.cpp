#include "kernels/pool.h"

#include <limits>
#include <type_traits>

#include "core/thread_pool.h"
#include "kernels/cut.h"
#include "kernels/ref/pool.h"
#include "kernels/simd/gemm_scratch.h"
#include "kernels/simd/pool.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kMinTask = 1 << 15;    // elements looked at, worth handing to another thread
constexpr std::int64_t kBlockWindows = 1024;  // compared together: they stay in the first cache

/// An integer as wide as T, so that one vector has as many of both.
template <class T>
using IntegerLike = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// The first element of a window that is not padding, along one axis.
std::int64_t first_inside(const Windows& v, int axis, std::int64_t window) {
  const std::int64_t before = -v.place(axis, window, 0), step = v.dilation[axis];
  return before <= 0 ? 0 : (before + step - 1) / step;
}

/// Windows of one image, compared element by element: all their first elements, then all their second ones,
/// without branches.
template <class T>
class PoolBlock {
 public:
  PoolBlock(const Windows& v, const T* image, Range windows)
      : v_(v), image_(image), windows_(windows), count_(windows.size()) {
    thread_local Scratch best, value, number;
    best_ = best.get<T>(count_), value_ = value.get<T>(count_), number_ = number.get<IntegerLike<T>>(count_);
  }

  /// Either may be null.
  template <class Number>
  void run(T* y, Number* numbers) {
    if (y != nullptr) best_ = y;
    std::fill_n(best_, count_, -std::numeric_limits<T>::infinity());
    std::fill_n(number_, count_, IntegerLike<T>{0});
    for (std::int64_t j = 0; j < v_.kernel.product(); ++j) {
      // Padding is never the larger one.
      copy_elements(v_, image_, j, windows_, -std::numeric_limits<T>::infinity(), value_);
      compare(static_cast<IntegerLike<T>>(j));
    }
    if (numbers == nullptr) return;
    for (std::int64_t i = 0; i < count_; ++i) {
      const bool is_lowest = best_[i] == -std::numeric_limits<T>::infinity();  // nothing was larger
      numbers[i] = static_cast<Number>(is_lowest ? first_element(windows_.begin + i) : number_[i]);
    }
  }

 private:
  /// The first element of a window that is not padding.
  std::int64_t first_element(std::int64_t window) const {
    const Extents& out = v_.out;
    return (first_inside(v_, 0, window / (out[1] * out[2])) * v_.kernel[1] +
            first_inside(v_, 1, window / out[2] % out[1])) *
               v_.kernel[2] +
           first_inside(v_, 2, window % out[2]);
  }
  void compare(IntegerLike<T> j) {
    for (std::int64_t i = 0; i < count_; ++i) {
      const T value = value_[i], best = best_[i];
      const bool better = (value > best) | ((value != value) & (best == best));
      best_[i] = better ? value : best;
      number_[i] = better ? j : number_[i];
    }
  }

  const Windows& v_;
  const T* image_;
  Range windows_;
  std::int64_t count_;
  T *best_, *value_;
  IntegerLike<T>* number_;
};

/// Where the elements of windows lie in the image, worked out once for each number, in this thread's memory:
/// read by all.
class Elements {
 public:
  explicit Elements(const Windows& v) : v_(v) {
    thread_local Scratch memory;
    Element* elements = memory.get<Element>(v.kernel.product());
    for (std::int64_t j = 0; j < v.kernel.product(); ++j) {
      const std::int64_t depth = j / (v.kernel[1] * v.kernel[2]) * v.dilation[0];
      const std::int64_t row = j / v.kernel[2] % v.kernel[1] * v.dilation[1];
      const std::int64_t column = j % v.kernel[2] * v.dilation[2];
      elements[j] = {depth, row, column, (depth * v.in[1] + row) * v.in[2] + column};
    }
    elements_ = elements;
  }

  /// Calls `body(window, place)` for all windows over an image, in order: where the element of the window's
  /// number lies, or -1 for padding.
  template <class Number, class F>
  void for_each(const Number* numbers, F body) const {
    const Range depths = without_padding(0), rows = without_padding(1), columns = without_padding(2);
    std::int64_t window = 0;
    for (std::int64_t d = 0; d < v_.out[0]; ++d) {
      for (std::int64_t h = 0; h < v_.out[1]; ++h) {
        const std::int64_t depth = v_.place(0, d, 0), row = v_.place(1, h, 0);
        const Range clear = has(depths, d) && has(rows, h) ? columns : Range{};
        const std::int64_t row_place = (depth * v_.in[1] + row) * v_.in[2];
        std::int64_t column = v_.place(2, 0, 0);
        for (std::int64_t w = 0; w < v_.out[2]; ++w, ++window, column += v_.stride[2]) {
          const Element& e = elements_[numbers[window]];
          const bool is_inside =
              has(clear, w) ||
              (v_.inside(0, depth + e.depth) && v_.inside(1, row + e.row) && v_.inside(2, column + e.column));
          body(window, is_inside ? row_place + column + e.offset : -1);
        }
      }
    }
  }

 private:
  struct Element {
    std::int64_t depth, row, column, offset;  // from the window's first element
  };

  static bool has(Range range, std::int64_t at) { return at >= range.begin && at < range.end; }
  /// The windows along an axis that have no padding.
  Range without_padding(int axis) const {
    const Range first = v_.windows_inside(axis, 0), last = v_.windows_inside(axis, v_.kernel[axis] - 1);
    return {std::max(first.begin, last.begin), std::min(first.end, last.end)};
  }

  const Windows& v_;
  const Element* elements_;
};

/// Calls `run(plane)` for all planes, shared out; each costs so much.
template <class F>
void for_each_plane(std::int64_t planes, std::int64_t work, F run) {
  const std::int64_t grain = std::max<std::int64_t>(1, kMinTask / std::max<std::int64_t>(1, work));
  parallel_for(planes, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) run(plane);
  });
}

/// Squares of 2 x 2, side by side, none of them reaching over the edge: what most networks pool by.
bool are_squares(const Windows& v) {
  const Extents two{1, 2, 2}, one{1, 1, 1}, none{0, 0, 0};
  return v.kernel == two && v.stride == two && v.dilation == one && v.low == none && v.in[0] == 1 &&
         v.in[1] >= 2 * v.out[1] && v.in[2] >= 2 * v.out[2] &&
         v.in.product() <= std::numeric_limits<std::int32_t>::max();
}

Squares squares_of(const Windows& v, std::int64_t planes) {
  return {planes, v.in[1], v.in[2], v.out[1], v.out[2]};
}

}  // namespace

template <class T, class Number>
void max_pool(const Windows& v, std::int64_t planes, const T* x, T* y, Number* numbers) {
  if constexpr (std::is_same_v<Number, std::uint8_t>) {
    if (are_squares(v)) return max_pool_squares(squares_of(v, planes), x, y, numbers);
  }
  const std::int64_t count = v.out.product(), blocks = divide_up(count, kBlockWindows);
  for_each_plane(
      planes * blocks, std::min(count, kBlockWindows) * v.kernel.product(), [&](std::int64_t task) {
        const std::int64_t plane = task / blocks;
        const Range windows = Cut(count, blocks)[task % blocks];
        const std::int64_t first = plane * count + windows.begin;
        PoolBlock<T>(v, x + plane * v.in.product(), windows)
            .run(y == nullptr ? nullptr : y + first, numbers == nullptr ? nullptr : numbers + first);
      });
}

template <class T, class Number>
void take_from_windows(const Windows& v, std::int64_t planes, const T* x, const Number* numbers, T* y) {
  const std::int64_t in = v.in.product(), out = v.out.product();
  const Elements elements(v);
  for_each_plane(planes, out, [&](std::int64_t plane) {
    const T* from = x + plane * in;
    T* to = y + plane * out;
    elements.for_each(numbers + plane * out, [=](std::int64_t window, std::int64_t place) {
      to[window] = place < 0 ? T(0) : from[place];
    });
  });
}

template <class T, class Number>
void max_unpool(const Windows& v, std::int64_t planes, const T* y, const Number* numbers, T* x) {
  if constexpr (std::is_same_v<Number, std::uint8_t>) {
    if (are_squares(v)) return max_unpool_squares(squares_of(v, planes), y, numbers, x);
  }
  if (sums_are_long(v)) return max_unpool_reference(v, planes, y, numbers, x);
  const std::int64_t in = v.in.product(), out = v.out.product();
  const Elements elements(v);
  for_each_plane(planes, in + out, [&](std::int64_t plane) {
    const T* from = y + plane * out;
    T* to = x + plane * in;
    std::fill_n(to, in, T(0));
    elements.for_each(numbers + plane * out, [=](std::int64_t window, std::int64_t place) {
      if (place >= 0) to[place] += from[window];
    });
  });
}

#define CHAINRULE_POOL_KERNELS(T, Number)                                                     \
  template void max_pool(const Windows&, std::int64_t, const T*, T*, Number*);                \
  template void take_from_windows(const Windows&, std::int64_t, const T*, const Number*, T*); \
  template void max_unpool(const Windows&, std::int64_t, const T*, const Number*, T*);

CHAINRULE_POOL_KERNELS(float, std::uint8_t)
CHAINRULE_POOL_KERNELS(float, std::int64_t)
CHAINRULE_POOL_KERNELS(double, std::uint8_t)
CHAINRULE_POOL_KERNELS(double, std::int64_t)

#undef CHAINRULE_POOL_KERNELS

}  // namespace chainrule::kernels
