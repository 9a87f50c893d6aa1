#include "kernels/simd/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gemm.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/gemm_scratch.h"
#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

template <class T>
void pack_b(const Gemm<T>& g, std::int64_t p0, std::int64_t k, std::int64_t j0, std::int64_t columns, int vectors, T* out) {
  const Lanes<T> d;
  const std::int64_t width = vectors * kLanes<T>;
  if (g.trans_b) {
    for (std::int64_t p = 0; p < k; ++p) {
      for (std::int64_t j = 0; j < columns; ++j) out[p * width + j] = g.b[(j0 + j) * g.ldb + p0 + p];
      for (std::int64_t j = columns; j < width; ++j) out[p * width + j] = T{0};
    }
    return;
  }
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(columns - (vectors - 1) * kLanes<T>));
  for (std::int64_t p = 0; p < k; ++p) {
    const T* row = g.b + (p0 + p) * g.ldb + j0;
    int v = 0;
    for (; v + 1 < vectors; ++v) hn::StoreU(hn::LoadU(d, row + v * kLanes<T>), d, out + v * kLanes<T>);
    hn::StoreU(hn::MaskedLoad(mask, d, row + v * kLanes<T>), d, out + v * kLanes<T>);
    out += width;
  }
}

template <class T>
void block(const Gemm<T>& g, std::int64_t i0, std::int64_t i1) {
  const std::int64_t vectors = (g.n + kLanes<T> - 1) / kLanes<T>;
  const std::int64_t panels = (vectors + kTileVectors - 1) / kTileVectors;
  const std::int64_t kMaxK = 256;
  const std::int64_t kblocks = std::max<std::int64_t>(1, (g.k + kMaxK - 1) / kMaxK);
  static thread_local Scratch scratch;
  T* packed = scratch.get<T>(kMaxK * kTileVectors * kLanes<T>);
  for (std::int64_t kb = 0; kb < kblocks; ++kb) {
    const std::int64_t p0 = g.k * kb / kblocks, p1 = g.k * (kb + 1) / kblocks;
    for (std::int64_t panel = 0; panel < panels; ++panel) {
      const std::int64_t v0 = vectors * panel / panels, v1 = vectors * (panel + 1) / panels;
      const std::int64_t j0 = v0 * kLanes<T>, j1 = std::min(g.n, v1 * kLanes<T>);
      const int width = static_cast<int>(v1 - v0);
      const bool last = kb + 1 == kblocks;
      Tile<T> t;
      t.lda = g.lda;
      t.k = p1 - p0;
      t.last_lanes = static_cast<std::size_t>(j1 - j0 - (width - 1) * kLanes<T>);
      t.from_c = g.accumulate || kb > 0;
      t.bias = last && g.bias ? g.bias + j0 : nullptr;
      t.relu = last && g.activation == Activation::relu;
      t.ldc = g.ldc;
      if (g.trans_b || j1 - j0 != width * kLanes<T> || g.ldb >= 256) {
        pack_b(g, p0, p1 - p0, j0, j1 - j0, width, packed);
        t.b = packed;
        t.ldb = width * kLanes<T>;
      } else {
        t.b = g.b + p0 * g.ldb + j0;
        t.ldb = g.ldb;
      }
      const std::int64_t tiles = (i1 - i0 + kTileRows - 1) / kTileRows;
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t r0 = i0 + (i1 - i0) * tile / tiles, r1 = i0 + (i1 - i0) * (tile + 1) / tiles;
        t.c = g.c + r0 * g.ldc + j0;
        t.a = g.trans_a ? g.a + p0 * g.lda + r0 : g.a + r0 * g.lda + p0;
        (g.trans_a ? kTiles<T, true>.run : kTiles<T, false>.run)[r1 - r0 - 1][width - 1](t);
      }
    }
  }
}

void gemm_f32(const Gemm<float>& g) { block(g, 0, g.m); }
void gemm_f64(const Gemm<double>& g) { block(g, 0, g.m); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chainrule::kernels {

HWY_EXPORT(gemm_f32);
HWY_EXPORT(gemm_f64);
void gemm(const Gemm<float>& product) { CHAINRULE_DISPATCH(gemm_f32)(product); }
void gemm(const Gemm<double>& product) { CHAINRULE_DISPATCH(gemm_f64)(product); }

}  // namespace chainrule::kernels
#endif
