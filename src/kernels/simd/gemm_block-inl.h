// One block of C from one thread: packing, panels, tiles. Included once for each instruction set.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cut.h"
#include "kernels/simd/gemm_pack-inl.h"
#include "kernels/simd/gemm_scratch.h"
#include "kernels/simd/gemm_tail-inl.h"
#include "kernels/simd/gemm_tile-inl.h"

#if defined(CHAINRULE_GEMM_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_GEMM_BLOCK_INL_H_
#undef CHAINRULE_GEMM_BLOCK_INL_H_
#else
#define CHAINRULE_GEMM_BLOCK_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Measured: from 256 to 512 are within a few percent.
template <class T>
inline constexpr std::int64_t kMaxDepth = Gemm<T>::kMaxDepth;

// Packed copies pay when they are read often enough. B's does so soon where B's own rows lie more than
// kFarRows bytes apart, which caches and address tables take badly.
inline constexpr std::int64_t kPackBFromRows = 256;
inline constexpr std::int64_t kPackFarBFromRows = 24;
inline constexpr std::int64_t kFarRows = 3072;

// Rows between turned tails.
template <class T>
inline constexpr std::int64_t kTurnRows = 2 * kTailRows<T>;

// Panels, tiles, and rows of B or transposed A, that are packed together.
inline constexpr std::int64_t kPanelsAtOnce = 4, kTilesAtOnce = 8, kRowsAtOnce = 8;

// What stays in the first cache from one product to the next.
inline constexpr std::int64_t kNearBytes = 32 << 10;

template <class T>
class Block {
 public:
  Block(const Gemm<T>& g, T* a_scratch, T* b_scratch) : g_(g), packed_a_(a_scratch), packed_b_(b_scratch) {
    few_rows_ = g.m <= kFewRows && g.a_rows == nullptr && g.b_rows == nullptr;
    const std::int64_t vectors = divide_up(g.n, kLanes<T>);
    panels_ = Cut(vectors, divide_up(vectors, few_rows_ ? kWideVectors : kTileVectors));
    tiles_ = Cut(g.m, divide_up(g.m, kTileRows));
    pack_a_ = g.a_rows == nullptr && panels_.pieces() >= kPackAFromPanels && g.m > kTileRows;
    const bool is_far = g.ldb * static_cast<std::int64_t>(sizeof(T)) > kFarRows;
    const std::int64_t pack_from = is_far ? kPackFarBFromRows : kPackBFromRows;
    panels_at_once_ = g.trans_b ? 1 : kPanelsAtOnce;
    pack_b_ = g.trans_b || (g.b_rows == nullptr && panels_.pieces() > 1 && g.m >= pack_from);
  }

  void run() {
    const Cut stretches(g_.k, std::max<std::int64_t>(1, divide_up(g_.k, kMaxDepth<T>)));
    for (std::int64_t s = 0; s < stretches.pieces(); ++s) {
      const Range k = stretches[s];
      if (pack_a_) pack_tiles(k);
      for (std::int64_t j = 0; j < panels_.pieces(); ++j) {
        if (pack_b_ && j % panels_at_once_ == 0) pack_panels(k, j);
        run_panel(k, j, s == 0, s + 1 == stretches.pieces());
      }
    }
  }

 private:
  // Rows lie far apart as they are stored, so some of them are copied to all places of a group before the
  // next ones are read.
  void pack_tiles(Range k) {
    for (std::int64_t first = 0; first < tiles_.pieces(); first += kTilesAtOnce) {
      const std::int64_t end = std::min(tiles_.pieces(), first + kTilesAtOnce);
      const std::int64_t step = g_.trans_a ? kRowsAtOnce : k.size();
      for (std::int64_t p = 0; p < k.size(); p += step) {
        for (std::int64_t i = first; i < end; ++i) {
          const Range rows = tiles_[i];
          pack_a(g_, rows.begin, rows.size(), k.begin + p, std::min(step, k.size() - p),
                 packed_a_ + rows.begin * k.size() + p * rows.size());
        }
      }
    }
  }

  void pack_panels(Range k, std::int64_t first) {
    const std::int64_t end = std::min(panels_.pieces(), first + panels_at_once_);
    const std::int64_t step = g_.trans_b ? k.size() : kRowsAtOnce;
    for (std::int64_t p = 0; p < k.size(); p += step) {
      for (std::int64_t j = first; j < end; ++j) {
        const Range vectors = panels_[j];
        const std::int64_t j0 = vectors.begin * kLanes<T>, width = vectors.size() * kLanes<T>;
        pack_b(g_, k.begin + p, std::min(step, k.size() - p), j0, std::min(g_.n - j0, width), vectors.size(),
               packed_panel(k, j) + p * width);
      }
    }
  }

  T* packed_panel(Range k, std::int64_t panel) const {
    return packed_b_ + panel % panels_at_once_ * k.size() * kTileVectors * kLanes<T>;
  }

  void run_panel(Range k, std::int64_t panel, bool first, bool last) {
    const Range vectors = panels_[panel];
    const std::int64_t j0 = vectors.begin * kLanes<T>, width = vectors.size() * kLanes<T>;
    const std::int64_t columns = std::min(g_.n - j0, width);
    Tile<T> t{};
    t.k = k.size();
    t.last_lanes = columns - width + kLanes<T>;
    t.from_c = g_.accumulate || !first;
    t.bias = last && g_.bias != nullptr ? g_.bias + j0 : nullptr;
    t.relu = last && g_.activation == Activation::relu;
    mask_ = last && g_.mask != nullptr ? g_.mask + j0 : nullptr;
    base_ = last && g_.base != nullptr ? g_.base + j0 : nullptr;
    t.scale = g_.scale;
    t.ldc = g_.ldc;
    const bool is_partial = columns != width;
    if (g_.b_rows != nullptr) {
      t.b = g_.b + j0;
      t.b_rows = g_.b_rows + k.begin;
    } else if (pack_b_) {
      t.b = packed_panel(k, panel);
      t.ldb = width;
    } else if (is_partial && g_.ldb < kLanes<T>) {
      pack_b(g_, k.begin, k.size(), j0, columns, vectors.size(), packed_b_);
      t.b = packed_b_;
      t.ldb = width;
    } else {
      t.b = g_.b + k.begin * g_.ldb + j0;
      t.ldb = g_.ldb;
      if (few_rows_ && !g_.trans_a && kJoinsSplitRows) t.inner_rows = inner_rows(k, j0, vectors.size());
      // The tile reads whole vectors: past the columns lies the next row, but nothing past the last.
      if (is_partial && k.end == g_.k && k.size() > 0) {
        std::copy_n(g_.b + (k.end - 1) * g_.ldb + j0, columns, packed_b_);
        std::fill(packed_b_ + columns, packed_b_ + width, T{0});
        t.last_b = packed_b_;
      }
    }
    const bool foresee = pack_b_ && !g_.trans_b && panel + 1 < panels_.pieces();
    const Cut depths(k.size(), tiles_.pieces());
    for (std::int64_t i = 0; i < tiles_.pieces(); ++i) {
      if (foresee) prefetch_b(k, depths[i], j0 + width);
      const Range rows = tiles_[i];
      run_rows(t, k, j0, rows, vectors.size());
    }
  }

  // Of rows that begin within cache lines: those around which B goes on for so long that whole lines can be
  // read. None, if B is in the first cache: there it makes no difference.
  Range inner_rows(Range k, std::int64_t j0, std::int64_t vectors) const {
    constexpr auto kLine = static_cast<std::int64_t>(kLanes<T> * sizeof(T));
    const bool is_whole = reinterpret_cast<std::uintptr_t>(g_.b + j0) % kLine == 0 && g_.ldb % kLanes<T> == 0;
    const std::int64_t room = (g_.k - 1) * g_.ldb + g_.n - (vectors + 1) * kLanes<T> - j0;
    const bool is_near = g_.k * g_.ldb * static_cast<std::int64_t>(sizeof(T)) <= kNearBytes;
    if (is_whole || is_near || room < 0 || g_.ldb < 1) return {};
    const std::int64_t begin = divide_up(std::max<std::int64_t>(0, kLanes<T> - 1 - j0), g_.ldb);
    const std::int64_t end = std::min(k.end, room / g_.ldb + 1);
    return {std::max(begin, k.begin) - k.begin, std::max(std::max(begin, k.begin), end) - k.begin};
  }

  void run_rows(Tile<T>& t, Range k, std::int64_t j0, Range rows, std::int64_t vectors) {
    t.c = g_.c + rows.begin * g_.ldc + j0;
    t.mask = mask_ == nullptr ? nullptr : mask_ + rows.begin * g_.ldc;
    t.base = base_ == nullptr ? nullptr : base_ + rows.begin * g_.ldc;
    t.next_c = t.from_c && rows.end < g_.m ? t.c + rows.size() * g_.ldc : nullptr;
    if (pack_a_) {
      t.a = packed_a_ + rows.begin * k.size();
      t.lda = rows.size();
      return find_tile_for_b<ReadA::columns>(rows.size(), vectors)(t);
    }
    if (g_.a_rows != nullptr) {
      t.a = g_.a + k.begin;
      t.a_rows = g_.a_rows + rows.begin;
      return kTiles<T, ReadA::shifted_rows, ReadB::rows, kTileRows, kTileVectors>.run[rows.size() - 1]
                                                                                     [vectors - 1](t);
    }
    t.lda = g_.lda;
    t.a = g_.trans_a ? g_.a + k.begin * g_.lda + rows.begin : g_.a + rows.begin * g_.lda + k.begin;
    if (g_.trans_a) return find_tile<T, ReadA::columns>(few_rows_, rows.size(), vectors)(t);
    if constexpr (kJoinsSplitRows) {
      if (t.inner_rows.size() > 0)
        return kTiles<T, ReadA::rows, ReadB::split_rows, kFewRows, kWideVectors>.run[rows.size() - 1]
                                                                                    [vectors - 1](t);
    }
    find_tile_for_b<ReadA::rows>(rows.size(), vectors)(t);
  }

  template <ReadA kRead>
  TileFunction<T> find_tile_for_b(std::int64_t rows, std::int64_t vectors) const {
    if (g_.b_rows == nullptr) return find_tile<T, kRead>(few_rows_, rows, vectors);
    return kTiles<T, kRead, ReadB::shifted_rows, kTileRows, kTileVectors>.run[rows - 1][vectors - 1];
  }

  // The next panel of B lies in short pieces far apart, which the hardware does not foresee. Fetched bit by
  // bit while the tiles of this panel run, it is there when it is to be packed.
  void prefetch_b(Range k, Range part, std::int64_t j0) const {
    for (std::int64_t p = k.begin + part.begin; p < k.begin + part.end; ++p) {
      const T* row = g_.b + p * g_.ldb;
      for (std::int64_t j = j0; j < std::min(g_.n, j0 + kTileVectors * kLanes<T>); j += kLanes<T>)
        hwy::Prefetch(row + j);
    }
  }

  const Gemm<T>& g_;
  T* packed_a_;
  T* packed_b_;
  Cut panels_, tiles_;  // of vectors, of rows
  std::int64_t panels_at_once_;
  bool few_rows_, pack_a_, pack_b_;
  const T *mask_ = nullptr, *base_ = nullptr;  // of this panel
};

// The scratch of a thread, from call to call.
struct BlockScratch {
  Scratch a, b;
};

inline BlockScratch& block_scratch() {
  static thread_local BlockScratch scratch;
  return scratch;
}

template <class T>
void run_whole(const Gemm<T>& g) {
  BlockScratch& scratch = block_scratch();
  const std::int64_t depth = std::min<std::int64_t>(g.k, kMaxDepth<T>);
  T* a = scratch.a.get<T>(g.m * depth);
  T* b = scratch.b.get<T>(depth * std::max<std::int64_t>(kPanelsAtOnce * kTileVectors, kWideVectors) *
                          kLanes<T>);
  Block<T>(g, a, b).run();
}

// Some links of each chain: from the sums so far, unless they are the first, and what follows only after the
// last.
template <class T>
Gemm<T> stretch_of(const Gemm<T>& g, Range links) {
  Gemm<T> part = g;
  part.k = links.size();
  part.a += g.trans_a ? links.begin * g.lda : links.begin;
  if (g.b_rows != nullptr) {
    part.b_rows += links.begin;
  } else {
    part.b += g.trans_b ? links.begin : links.begin * g.ldb;
  }
  part.accumulate = g.accumulate || links.begin > 0;
  if (links.end < g.k) {
    part.bias = part.mask = part.base = nullptr;
    part.activation = Activation::none;
  }
  return part;
}

// The whole vectors of columns, then the turned tail: by such stretches and so many rows that the tail finds
// what the head has read still near.
template <class T>
void run_head_and_tail(const Gemm<T>& g) {
  const std::int64_t columns = g.n % kLanes<T>;
  const Cut stretches(g.k, divide_up(g.k, kMaxDepth<T>));
  TailColumns<T> b;
  for (std::int64_t s = 0; s < stretches.pieces(); ++s) {
    const Gemm<T> stretch = stretch_of(g, stretches[s]);
    for (std::int64_t i = 0; i < g.m; i += kTurnRows<T>) {
      const Gemm<T> part = rows_of(stretch, {i, std::min(g.m, i + kTurnRows<T>)});
      Gemm<T> head = part;
      head.n -= columns;
      run_whole(head);
      if (i == 0) b.read(stretch, columns);  // which the head has fetched, maybe from another core
      run_turned_tail(part, columns, b);
    }
  }
}

// Chains of up to Gemm::kMaxChain links.
template <class T>
void run_chains(const Gemm<T>& g) {
  if constexpr (kLanes<T> >= kTurnFromLanes) {
    if (tail_is_worth_turning(g)) return run_head_and_tail(g);
  }
  run_whole(g);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
