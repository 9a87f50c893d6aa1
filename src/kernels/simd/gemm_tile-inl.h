// The register tile that all matrix products are made of. Included once for each instruction set.

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cut.h"
#include "kernels/simd/finish-inl.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/loop-inl.h"

#if defined(CHAINRULE_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_GEMM_TILE_INL_H_
#undef CHAINRULE_GEMM_TILE_INL_H_
#else
#define CHAINRULE_GEMM_TILE_INL_H_
#endif

// The accumulators must become registers, so every loop over them is unrolled whole.
#ifndef CHAINRULE_UNROLL
#ifdef __clang__
#define CHAINRULE_UNROLL _Pragma("unroll")
#else
#define CHAINRULE_UNROLL _Pragma("GCC unroll 16")
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Lanes = hn::ScalableTag<T>;

template <class T>
inline constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes<T>{}));

// The largest tile: rows times vectors of accumulators, the vectors of one row of B and one broadcast element
// of A fill the registers: 24 + 3 + 1 of 32, or 12 + 3 + 1 of 16. Without fused multiply-add one more is
// needed for the product; such CPUs are old, and the tile is small, as the library should be.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTileRows = 8, kTileVectors = 3;
#elif HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
inline constexpr int kTileRows = 4, kTileVectors = 1;
#elif HWY_TARGET == HWY_SSE4
inline constexpr int kTileRows = 4, kTileVectors = 2;
#else
inline constexpr int kTileRows = 4, kTileVectors = 3;
#endif

// One or two rows alone take more vectors, so that there are chains enough to cover the latency.
inline constexpr int kFewRows = 2;
inline constexpr int kWideVectors = kTileRows;

// Whether all lanes are 0. Products of numbers with 0, added up, are that unless one was infinite or NaN.
template <class V>
HWY_INLINE bool is_all_zero(V v) {
  const hn::DFromV<V> d;
  return hn::AllTrue(d, hn::Eq(v, hn::Zero(d)));
}

// Hides from the compiler that a vector came from memory, so that it is not read again: a copy of a broadcast
// is then a store from the vector, and costs the ports of the multiply-adds nothing.
template <class V>
HWY_INLINE void keep_in_register(V& v) {
#if HWY_TARGET == HWY_AVX3
  asm("" : "+v"(v.raw));
#elif HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
  asm("" : "+x"(v.raw));
#else
  static_cast<void>(v);
#endif
}

// One tile's worth of work: C (rows x vectors) = or += A (rows x k) B (k x vectors), for a stretch of the
// chain.
template <class T>
struct Tile {
  const T* a;
  std::int64_t lda;
  const T* b;
  std::int64_t ldb;
  T* c;
  std::int64_t ldc;
  std::int64_t k;
  std::int64_t last_lanes;  // columns in the last vector; all of it is read from B
  const T* last_b;  // B's last row, if that is not to be read where it lies: up to its end; or nullptr
  bool from_c;      // the chain goes on from C; else it starts from 0
  const T* bias;    // added after the last link; or nullptr
  bool relu;
  const T* mask;  // where it is <= 0 the result is 0, rows ldc apart; or nullptr
  const T* base;  // what the scaled result is taken off, rows ldc apart; or nullptr
  T scale;
  const T* next_c;             // the next tile's C, where that goes on from it; or nullptr
  const std::int64_t* a_rows;  // ReadA::shifted_rows: where each row of A begins
  const std::int64_t* b_rows;  // ReadB::shifted_rows: the same for B
  Range inner_rows;            // ReadB::split_rows: rows of B around which all of a cache line may be read
};

template <int kRows, int kVectors, class T, class V>
HWY_INLINE void start_chain(const Tile<T>& t, V (&sum)[kRows][kVectors]) {
  const Lanes<T> d;
  if (!t.from_c) {
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::Zero(d);
    }
    return;
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    const T* row = t.c + i * t.ldc;
    CHAINRULE_UNROLL
    for (int v = 0; v + 1 < kVectors; ++v) sum[i][v] = hn::LoadU(d, row + v * kLanes<T>);
    sum[i][kVectors - 1] = load_first(d, row + (kVectors - 1) * kLanes<T>, t.last_lanes);
  }
}

template <int kRows, int kVectors, class T, class V>
HWY_INLINE void finish_chain(const Tile<T>& t, V (&sum)[kRows][kVectors]) {
  const Lanes<T> d;
  const bool whole = t.last_lanes == kLanes<T>;
  if (t.bias != nullptr) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const T* from = t.bias + v * kLanes<T>;
      const V bias = v + 1 < kVectors ? hn::LoadU(d, from) : load_first(d, from, t.last_lanes);
      CHAINRULE_UNROLL
      for (int i = 0; i < kRows; ++i) sum[i][v] = hn::Add(sum[i][v], bias);
    }
  }
  if (t.relu) {
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = rectified(d, sum[i][v]);
    }
  }
  if (t.mask != nullptr) {
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const T* row = t.mask + i * t.ldc;
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const T* from = row + v * kLanes<T>;
        const V mask = v + 1 < kVectors ? hn::LoadU(d, from) : load_first(d, from, t.last_lanes);
        sum[i][v] = masked(d, mask, sum[i][v]);
      }
    }
  }
  if (t.base != nullptr) {
    const V scale = hn::Set(d, t.scale);
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const T* row = t.base + i * t.ldc;
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const T* from = row + v * kLanes<T>;
        const V base = v + 1 < kVectors ? hn::LoadU(d, from) : load_first(d, from, t.last_lanes);
        sum[i][v] = descended(d, base, scale, sum[i][v]);
      }
    }
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    T* row = t.c + i * t.ldc;
    CHAINRULE_UNROLL
    for (int v = 0; v + 1 < kVectors; ++v) hn::StoreU(sum[i][v], d, row + v * kLanes<T>);
    T* last = row + (kVectors - 1) * kLanes<T>;
    if (whole) {
      hn::StoreU(sum[i][kVectors - 1], d, last);
    } else {
      store_first(d, sum[i][kVectors - 1], last, t.last_lanes);
    }
  }
}

// Fetches a cache line in order to write to it: it is taken away from other cores now, and not when the write
// waits for it.
HWY_INLINE void prefetch_for_write(const void* at) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(at)));  // does nothing where it is not known
#else
  __builtin_prefetch(at, 1);
#endif
}

// Fetches what a tile of these rows and vectors at `first` covers; nothing, if that is nullptr.
template <int kRows, int kVectors, bool kForWrite = false, class T>
HWY_INLINE void prefetch_tile(const T* first, std::int64_t ld) {
  if (first == nullptr) return;
  CHAINRULE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const T* at = first + i * ld + v * kLanes<T>;
      kForWrite ? prefetch_for_write(at) : hwy::Prefetch(at);
    }
  }
}

// Where A comes from.
enum class ReadA {
  rows,          // stored (rows, k)
  columns,       // stored (k, rows): a step's elements lie side by side
  shifted_rows,  // as rows, which begin anywhere
};

enum class ReadB {
  rows,
  shifted_rows,  // rows, which begin anywhere
  split_rows,    // as rows, whose vectors lie across two cache lines
};

#if HWY_TARGET == HWY_AVX3
inline constexpr bool kJoinsSplitRows = true;

template <class T>
using LaneNumbers = hn::Vec<hn::RebindToUnsigned<Lanes<T>>>;

// The vector that begins so many lanes behind the start of `low`, whose numbers are `lanes`, and ends in
// `high`.
HWY_INLINE hn::Vec<Lanes<float>> join(hn::Vec<Lanes<float>> low, LaneNumbers<float> lanes,
                                      hn::Vec<Lanes<float>> high) {
  return hn::Vec<Lanes<float>>{_mm512_permutex2var_ps(low.raw, lanes.raw, high.raw)};
}
HWY_INLINE hn::Vec<Lanes<double>> join(hn::Vec<Lanes<double>> low, LaneNumbers<double> lanes,
                                       hn::Vec<Lanes<double>> high) {
  return hn::Vec<Lanes<double>>{_mm512_permutex2var_pd(low.raw, lanes.raw, high.raw)};
}

// Some links of the chains, with rows of B put together from the cache lines in which they lie: reading each
// once is cheaper than reading vectors that lie across two. The last line of a row often is the next one's
// first.
template <int kRows, int kVectors, class T, class V>
HWY_INLINE void add_split_rows(const Tile<T>& t, const T* a, const T* b, std::int64_t links,
                               V (&sum)[kRows][kVectors]) {
  const Lanes<T> d;
  const hn::RebindToUnsigned<Lanes<T>> numbers;
  const LaneNumbers<T> from_0 = hn::Iota(numbers, 0);
  const std::int64_t lda = t.lda, ldb = t.ldb;
  const std::int64_t last_that_fits = kLanes<T> - t.last_lanes;
  const T* held_line = nullptr;
  V held = hn::Zero(d);
  for (const T* const end = a + links; a != end; ++a, b += ldb) {
    const auto address = reinterpret_cast<std::uintptr_t>(b);
    const T* line = reinterpret_cast<const T*>(address & ~std::uintptr_t{63});
    const auto first = static_cast<std::int64_t>((address & 63) / sizeof(T));
    const LaneNumbers<T> lanes = from_0 + hn::Set(numbers, static_cast<hwy::MakeUnsigned<T>>(first));
    if (line != held_line) held = hn::Load(d, line);
    V right[kVectors];
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const V low = held;
      held_line = line + v * kLanes<T>;
      if (v + 1 < kVectors || first > last_that_fits) {
        held_line += kLanes<T>;
        held = hn::Load(d, held_line);
        keep_in_register(held);
      }
      right[v] = join(low, lanes, held);
    }
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V left = hn::Set(d, a[i * lda]);
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
  }
}
#else
inline constexpr bool kJoinsSplitRows = false;
#endif

template <class T, int kRows, int kVectors, ReadA kRead, ReadB kReadB>
HWY_NOINLINE void run_tile(const Tile<T>& t) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kRows][kVectors];
  start_chain(t, sum);
  // What the end of this tile and the start of the next wait for comes while this one computes.
  prefetch_tile<kRows, kVectors, true>(t.from_c ? t.next_c : t.c, t.ldc);
  prefetch_tile<kRows, kVectors>(t.mask, t.ldc);
  if (t.base != t.c) prefetch_tile<kRows, kVectors>(t.base, t.ldc);
  const T* a = t.a;
  const T* b = t.b;
  const std::int64_t lda = t.lda, ldb = t.ldb, k = t.k;
  const T* row[kRows];
  if constexpr (kRead == ReadA::shifted_rows) {
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) row[i] = t.a + t.a_rows[i];
  }
  const auto step = [&](std::int64_t p, const T* b_row) HWY_ATTR {
    // The next tile's elements of A lie behind these, and those of each step far from the others.
    if constexpr (kRead == ReadA::columns && kRows == kTileRows) hwy::Prefetch(a + 2 * kTileRows - 1);
    V right[kVectors];
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) right[v] = hn::LoadU(d, b_row + v * kLanes<T>);
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      V left;
      if constexpr (kRead == ReadA::shifted_rows) {
        left = hn::Set(d, row[i][p]);
      } else {
        left = hn::Set(d, kRead == ReadA::columns ? a[i] : a[i * lda]);
      }
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
    a += kRead == ReadA::columns ? lda : 1;
  };
  const std::int64_t turn = t.last_b == nullptr ? k : k - 1;
  std::int64_t p = 0;
  if constexpr (kReadB == ReadB::split_rows) {
    for (; p < t.inner_rows.begin; ++p, b += ldb) step(p, b);
    const std::int64_t links = t.inner_rows.size();
    add_split_rows(t, a, b, links, sum);
    p += links;
    a += links;
    b += links * ldb;
  }
  if constexpr (kReadB == ReadB::rows && kRows == kTileRows && kVectors == kTileVectors &&
                kRead == ReadA::rows) {
    // Two steps at once in the tile that does most of the work: counting takes ports from the multiply-adds.
    for (; p + 2 <= turn; p += 2) {
      step(p, std::exchange(b, b + ldb));
      step(p + 1, std::exchange(b, b + ldb));
    }
    if (p < turn) step(p, b);
    if (turn < k) step(turn, t.last_b);
  } else {
    for (; p < k; ++p) {
      if constexpr (kReadB == ReadB::shifted_rows) {
        b = t.b + t.b_rows[p];
      } else if (p == turn) {
        b = t.last_b;
      }
      step(p, b);
      if constexpr (kReadB != ReadB::shifted_rows) b += ldb;
    }
  }
  finish_chain(t, sum);
}

template <class T>
using TileFunction = void (*)(const Tile<T>&);

// The tiles for every number of rows and of vectors up to the largest, in a table made at compile time.
template <class T, ReadA kRead, ReadB kReadB, int kMaxRows, int kMaxVectors>
struct TileTable {
  TileFunction<T> run[kMaxRows][kMaxVectors];

  template <int... kIndex>
  static constexpr TileTable make(std::integer_sequence<int, kIndex...>) {
    TileTable table{};
    ((table.run[kIndex / kMaxVectors][kIndex % kMaxVectors] =
          &run_tile<T, kIndex / kMaxVectors + 1, kIndex % kMaxVectors + 1, kRead, kReadB>),
     ...);
    return table;
  }
};

template <class T, ReadA kRead, ReadB kReadB, int kMaxRows, int kMaxVectors>
inline constexpr auto kTiles = TileTable<T, kRead, kReadB, kMaxRows, kMaxVectors>::make(
    std::make_integer_sequence<int, kMaxRows * kMaxVectors>{});

// The tile of `rows` x `vectors` of a matrix with few rows (at most kFewRows in all), or with more.
template <class T, ReadA kRead>
TileFunction<T> find_tile(bool few_rows, std::int64_t rows, std::int64_t vectors) {
  if (few_rows) return kTiles<T, kRead, ReadB::rows, kFewRows, kWideVectors>.run[rows - 1][vectors - 1];
  return kTiles<T, kRead, ReadB::rows, kTileRows, kTileVectors>.run[rows - 1][vectors - 1];
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
