#include "kernels/simd/row_products.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/row_products.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Outputs times places whose sums are registers together.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kOutputs = 5, kPlaces = 5;
#elif HWY_TARGET == HWY_SCALAR
inline constexpr int kOutputs = 1, kPlaces = 1;
#else
inline constexpr int kOutputs = 3, kPlaces = 4;
#endif

/// The first lanes from memory, zeros above, for the ends of rows.
struct Some {
  std::int64_t count;
  template <class D, class T>
  HWY_INLINE hn::Vec<D> operator()(D d, const T* from) const {
    return load_first(d, from, count);
  }
};
/// Half of them: no mask, which would keep a port of the multiply-adds busy.
struct LowerHalf {
  template <class D, class T>
  HWY_INLINE hn::Vec<D> operator()(D d, const T* from) const {
#if HWY_TARGET == HWY_SCALAR
    return hn::LoadU(d, from);  // never called: there are no halves
#else
    return hn::ZeroExtendVector(d, hn::LoadU(hn::Half<D>(), from));
#endif
  }
};
struct Whole {
  template <class D, class T>
  HWY_INLINE hn::Vec<D> operator()(D d, const T* from) const {
    return hn::LoadU(d, from);
  }
};
/// The end of one row and the beginning of the next, half a vector of each.
struct TwoHalves {
  std::int64_t next;  // from the one to the other
  template <class D, class T>
  HWY_INLINE hn::Vec<D> operator()(D d, const T* from) const {
#if HWY_TARGET == HWY_SCALAR
    return hn::LoadU(d, from);  // never called: there are no halves
#else
    const hn::Half<D> half;
    return hn::Combine(d, hn::LoadU(half, from + next), hn::LoadU(half, from));
#endif
  }
};

/// Whether rows end in half of a run of `whole`, so that two fill what each for itself leaves half empty.
HWY_INLINE bool go_in_pairs(std::int64_t width, std::int64_t whole) {
  return whole > 1 && width > whole && width % whole == whole / 2;
}

// Of y at one time, so that it stays in the first cache from place to place.
inline constexpr std::int64_t kImageBytes = 32 * 1024;

// The sums [part, part + lanes) of some outputs and places, whose numbers the caller has put first.
template <class T, int kY, int kX>
HWY_NOINLINE void add_tile(const RowProducts<T>& s, std::int64_t part) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kY][kX];
  T* const sums = s.sums + part;
  const std::int64_t sums_step = s.places * kSums<T>;
  CHAINRULE_UNROLL
  for (int o = 0; o < kY; ++o) {
    CHAINRULE_UNROLL
    for (int j = 0; j < kX; ++j) sum[o][j] = hn::LoadU(d, sums + o * sums_step + j * kSums<T>);
  }
  const std::int64_t width = s.width - part, y_step = s.y_step;
  const bool in_pairs = go_in_pairs(s.width, kSums<T>);
  for (std::int64_t image = 0; image < s.images; ++image) {
    const T* x[kX];
    CHAINRULE_UNROLL
    for (int j = 0; j < kX; ++j) x[j] = s.x + image * s.x_image + s.shifts[j] + part;
    const T* y = s.y + image * s.y_image + part;
    const auto add = [&](std::int64_t at_y, std::int64_t at_x, auto load_y, auto load_x) HWY_ATTR {
      V left[kY];
      CHAINRULE_UNROLL
      for (int o = 0; o < kY; ++o) left[o] = load_y(d, y + o * y_step + at_y);
      CHAINRULE_UNROLL
      for (int j = 0; j < kX; ++j) {
        const V right = load_x(d, x[j] + at_x);
        CHAINRULE_UNROLL
        for (int o = 0; o < kY; ++o) sum[o][j] = hn::MulAdd(left[o], right, sum[o][j]);
      }
    };
    std::int64_t row = 0;
    for (; in_pairs && row + 2 <= s.rows; row += 2, y += 2 * s.width) {
      const std::int64_t start = s.x_rows[row], next = s.x_rows[row + 1] - s.width;
      std::int64_t i = 0;
      for (; i + kLanes<T> <= width; i += kSums<T>) add(i, start + i, Whole{}, Whole{});
      if (i < width) {
        add(i, start + i, Whole{}, TwoHalves{next - start + kLanes<T> / 2});
        i += kSums<T>;
      }
      for (; i < width + s.width; i += kSums<T>) add(i, next + i, Whole{}, Whole{});
    }
    for (; row < s.rows; ++row, y += s.width) {
      const std::int64_t start = s.x_rows[row];
      std::int64_t i = 0;
      for (; i + kLanes<T> <= width; i += kSums<T>) add(i, start + i, Whole{}, Whole{});
      if (width - i == kLanes<T> / 2) {
        add(i, start + i, LowerHalf{}, LowerHalf{});
      } else if (i < width) {
        add(i, start + i, Some{width - i}, Some{width - i});
      }
    }
  }
  CHAINRULE_UNROLL
  for (int o = 0; o < kY; ++o) {
    CHAINRULE_UNROLL
    for (int j = 0; j < kX; ++j) hn::StoreU(sum[o][j], d, sums + o * sums_step + j * kSums<T>);
  }
}

template <class T, int... kIndex>
void add_some(std::integer_sequence<int, kIndex...>, std::int64_t outputs, std::int64_t places,
              const RowProducts<T>& s, std::int64_t part) {
  using Function = void (*)(const RowProducts<T>&, std::int64_t);
  static constexpr Function kTable[] = {&add_tile<T, kIndex / kPlaces + 1, kIndex % kPlaces + 1>...};
  kTable[(outputs - 1) * kPlaces + places - 1](s, part);
}

template <class T>
void add_images(const RowProducts<T>& s) {
  const std::int64_t y_pieces = (s.outputs + kOutputs - 1) / kOutputs;
  const std::int64_t x_pieces = (s.places + kPlaces - 1) / kPlaces;
  for (std::int64_t a = 0; a < y_pieces; ++a) {
    const std::int64_t o = s.outputs * a / y_pieces, outputs = s.outputs * (a + 1) / y_pieces - o;
    for (std::int64_t b = 0; b < x_pieces; ++b) {
      const std::int64_t j = s.places * b / x_pieces, places = s.places * (b + 1) / x_pieces - j;
      RowProducts<T> tile = s;
      tile.shifts += j;
      tile.y += o * s.y_step;
      tile.sums += (o * s.places + j) * kSums<T>;
      for (std::int64_t part = 0; part < std::min(kSums<T>, s.width); part += kLanes<T>) {
        add_some(std::make_integer_sequence<int, kOutputs * kPlaces>{}, outputs, places, tile, part);
      }
    }
  }
}

template <class T>
void add_products(const RowProducts<T>& s) {
  const std::int64_t bytes = kOutputs * s.rows * s.width * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t at_once = std::max<std::int64_t>(1, kImageBytes / std::max<std::int64_t>(1, bytes));
  for (std::int64_t first = 0; first < s.images; first += at_once) {
    RowProducts<T> some = s;
    some.images = std::min(at_once, s.images - first);
    some.x += first * s.x_image;
    some.y += first * s.y_image;
    add_images(some);
  }
}

// Outputs times vectors whose sums are registers together: vectors of a row, or those around the end of one.
inline constexpr int kSumOutputs = kTileRows * kTileVectors / 2, kSumVectors = 2;
inline constexpr int kAroundOutputs = kTileRows, kAroundVectors = 3;

/// Of kAroundVectors the first is the last whole one of a row, the second half of this row and half of the
/// next, which begins `next` behind the first.
template <class T, int kY, int kX>
HWY_NOINLINE void sum_tile(const RowSums<T>& s, const T* x, std::int64_t next, T* y,
                           std::int64_t last_lanes) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kY][kX];
  CHAINRULE_UNROLL
  for (int o = 0; o < kY; ++o) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kX; ++v) sum[o][v] = hn::Zero(d);
  }
  const T* w = s.w;
  const std::int64_t w_step = s.w_step, y_step = s.y_step;
  for (std::int64_t j = 0; j < s.places; ++j, w += w_step) {
    const T* const row = x + s.shifts[j];
    V right[kX];
    if constexpr (kX == kAroundVectors) {
      right[0] = hn::LoadU(d, row);
      right[1] = TwoHalves{next - kLanes<T>}(d, row + kLanes<T>);
      right[2] = hn::LoadU(d, row + next + kLanes<T> / 2);
    } else {
      CHAINRULE_UNROLL
      for (int v = 0; v < kX; ++v) right[v] = hn::LoadU(d, row + v * kLanes<T>);
    }
    CHAINRULE_UNROLL
    for (int o = 0; o < kY; ++o) {
      const V left = hn::Set(d, w[o]);
      CHAINRULE_UNROLL
      for (int v = 0; v < kX; ++v) sum[o][v] = hn::MulAdd(left, right[v], sum[o][v]);
    }
  }
  const bool relu = s.relu;
  CHAINRULE_UNROLL
  for (int o = 0; o < kY; ++o, y += y_step) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kX; ++v) {
      if (s.bias != nullptr) sum[o][v] = hn::Add(sum[o][v], hn::Set(d, s.bias[o]));
      if (relu) sum[o][v] = rectified(d, sum[o][v]);
      if (v + 1 < kX) hn::StoreU(sum[o][v], d, y + v * kLanes<T>);
    }
    store_first(d, sum[o][kX - 1], y + (kX - 1) * kLanes<T>, last_lanes);
  }
}

template <class T>
using SumFunction = void (*)(const RowSums<T>&, const T*, std::int64_t, T*, std::int64_t);

template <class T, int... kIndex>
SumFunction<T> find_sum(std::integer_sequence<int, kIndex...>, std::int64_t outputs, std::int64_t vectors) {
  static constexpr SumFunction<T> kTable[] = {
      &sum_tile<T, kIndex / kSumVectors + 1, kIndex % kSumVectors + 1>...};
  return kTable[(outputs - 1) * kSumVectors + vectors - 1];
}
template <class T, int... kIndex>
SumFunction<T> find_sum_around(std::integer_sequence<int, kIndex...>, std::int64_t outputs) {
  static constexpr SumFunction<T> kTable[] = {&sum_tile<T, kIndex + 1, kAroundVectors>...};
  return kTable[outputs - 1];
}

/// Columns [begin, end) of one row.
template <class T>
void sum_columns(const RowSums<T>& s, std::int64_t row, std::int64_t begin, std::int64_t end) {
  const std::int64_t vectors = (end - begin + kLanes<T> - 1) / kLanes<T>;
  for (std::int64_t v = 0; v < vectors; v += kSumVectors) {
    const std::int64_t at = begin + v * kLanes<T>, count = std::min<std::int64_t>(kSumVectors, vectors - v);
    const std::int64_t last_lanes = std::min(kLanes<T>, end - at - (count - 1) * kLanes<T>);
    find_sum<T>(std::make_integer_sequence<int, kSumOutputs * kSumVectors>{}, s.outputs, count)(
        s, s.x + s.x_rows[row] + at, 0, s.y + row * s.width + at, last_lanes);
  }
}

/// The last vector and a half of a row with the first vector and a half of the next.
template <class T>
void sum_around_end(const RowSums<T>& s, std::int64_t row) {
  const std::int64_t at = s.width - kLanes<T> - kLanes<T> / 2;
  find_sum_around<T>(std::make_integer_sequence<int, kAroundOutputs>{}, s.outputs)(
      s, s.x + s.x_rows[row] + at, s.x_rows[row + 1] - s.x_rows[row] - at, s.y + row * s.width + at,
      kLanes<T>);
}

template <class T>
void sum_all(const RowSums<T>& s) {
  const bool in_pairs = go_in_pairs(s.width, kLanes<T>);
  const std::int64_t at_once = in_pairs ? kAroundOutputs : kSumOutputs;
  const std::int64_t pieces = (s.outputs + at_once - 1) / at_once;
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    const std::int64_t o = s.outputs * piece / pieces;
    RowSums<T> some = s;
    some.outputs = s.outputs * (piece + 1) / pieces - o;
    some.w += o;
    some.y += o * s.y_step;
    if (some.bias != nullptr) some.bias += o;
    std::int64_t row = 0;
    for (; in_pairs && row + 2 <= s.rows; row += 2) {
      const std::int64_t around = kLanes<T> + kLanes<T> / 2;
      sum_columns(some, row, 0, s.width - around);
      sum_around_end(some, row);
      sum_columns(some, row + 1, around, s.width);
    }
    for (; row < s.rows; ++row) sum_columns(some, row, 0, s.width);
  }
}

void sum_rows_f32(const RowSums<float>& s) { sum_all(s); }
void sum_rows_f64(const RowSums<double>& s) { sum_all(s); }
void add_products_f32(const RowProducts<float>& s) { add_products(s); }
void add_products_f64(const RowProducts<double>& s) { add_products(s); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {

HWY_EXPORT(sum_rows_f32);
HWY_EXPORT(sum_rows_f64);
HWY_EXPORT(add_products_f32);
HWY_EXPORT(add_products_f64);

void sum_rows(const RowSums<float>& s) { CHAINRULE_DISPATCH(sum_rows_f32)(s); }
void sum_rows(const RowSums<double>& s) { CHAINRULE_DISPATCH(sum_rows_f64)(s); }
void add_row_products(const RowProducts<float>& s) { CHAINRULE_DISPATCH(add_products_f32)(s); }
void add_row_products(const RowProducts<double>& s) { CHAINRULE_DISPATCH(add_products_f64)(s); }

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
