#include "kernels/simd/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/gemm.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "core/thread_pool.h"
#include "kernels/cut.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/gemm_block-inl.h"
#include "kernels/simd/gemm_lone_tile-inl.h"
#include "kernels/simd/gemm_long-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// A task shorter than this, in multiply-adds of 4 bytes (about 5 us), is not worth handing to another thread.
inline constexpr std::int64_t kMinTask = 1 << 18;
// The packed copy of A's rows for one stretch should stay in the second cache.
inline constexpr std::int64_t kMaxBlockBytes = 1 << 20;

// C is cut into row_pieces x column_pieces blocks, at multiples of the tile.
struct Grid {
  std::int64_t row_units, column_units;  // of kRowUnit rows and of kTileVectors vectors
  std::int64_t row_pieces = 1, column_pieces = 1;
  std::int64_t size() const { return row_pieces * column_pieces; }
};

inline constexpr std::int64_t kRowUnit = kTileRows;

// Whether rows are the better direction for the next cut. Cutting rows packs B once more, cutting columns A.
inline bool cut_rows(const Grid& grid) {
  if (grid.row_units < 2 * grid.row_pieces) return false;
  const bool few_columns = grid.column_units < 2 * kPackAFromPanels * grid.column_pieces;
  return few_columns || grid.row_units >= 16 * grid.row_pieces;
}

template <class T>
Grid make_grid(const Gemm<T>& g) {
  Grid grid{.row_units = divide_up(g.m, kRowUnit), .column_units = divide_up(g.n, kTileVectors * kLanes<T>)};
  // Of A a stretch at a time is packed or copied.
  const std::int64_t row_bytes =
      std::clamp<std::int64_t>(g.k, 1, kMaxDepth<T>) * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t max_units = std::max<std::int64_t>(1, kMaxBlockBytes / (row_bytes * kRowUnit));
  grid.row_pieces = divide_up(grid.row_units, max_units);
  // In double precision, as m n k can pass 2^63; a task is about as long for f64 with half as many
  // multiply-adds.
  const double work =
      static_cast<double>(g.m) * static_cast<double>(g.n) * static_cast<double>(g.k) * sizeof(T) / 4;
  const int threads = work < 2.0 * kMinTask ? 1 : num_threads();
  const double wanted = threads == 1 ? 1 : std::min(work / kMinTask, static_cast<double>(threads));
  while (static_cast<double>(grid.size()) < wanted) {
    if (cut_rows(grid)) {
      ++grid.row_pieces;
    } else if (grid.column_units > grid.column_pieces) {
      ++grid.column_pieces;
    } else {
      break;
    }
  }
  return grid;
}

template <class T>
void run_block(const Gemm<T>& g) {
  g.k <= kMaxChain<T> ? run_chains(g) : run_long_chains(g);
}

template <class T>
HWY_NOINLINE void run_piece(const Gemm<T>& g, const Grid& grid, std::int64_t index) {
  const Range rows = Cut(grid.row_units, grid.row_pieces)[index / grid.column_pieces];
  const Range columns = Cut(grid.column_units, grid.column_pieces)[index % grid.column_pieces];
  const std::int64_t i0 = rows.begin * kRowUnit, j0 = columns.begin * kTileVectors * kLanes<T>;
  run_block(part_of(g, {i0, std::min(g.m, rows.end * kRowUnit)},
                    {j0, std::min(g.n, columns.end * kTileVectors * kLanes<T>)}));
}

template <class T>
void run_gemm(const Gemm<T>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (is_lone_tile(g)) return run_lone_tile(g);
  const Grid grid = make_grid(g);
  if (grid.size() == 1) return run_block(g);
  parallel_for(grid.size(), 1, [&g, &grid](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) run_piece(g, grid, index);
  });
}

void gemm_f32(const Gemm<float>& g) { run_gemm(g); }
void gemm_f64(const Gemm<double>& g) { run_gemm(g); }

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
