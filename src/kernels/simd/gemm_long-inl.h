// Products of long chains: the sums of blocks of them, added in a fixed tree. Included once for each
// instruction set.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/cut.h"
#include "kernels/simd/gemm_block-inl.h"

#if defined(CHAINRULE_GEMM_LONG_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_GEMM_LONG_INL_H_
#undef CHAINRULE_GEMM_LONG_INL_H_
#else
#define CHAINRULE_GEMM_LONG_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Elements of C that are computed together, so that the sums of a few blocks stay in the second cache; and
// rows of it, where there are as many.
inline constexpr std::int64_t kLongElements = 1 << 16, kLongRows = 64;

template <class T>
inline constexpr std::int64_t kMaxChain = Gemm<T>::kMaxChain;

// C += sums, row by row.
template <class T>
void add_to_c(const Gemm<T>& g, const T* sums) {
  for (std::int64_t i = 0; i < g.m; ++i, sums += g.n) {
    T* row = g.c + i * g.ldc;
    for (std::int64_t j = 0; j < g.n; ++j) row[j] += sums[j];
  }
}

// The sum of some blocks of each chain: a power of two of them, and the rest in memory of its own.
template <class T>
void add_blocks(const Gemm<T>& g, Range blocks, T* memory) {
  if (blocks.size() == 1) {
    Gemm<T> block = stretch_of(g, {blocks.begin * kMaxChain<T>, std::min(g.k, blocks.end * kMaxChain<T>)});
    block.accumulate = g.accumulate && blocks.begin == 0;
    return run_chains(block);
  }
  const auto half = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(blocks.size() - 1)));
  add_blocks(g, {blocks.begin, blocks.begin + half}, memory);
  Gemm<T> rest = g;
  rest.c = memory;
  rest.ldc = g.n;
  add_blocks(rest, {blocks.begin + half, blocks.end}, memory + g.m * g.n);
  add_to_c(g, memory);
}

// A part of C that is small enough.
template <class T>
void run_long_part(const Gemm<T>& g) {
  static thread_local Scratch scratch;
  const std::int64_t blocks = divide_up(g.k, kMaxChain<T>);
  T* memory = scratch.get<T>(std::bit_width(static_cast<std::uint64_t>(blocks - 1)) * g.m * g.n);
  Gemm<T> sum = g;
  sum.bias = sum.mask = sum.base = nullptr;
  sum.activation = Activation::none;
  add_blocks(sum, {0, blocks}, memory);
  Gemm<T> rest = g;  // what follows the sum
  rest.k = 0;
  rest.a_rows = rest.b_rows = nullptr;
  rest.accumulate = true;
  run_chains(rest);
}

template <class T>
void run_long_chains(const Gemm<T>& g) {
  constexpr std::int64_t kUnit = kTileVectors * kLanes<T>;
  const std::int64_t most_rows = std::clamp<std::int64_t>(kLongElements / g.n, kLongRows, kLongElements);
  const std::int64_t rows = std::min(g.m, most_rows - most_rows % kTileRows);
  const std::int64_t columns = std::max<std::int64_t>(1, kLongElements / rows / kUnit) * kUnit;
  for (std::int64_t j = 0; j < g.n; j += columns) {
    for (std::int64_t i = 0; i < g.m; i += rows)
      run_long_part(part_of(g, {i, std::min(g.m, i + rows)}, {j, std::min(g.n, j + columns)}));
  }
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
