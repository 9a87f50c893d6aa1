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
inline constexpr int kTailVectors = 4;
template <class T>
inline constexpr std::int64_t kTailRows = kTailVectors* kLanes<T>;

// A few columns past the last whole vector would cost as much as a vector. When A's columns can be read side
// by side, those few columns are computed the other way round, with rows of C in the lanes. The chains are
// the same. Worth it for narrow products only.
template <class T>
bool tail_is_worth_turning(const Gemm<T>& g) {
  const std::int64_t tail = g.n % kLanes<T>, whole = g.n / kLanes<T>;
  if (g.a_rows != nullptr || g.b_rows != nullptr) return false;
  return tail != 0 && tail <= kTailColumns<T> && whole >= kTileVectors &&
         whole < kTileVectors * kPackAFromPanels && g.m >= kLanes<T> && g.k >= 32;
}

template <class T>
Gemm<T> rows_of(const Gemm<T>& g, Range rows) {
  Gemm<T> part = g;
  part.m = rows.size();
  part.a += g.trans_a ? rows.begin : rows.begin * g.lda;
  part.c += rows.begin * g.ldc;
  if (g.mask != nullptr) part.mask += rows.begin * g.ldc;
  if (g.base != nullptr) part.base += rows.begin * g.ldc;
  return part;
}

// What goes from the tile to C, by columns of C. They are never more than four (f32) or two (f64), the side
// of a square that is transposed at once.
template <class T>
struct TailSums {
  static constexpr std::int64_t kSide = 16 / sizeof(T);
  static_assert(kTailColumns<T> <= kSide);
  alignas(64) T column[kSide][kTailRows<T>] = {};
};

// The tail of C, row by row.
template <class T>
class TailRows {
 public:
  TailRows(const Gemm<T>& g, std::int64_t columns)
      : g_(g), first_(g.n - columns), columns_(static_cast<std::size_t>(columns)) {}

  void read(TailSums<T>& sums) const {
    for_squares([&](std::int64_t begin, std::int64_t rows) {
      HWY_ALIGN T square[kSide * kSide] = {};
      for (std::int64_t i = 0; i < rows; ++i)
        hn::Store(load(g_.c + (begin + i) * g_.ldc + first_), Row(), square + i * kSide);
      transpose_square(square, kSide, sums.column[0] + begin, kTailRows<T>);
    });
  }

  // Does what follows the sum, too.
  void write(const TailSums<T>& sums) const {
    const Row d;
    const auto zero = hn::Zero(d), scale = hn::Set(d, g_.scale);
    const auto bias = g_.bias == nullptr ? zero : load(g_.bias + first_);
    for_squares([&](std::int64_t begin, std::int64_t rows) {
      HWY_ALIGN T square[kSide * kSide];
      transpose_square(sums.column[0] + begin, kTailRows<T>, square, kSide);
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t at = (begin + i) * g_.ldc + first_;
        auto sum = hn::Load(d, square + i * kSide);
        if (g_.bias != nullptr) sum = hn::Add(sum, bias);  // not 0 + sum: that would lose the sign of -0
        if (g_.activation == Activation::relu) sum = hn::IfThenZeroElse(hn::Le(sum, zero), sum);
        if (g_.mask != nullptr) sum = hn::IfThenZeroElse(hn::Le(load(g_.mask + at), zero), sum);
        if (g_.base != nullptr) sum = hn::Sub(load(g_.base + at), hn::Mul(scale, sum));
        store_first(sum, d, g_.c + at, columns_);
      }
    });
  }

 private:
  static constexpr std::int64_t kSide = TailSums<T>::kSide;
  using Row = hn::FixedTag<T, kSide>;

  hn::Vec<Row> load(const T* from) const { return load_first(Row(), from, columns_); }

  template <class F>
  void for_squares(F f) const {
    for (std::int64_t i = 0; i < g_.m; i += kSide) f(i, std::min(kSide, g_.m - i));
  }

  const Gemm<T> g_;
  std::int64_t first_;  // column
  std::size_t columns_;
};

template <class T>
struct TailTile {
  const T* a;  // op(A) as (k, rows): its columns side by side
  std::int64_t lda;
  const T* b;
  std::int64_t b_link, b_column;  // from one link of the chain to the next, and between columns
  std::int64_t k;
  std::size_t last_lanes;  // rows in the last vector
};

// The chains go on from the sums.
template <class T, int kColumns, int kVectors>
HWY_NOINLINE void run_tail_tile(const TailTile<T>& t, TailSums<T>& sums) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kColumns][kVectors];
  CHAINRULE_UNROLL
  for (int c = 0; c < kColumns; ++c) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) sum[c][v] = hn::Load(d, sums.column[c] + v * kLanes<T>);
  }
  const T* a = t.a;
  const T* b = t.b;
  for (std::int64_t p = 0; p < t.k; ++p, a += t.lda, b += t.b_link) {
    V left[kVectors];
    CHAINRULE_UNROLL
    for (int v = 0; v + 1 < kVectors; ++v) left[v] = hn::LoadU(d, a + v * kLanes<T>);
    left[kVectors - 1] = load_first(d, a + (kVectors - 1) * kLanes<T>, t.last_lanes);
    CHAINRULE_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      const V right = hn::Set(d, b[c * t.b_column]);
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[c][v] = hn::MulAdd(left[v], right, sum[c][v]);
    }
  }
  CHAINRULE_UNROLL
  for (int c = 0; c < kColumns; ++c) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[c][v], d, sums.column[c] + v * kLanes<T>);
  }
}

// The tile for a number of columns and of vectors, from all there are.
template <class T, int... kIndex>
auto find_tail_tile(std::int64_t columns, std::int64_t vectors, std::integer_sequence<int, kIndex...>) {
  using Run = void (*)(const TailTile<T>&, TailSums<T>&);
  static constexpr Run kRun[] = {&run_tail_tile<T, kIndex / kTailVectors + 1, kIndex % kTailVectors + 1>...};
  return kRun[(columns - 1) * kTailVectors + vectors - 1];
}

// The last columns of a product, with op(A) stored as (k, m).
template <class T>
void run_turned_tail(const Gemm<T>& g, std::int64_t columns, const T* a, std::int64_t lda) {
  TailTile<T> tile{.lda = lda,
                   .b = g.b + (g.n - columns) * (g.trans_b ? g.ldb : 1),
                   .b_link = g.trans_b ? 1 : g.ldb,
                   .b_column = g.trans_b ? g.ldb : 1,
                   .k = g.k};
  for (std::int64_t i = 0; i < g.m; i += kTailRows<T>) {
    const std::int64_t rows = std::min(kTailRows<T>, g.m - i), vectors = divide_up(rows, kLanes<T>);
    tile.a = a + i;
    tile.last_lanes = static_cast<std::size_t>(rows - (vectors - 1) * kLanes<T>);
    const TailRows<T> tail(rows_of(g, {i, i + rows}), columns);
    TailSums<T> sums;
    if (g.accumulate) tail.read(sums);
    find_tail_tile<T>(columns, vectors, std::make_integer_sequence<int, kTailColumns<T> * kTailVectors>{})(
        tile, sums);
    tail.write(sums);
  }
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
