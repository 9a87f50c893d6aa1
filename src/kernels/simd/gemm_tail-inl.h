// The few columns of a product past the last whole vector. Included once for each instruction set.

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cut.h"
#include "kernels/simd/gemm_pack-inl.h"
#include "kernels/simd/gemm_tile-inl.h"

#if defined(CHAINRULE_GEMM_TAIL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_GEMM_TAIL_INL_H_
#undef CHAINRULE_GEMM_TAIL_INL_H_
#else
#define CHAINRULE_GEMM_TAIL_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Vectors shorter than this waste too little in a tail to do anything about it.
inline constexpr std::int64_t kTurnFromLanes = 8;

// The most that a turned tail takes at once.
template <class T>
inline constexpr std::int64_t kTailColumns = kLanes<T> / 4;
inline constexpr int kTailVectors = 4;        // with A's columns side by side
inline constexpr int kTailVectorsByRows = 2;  // with its rows
template <class T>
inline constexpr std::int64_t kTailRows = kTailVectors* kLanes<T>;

// A few columns past the last whole vector would cost as much as a vector. So they are computed the other way
// round, with rows of C in the lanes. The chains are the same. Worth it for narrow products only.
template <class T>
bool tail_is_worth_turning(const Gemm<T>& g) {
  const std::int64_t tail = g.n % kLanes<T>, whole = g.n / kLanes<T>;
  if (g.a_rows != nullptr || g.b_rows != nullptr) return false;
  return tail != 0 && tail <= kTailColumns<T> && whole >= kTileVectors &&
         whole < kTileVectors * kPackAFromPanels && g.m >= kLanes<T> && g.k >= 32;
}

// The product that gives a part of C.
template <class T>
Gemm<T> part_of(const Gemm<T>& g, Range rows, Range columns) {
  Gemm<T> part = g;
  part.m = rows.size();
  part.n = columns.size();
  if (g.a_rows != nullptr) {
    part.a_rows += rows.begin;
  } else {
    part.a += g.trans_a ? rows.begin : rows.begin * g.lda;
  }
  part.b += g.trans_b ? columns.begin * g.ldb : columns.begin;
  const std::int64_t at = rows.begin * g.ldc + columns.begin;
  part.c += at;
  if (g.bias != nullptr) part.bias += columns.begin;
  if (g.mask != nullptr) part.mask += at;
  if (g.base != nullptr) part.base += at;
  return part;
}

template <class T>
Gemm<T> rows_of(const Gemm<T>& g, Range rows) {
  return part_of(g, rows, {0, g.n});
}

// What goes from the tile to C, by columns of C. They are never more than four (f32) or two (f64), the side
// of a square that is transposed at once.
template <class T>
struct TailSums {
  static_assert(kTailColumns<T> <= kSquare<T>);
  alignas(64) T column[kSquare<T>][kTailRows<T>] = {};
};

// The tail of C, row by row.
template <class T>
class TailRows {
 public:
  TailRows(const Gemm<T>& g, std::int64_t columns) : g_(g), first_(g.n - columns), columns_(columns) {}

  // The first of these rows is row `first` of the tile.
  void read(TailSums<T>& sums, std::int64_t first) const {
    for_squares([&](std::int64_t begin, std::int64_t rows) {
      HWY_ALIGN T square[kSide * kSide] = {};
      for (std::int64_t i = 0; i < rows; ++i)
        hn::Store(load(g_.c + (begin + i) * g_.ldc + first_), Row(), square + i * kSide);
      transpose_square(square, kSide, sums.column[0] + first + begin, kTailRows<T>);
    });
  }

  // Does what follows the sum, too.
  void write(const TailSums<T>& sums, std::int64_t first) const {
    const Row d;
    const auto scale = hn::Set(d, g_.scale);
    const auto bias = g_.bias == nullptr ? hn::Zero(d) : load(g_.bias + first_);
    for_squares([&](std::int64_t begin, std::int64_t rows) {
      HWY_ALIGN T square[kSide * kSide];
      transpose_square(sums.column[0] + first + begin, kTailRows<T>, square, kSide);
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t at = (begin + i) * g_.ldc + first_;
        auto sum = hn::Load(d, square + i * kSide);
        if (g_.bias != nullptr) sum = hn::Add(sum, bias);  // not 0 + sum: that would lose the sign of -0
        if (g_.activation == Activation::relu) sum = rectified(d, sum);
        if (g_.mask != nullptr) sum = masked(d, load(g_.mask + at), sum);
        if (g_.base != nullptr) sum = descended(d, load(g_.base + at), scale, sum);
        store_first(d, sum, g_.c + at, columns_);
      }
    });
  }

 private:
  static constexpr std::int64_t kSide = kSquare<T>;
  using Row = hn::FixedTag<T, kSide>;

  hn::Vec<Row> load(const T* from) const { return load_first(Row(), from, columns_); }

  template <class F>
  void for_squares(F f) const {
    for (std::int64_t i = 0; i < g_.m; i += kSide) f(i, std::min(kSide, g_.m - i));
  }

  const Gemm<T> g_;
  std::int64_t first_;  // column
  std::int64_t columns_;
};

// The tail of B, side by side for each link of a stretch.
template <class T>
class TailColumns {
 public:
  void read(const Gemm<T>& g, std::int64_t columns) {
    const std::int64_t first = g.n - columns;
    if (g.trans_b) {
      transpose(g.b + first * g.ldb, g.ldb, columns, g.k, link_[0], kSquare<T>);
    } else {
      const hn::FixedTag<T, kSquare<T>> d;
      for (std::int64_t p = 0; p < g.k; ++p)
        hn::Store(load_first(d, g.b + p * g.ldb + first, columns), d, link_[p]);
    }
  }
  const T* data() const { return link_[0]; }

 private:
  alignas(64) T link_[Gemm<T>::kMaxDepth][kSquare<T>];
};

template <class T>
struct TailTile {
  const T* a;
  std::int64_t lda;
  const T* b;  // TailColumns, kSquare elements a link
  std::int64_t k;
  std::size_t last_lanes;  // rows in the last vector, where A is read by columns
};

// A vector from 128-bit pieces that lie apart.
#if HWY_TARGET == HWY_AVX3
// By masked broadcasts, which need the port less for which shuffles wait.
HWY_INLINE hn::Vec<Lanes<float>> load_pieces(const float* from, std::int64_t apart) {
  __m512 v = _mm512_broadcast_f32x4(_mm_loadu_ps(from));
  v = _mm512_mask_broadcast_f32x4(v, 0x00f0, _mm_loadu_ps(from + apart));
  v = _mm512_mask_broadcast_f32x4(v, 0x0f00, _mm_loadu_ps(from + 2 * apart));
  return {_mm512_mask_broadcast_f32x4(v, 0xf000, _mm_loadu_ps(from + 3 * apart))};
}
HWY_INLINE hn::Vec<Lanes<double>> load_pieces(const double* from, std::int64_t apart) {
  __m512d v = _mm512_broadcast_f64x2(_mm_loadu_pd(from));
  v = _mm512_mask_broadcast_f64x2(v, 0x0c, _mm_loadu_pd(from + apart));
  v = _mm512_mask_broadcast_f64x2(v, 0x30, _mm_loadu_pd(from + 2 * apart));
  return {_mm512_mask_broadcast_f64x2(v, 0xc0, _mm_loadu_pd(from + 3 * apart))};
}
#elif HWY_TARGET != HWY_SCALAR
template <class T>
HWY_INLINE hn::Vec<Lanes<T>> load_pieces(const T* from, std::int64_t apart) {
  static_assert(kLanes<T> == 2 * kSquare<T>, "a vector of two pieces");
  const hn::Half<Lanes<T>> piece;
  return hn::Combine(Lanes<T>(), hn::LoadU(piece, from + apart), hn::LoadU(piece, from));
}
#endif

// The next elements of a vector of rows, as many as a square has columns: link[q] has element q of each row.
template <class T>
HWY_INLINE void load_links(const T* a, std::int64_t lda, hn::Vec<Lanes<T>> (&link)[kSquare<T>]) {
  const Lanes<T> d;
  CHAINRULE_UNROLL
  for (int i = 0; i < kSquare<T>; ++i) link[i] = load_pieces(a + i * lda, kSquare<T> * lda);
  transpose_squares(d, link);
}

template <class T, int kColumns>
HWY_INLINE void add_link(hn::Vec<Lanes<T>> left, const T* b, hn::Vec<Lanes<T>> (&sum)[kColumns]) {
  const Lanes<T> d;
  CHAINRULE_UNROLL
  for (int c = 0; c < kColumns; ++c) sum[c] = hn::MulAdd(left, hn::Set(d, b[c]), sum[c]);
}

// The chains go on from the sums.
template <class T, ReadA kRead, int kColumns, int kVectors>
HWY_NOINLINE void run_tail_tile(const TailTile<T>& t, TailSums<T>& sums) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kVectors][kColumns];
  CHAINRULE_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    CHAINRULE_UNROLL
    for (int c = 0; c < kColumns; ++c) sum[v][c] = hn::Load(d, sums.column[c] + v * kLanes<T>);
  }
  const T* a = t.a;
  const T* b = t.b;
  if constexpr (kRead == ReadA::columns) {
    const auto last = hn::FirstN(d, t.last_lanes);
    for (std::int64_t p = 0, k = t.k; p < k; ++p, a += t.lda, b += kSquare<T>) {
      V left[kVectors];
      CHAINRULE_UNROLL
      for (int v = 0; v + 1 < kVectors; ++v) left[v] = hn::LoadU(d, a + v * kLanes<T>);
      left[kVectors - 1] = hn::MaskedLoad(last, d, a + (kVectors - 1) * kLanes<T>);
      CHAINRULE_UNROLL
      for (int c = 0; c < kColumns; ++c) {
        const V right = hn::Set(d, b[c]);
        CHAINRULE_UNROLL
        for (int v = 0; v < kVectors; ++v) sum[v][c] = hn::MulAdd(left[v], right, sum[v][c]);
      }
    }
  } else {
    std::int64_t p = 0;
    for (; p + kSquare<T> <= t.k; p += kSquare<T>, a += kSquare<T>, b += kSquare<T> * kSquare<T>) {
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        V link[kSquare<T>];
        load_links(a + v * kLanes<T> * t.lda, t.lda, link);
        CHAINRULE_UNROLL
        for (int q = 0; q < kSquare<T>; ++q) add_link(link[q], b + q * kSquare<T>, sum[v]);
      }
    }
    for (; p < t.k; ++p, ++a, b += kSquare<T>) {
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        HWY_ALIGN T link[kLanes<T>];
        for (std::int64_t i = 0; i < kLanes<T>; ++i) link[i] = a[(v * kLanes<T> + i) * t.lda];
        add_link(hn::Load(d, link), b, sum[v]);
      }
    }
  }
  CHAINRULE_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    CHAINRULE_UNROLL
    for (int c = 0; c < kColumns; ++c) hn::Store(sum[v][c], d, sums.column[c] + v * kLanes<T>);
  }
}

// The tiles for every number of columns and of vectors, in a table made at compile time.
template <class T, ReadA kRead, int kMaxVectors>
struct TailTable {
  using Run = void (*)(const TailTile<T>&, TailSums<T>&);
  Run run[kTailColumns<T>][kMaxVectors];

  template <int... kIndex>
  static constexpr TailTable make(std::integer_sequence<int, kIndex...>) {
    TailTable table{};
    ((table.run[kIndex / kMaxVectors][kIndex % kMaxVectors] =
          &run_tail_tile<T, kRead, kIndex / kMaxVectors + 1, kIndex % kMaxVectors + 1>),
     ...);
    return table;
  }
};

template <class T, ReadA kRead, int kMaxVectors>
inline constexpr auto kTailTiles =
    TailTable<T, kRead, kMaxVectors>::make(std::make_integer_sequence<int, kTailColumns<T> * kMaxVectors>{});

// The last columns of a product.
template <class T>
void run_turned_tail(const Gemm<T>& g, std::int64_t columns, const TailColumns<T>& b) {
  TailTile<T> tile{.lda = g.lda, .b = b.data(), .k = g.k};
  for (std::int64_t i = 0; i < g.m;) {
    const std::int64_t left = g.m - i;
    // By rows only whole vectors are read: the last one begins with rows that have been there already, if
    // need be before the first of these.
    const std::int64_t vectors = g.trans_a
                                     ? std::min<std::int64_t>(kTailVectors, divide_up(left, kLanes<T>))
                                     : std::clamp<std::int64_t>(left / kLanes<T>, 1, kTailVectorsByRows);
    const std::int64_t rows = std::min(vectors * kLanes<T>, left);
    const std::int64_t again = g.trans_a ? 0 : vectors * kLanes<T> - rows;
    tile.a = g.a + (i - again) * (g.trans_a ? 1 : g.lda);
    tile.last_lanes = static_cast<std::size_t>(again + rows - (vectors - 1) * kLanes<T>);
    const TailRows<T> tail(rows_of(g, {i, i + rows}), columns);
    TailSums<T> sums;
    if (g.accumulate) tail.read(sums, again);
    const auto run = g.trans_a ? kTailTiles<T, ReadA::columns, kTailVectors>.run[columns - 1][vectors - 1]
                               : kTailTiles<T, ReadA::rows, kTailVectorsByRows>.run[columns - 1][vectors - 1];
    run(tile, sums);
    tail.write(sums, again);
    i += rows;
  }
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
