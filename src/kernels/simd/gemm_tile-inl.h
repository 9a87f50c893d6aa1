// The register tile that all matrix products are made of. Included once for each instruction set.

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "kernels/simd/gemm.h"

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

// The largest tile: rows times vectors of accumulators, the vectors of one row of B and one broadcast element of A
// fill the registers: 24 + 3 + 1 of 32, or 12 + 3 + 1 of 16.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kTileRows = 8;
#else
inline constexpr int kTileRows = 4;
#endif
inline constexpr int kTileVectors = 3;

// One tile's worth of work: C (rows x vectors) = or += A (rows x k) B (k x vectors), for a stretch of the chain.
template <class T>
struct Tile {
  const T* a;
  std::int64_t lda;
  const T* b;
  std::int64_t ldb;
  T* c;
  std::int64_t ldc;
  std::int64_t k;
  std::size_t last_lanes;  // columns in the last vector; B must be readable to the end of the vector all the same
  bool from_c;             // the chain goes on from C; else it starts from 0
  const T* bias;           // added after the last link; or nullptr
  bool relu;
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
  const auto mask = hn::FirstN(d, t.last_lanes);
  CHAINRULE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    const T* row = t.c + i * t.ldc;
    CHAINRULE_UNROLL
    for (int v = 0; v + 1 < kVectors; ++v) sum[i][v] = hn::LoadU(d, row + v * kLanes<T>);
    sum[i][kVectors - 1] = hn::MaskedLoad(mask, d, row + (kVectors - 1) * kLanes<T>);
  }
}

template <int kRows, int kVectors, class T, class V>
HWY_INLINE void finish_chain(const Tile<T>& t, V (&sum)[kRows][kVectors]) {
  const Lanes<T> d;
  const bool whole = t.last_lanes == static_cast<std::size_t>(kLanes<T>);
  const auto mask = hn::FirstN(d, t.last_lanes);
  if (t.bias != nullptr) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const T* from = t.bias + v * kLanes<T>;
      const V bias = v + 1 < kVectors ? hn::LoadU(d, from) : hn::MaskedLoad(mask, d, from);
      CHAINRULE_UNROLL
      for (int i = 0; i < kRows; ++i) sum[i][v] = hn::Add(sum[i][v], bias);
    }
  }
  if (t.relu) {
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v)
        sum[i][v] = hn::IfThenElseZero(hn::Gt(sum[i][v], hn::Zero(d)), sum[i][v]);
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
      hn::BlendedStore(sum[i][kVectors - 1], mask, d, last);
    }
  }
}

// kTransA: A is stored (k, rows), so that a step's elements lie side by side; else (rows, k).
template <class T, int kRows, int kVectors, bool kTransA>
HWY_NOINLINE void run_tile(const Tile<T>& t) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kRows][kVectors];
  start_chain(t, sum);
  const T* a = t.a;
  const T* b = t.b;
  const std::int64_t lda = t.lda, ldb = t.ldb, k = t.k;
  for (std::int64_t p = 0; p < k; ++p) {
    V right[kVectors];
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) right[v] = hn::LoadU(d, b + v * kLanes<T>);
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V left = hn::Set(d, kTransA ? a[i] : a[i * lda]);
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
    a += kTransA ? lda : 1;
    b += ldb;
  }
  finish_chain(t, sum);
}

template <class T>
using TileFunction = void (*)(const Tile<T>&);

// The tile for a number of rows and vectors, from tables made at compile time.
template <class T, bool kTransA>
struct TileTable {
  TileFunction<T> run[kTileRows][kTileVectors];

  template <int... kIndex>
  static constexpr TileTable make(std::integer_sequence<int, kIndex...>) {
    TileTable table{};
    ((table.run[kIndex / kTileVectors][kIndex % kTileVectors] =
          &run_tile<T, kIndex / kTileVectors + 1, kIndex % kTileVectors + 1, kTransA>),
     ...);
    return table;
  }
};

template <class T, bool kTransA>
inline constexpr auto kTiles =
    TileTable<T, kTransA>::make(std::make_integer_sequence<int, kTileRows * kTileVectors>{});

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
