// Products so small that cutting them up would take longer than computing them. Included once for each
// instruction set.

#include <cstddef>
#include <cstdint>

#include "kernels/simd/gemm_pack-inl.h"
#include "kernels/simd/gemm_tile-inl.h"

#if defined(CHAINRULE_GEMM_LONE_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_GEMM_LONE_TILE_INL_H_
#undef CHAINRULE_GEMM_LONE_TILE_INL_H_
#else
#define CHAINRULE_GEMM_LONE_TILE_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Longest chain of such a product: B's copy lies on the stack.
inline constexpr std::int64_t kMaxLoneDepth = 16;

// Whether the product is a single tile of one vector a row.
template <class T>
bool is_lone_tile(const Gemm<T>& g) {
  return g.m <= kTileRows && g.n <= kLanes<T> && g.k <= kMaxLoneDepth && g.a_rows == nullptr &&
         g.b_rows == nullptr;
}

template <class T>
void run_lone_tile(const Gemm<T>& g) {
  HWY_ALIGN T b[kMaxLoneDepth * kLanes<T>];
  pack_b(g, 0, g.k, 0, g.n, 1, b);
  Tile<T> t{};
  t.a = g.a;
  t.lda = g.lda;
  t.b = b;
  t.ldb = kLanes<T>;
  t.c = g.c;
  t.ldc = g.ldc;
  t.k = g.k;
  t.last_lanes = g.n;
  t.from_c = g.accumulate;
  t.bias = g.bias;
  t.relu = g.activation == Activation::relu;
  t.mask = g.mask;
  t.base = g.base;
  t.scale = g.scale;
  const auto run =
      g.trans_a ? find_tile<T, ReadA::columns>(false, g.m, 1) : find_tile<T, ReadA::rows>(false, g.m, 1);
  run(t);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
