// Reduction of columns and of runs in the order that reduce.h defines. Included once per instruction set.
#if defined(CHAINRULE_KERNELS_SIMD_FOLD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SIMD_FOLD_INL_H
#undef CHAINRULE_KERNELS_SIMD_FOLD_INL_H
#else
#define CHAINRULE_KERNELS_SIMD_FOLD_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/simd/loop-inl.h"
#include "kernels/simd/reduce.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

struct Sum {
  template <class D>
  static HWY_INLINE hn::Vec<D> identity(D d) {
    return hn::Zero(d);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V combine(D /*d*/, V a, V b) {
    return hn::Add(a, b);
  }
};

struct Max {
  template <class D>
  static HWY_INLINE hn::Vec<D> identity(D d) {
    return hn::Set(d, -std::numeric_limits<hn::TFromD<D>>::infinity());
  }
  // Not hn::Max: what that does with NaN and with zeros of both signs differs between machines.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V combine(D /*d*/, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::IsNaN(b)), b, a);
  }
};

/// A rectangle of columns to be reduced: `rows` rows `stride` apart, and below them perhaps one row more of
/// which only the first `tail` columns exist.
template <class T>
struct Columns {
  const T* x;
  std::int64_t stride;
  std::int64_t rows;
  std::int64_t tail;
};

/// The elements as they are; the alternative transforms what is loaded (see softmax).
struct AsIs {
  template <class D, class V>
  HWY_INLINE V operator()(D /*d*/, V v) const {
    return v;
  }
};

/// Reduces a panel of `kVectors` vectors side by side, the last of which may be partial.
template <class Op, class T, int kVectors, class Load>
class Panel {
 public:
  using D = hn::CappedTag<T, kLanes>;
  using V = hn::Vec<D>;
  static constexpr std::int64_t kWidth = static_cast<std::int64_t>(hn::MaxLanes(D()));
  static constexpr std::int64_t kColumns = kWidth * kVectors;

  /// `width` columns, kColumns - kWidth < width <= kColumns.
  HWY_INLINE Panel(const Columns<T>& columns, std::int64_t width, const Load& load)
      : columns_(columns), last_(width - (kColumns - kWidth)), load_(load) {}

  /// Reduces the rows [begin, end) to `width` numbers; the row that is not full counts as one. `begin` must
  /// be a multiple of kBlockRows, and begin / kBlockRows of a power of two that is no less than the blocks in
  /// the range.
  HWY_NOINLINE void run(std::int64_t begin, std::int64_t end, T* out) {
    const Row result = last_ == kWidth ? reduce<false>(begin, end) : reduce<true>(begin, end);
    for (int v = 0; v < kVectors; ++v) {
      if (v + 1 < kVectors || last_ == kWidth) {
        hn::StoreU(result.v[v], D(), out + v * kWidth);
      } else {
        store_first(D(), result.v[v], out + v * kWidth, last_);
      }
    }
  }

 private:
  struct Row {
    V v[kVectors];
  };

  // One chain of additions waits for itself; narrow panels run several blocks, that is chains, at a time.
  // What is done to the elements beside that must be cheap, and hold nothing in registers.
  static constexpr int kAtATime = std::is_empty_v<Load> && kVectors <= 2 ? 4 : 1;

  template <bool kPartial>
  Row reduce(std::int64_t begin, std::int64_t end) {
    const bool tail = end > columns_.rows;
    const std::int64_t full = tail ? columns_.rows : end;
    if (end - begin <= kBlockRows) return last_block<kPartial>(begin, full, tail);
    for (; begin + kAtATime * kBlockRows <= full; begin += kAtATime * kBlockRows)
      push_blocks<kPartial, kAtATime>(begin);
    for (; begin + kBlockRows <= full; begin += kBlockRows) push_blocks<kPartial, 1>(begin);
    if (begin < end) push(last_block<kPartial>(begin, full, tail));
    return collect();
  }

  template <bool kPartial>
  HWY_INLINE void add_row(const T* p, Row& acc) const {
    const D d;
    for (int v = 0; v < kVectors; ++v) {
      const bool whole = !kPartial || v + 1 < kVectors;
      const V x = whole ? hn::LoadU(d, p + v * kWidth) : load_first(d, p + v * kWidth, last_);
      acc.v[v] = Op::combine(d, acc.v[v], load_(d, x));
    }
  }

  template <bool kPartial, int kBlocks>
  void push_blocks(std::int64_t row) {
    Row acc[kBlocks];
    for (Row& one : acc) one = identity();
    const T* p = columns_.x + row * columns_.stride;
    for (std::int64_t r = 0; r < kBlockRows; ++r, p += columns_.stride) {
      for (int b = 0; b < kBlocks; ++b) add_row<kPartial>(p + b * kBlockRows * columns_.stride, acc[b]);
    }
    for (const Row& one : acc) push(one);
  }

  template <bool kPartial>
  Row last_block(std::int64_t begin, std::int64_t end, bool tail) const {
    Row acc = identity();
    const T* p = columns_.x + begin * columns_.stride;
    for (std::int64_t r = begin; r < end; ++r, p += columns_.stride) add_row<kPartial>(p, acc);
    if (tail) add_tail(p, acc);
    return acc;
  }

  void add_tail(const T* p, Row& acc) const {
    const D d;
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t count = columns_.tail - v * kWidth;
      if (count <= 0) break;
      if (count >= kWidth) {
        acc.v[v] = Op::combine(d, acc.v[v], load_(d, hn::LoadU(d, p + v * kWidth)));
      } else {
        const V next = Op::combine(d, acc.v[v], load_(d, load_first(d, p + v * kWidth, count)));
        acc.v[v] = hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(count)), next, acc.v[v]);
      }
    }
  }

  static HWY_INLINE Row identity() {
    Row row;
    for (V& v : row.v) v = Op::identity(D());
    return row;
  }

  HWY_INLINE void combine_level(int level, Row& row) const {
    const D d;
    for (int v = 0; v < kVectors; ++v)
      row.v[v] = Op::combine(d, hn::Load(d, levels_[level] + v * kWidth), row.v[v]);
  }

  // The pairwise tree, as a binary counter: level l holds the result of 2^l blocks while bit l of count_ is
  // set.
  void push(Row row) {
    int level = 0;
    for (; ((count_ >> level) & 1) != 0; ++level) combine_level(level, row);
    for (int v = 0; v < kVectors; ++v) hn::Store(row.v[v], D(), levels_[level] + v * kWidth);
    ++count_;
  }

  Row collect() const {
    int level = 0;
    while (((count_ >> level) & 1) == 0) ++level;
    Row row;
    for (int v = 0; v < kVectors; ++v) row.v[v] = hn::Load(D(), levels_[level] + v * kWidth);
    for (++level; (count_ >> level) != 0; ++level) {
      if (((count_ >> level) & 1) != 0) combine_level(level, row);
    }
    return row;
  }

  const Columns<T> columns_;
  const std::int64_t last_;  // columns of the last vector
  const Load load_;
  std::int64_t count_ = 0;
  HWY_ALIGN T levels_[58][kColumns];  // enough for any count of 64-bit rows
};

// Where there are no vectors, nothing is gained by several.
inline constexpr bool kInPanels = HWY_TARGET != HWY_SCALAR;

/// Reduces rows [begin, end), as Panel::run does, of any number of columns.
template <class Op, class T, class Load = AsIs>
HWY_NOINLINE void fold_columns(const Columns<T>& columns, std::int64_t width, std::int64_t begin,
                               std::int64_t end, T* out, const Load& load = {}) {
  constexpr std::int64_t kWidth = Panel<Op, T, 1, Load>::kWidth;
  for (std::int64_t c = 0; c < width;) {
    const std::int64_t left = width - c;
    const Columns<T> part{columns.x + c, columns.stride, columns.rows,
                          columns.tail > c ? columns.tail - c : std::int64_t{0}};
    const std::int64_t vectors = !kInPanels ? 1 : left > 3 * kWidth ? 4 : left > kWidth ? 2 : 1;
    const std::int64_t here = left < vectors * kWidth ? left : vectors * kWidth;
    if constexpr (kInPanels) {
      if (vectors == 4) Panel<Op, T, 4, Load>(part, here, load).run(begin, end, out + c);
      if (vectors == 2) Panel<Op, T, 2, Load>(part, here, load).run(begin, end, out + c);
    }
    if (vectors == 1) Panel<Op, T, 1, Load>(part, here, load).run(begin, end, out + c);
    c += here;
  }
}

/// Folds a vector by halves.
template <class Op, class D>
HWY_INLINE hn::TFromD<D> fold_vector([[maybe_unused]] D d, hn::Vec<D> v) {
#if HWY_TARGET != HWY_SCALAR  // which has one lane, and no halves
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    return fold_vector<Op>(half, Op::combine(half, hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
#endif
  return hn::GetLane(v);
}

/// kLanes numbers, in as many vectors as that takes.
template <class T>
struct LaneVectors {
  using D = hn::CappedTag<T, kLanes>;
  static constexpr int kCount = static_cast<int>(kLanes / static_cast<std::int64_t>(hn::MaxLanes(D())));
  hn::Vec<D> v[kCount];
};

template <class Op, class T>
HWY_INLINE T fold_lanes(LaneVectors<T> lanes) {
  const typename LaneVectors<T>::D d;
  for (int half = LaneVectors<T>::kCount / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes.v[i] = Op::combine(d, lanes.v[i], lanes.v[i + half]);
  }
  return fold_vector<Op>(d, lanes.v[0]);
}

/// Rows of kLanes in a run of n elements, the last of them perhaps not full.
HWY_INLINE std::int64_t run_rows(std::int64_t n) { return (n + kLanes - 1) / kLanes; }

/// The columns as which a run of n elements is seen.
template <class T>
HWY_INLINE Columns<T> run_columns(const T* x, std::int64_t n) {
  return {x, kLanes, n / kLanes, n % kLanes};
}

template <class Op, class T>
HWY_INLINE T fold_lanes(const T* lanes) {
  const typename LaneVectors<T>::D d;
  LaneVectors<T> vectors;
  for (int i = 0; i < LaneVectors<T>::kCount; ++i)
    vectors.v[i] = hn::LoadU(d, lanes + i * (kLanes / LaneVectors<T>::kCount));
  return fold_lanes<Op>(vectors);
}

/// Reduces a run of n elements.
template <class Op, class T, class Load = AsIs>
HWY_INLINE T fold_run(const T* x, std::int64_t n, const Load& load = {}) {
  HWY_ALIGN T lanes[kLanes];
  fold_columns<Op>(run_columns(x, n), kLanes, 0, run_rows(n), lanes, load);
  return fold_lanes<Op, T>(lanes);
}

/// Runs for which fold_runs is the faster; in longer ones fold_run finds blocks enough to go side by side.
inline constexpr std::int64_t kShortRun = 32 * kBlockRows * kLanes;

/// The accumulators of some runs that are reduced side by side, as the chain of one waits for itself.
template <class T, int kRuns>
struct Runs {
  using Vectors = LaneVectors<T>;
  using D = typename Vectors::D;
  static constexpr std::int64_t kWidth = kLanes / Vectors::kCount;
  Vectors of[kRuns];

  /// Each vector becomes what `f(run, first lane, vector)` says.
  template <class F>
  HWY_INLINE void update(F f) {
    for (int r = 0; r < kRuns; ++r) {
      for (int v = 0; v < Vectors::kCount; ++v) of[r].v[v] = f(r, v * kWidth, of[r].v[v]);
    }
  }
};

/// Rows [begin, end) of one block of runs of n elements that lie one after the other.
template <class Op, class T, int kRuns, class Load>
HWY_INLINE Runs<T, kRuns> fold_block(const T* x, std::int64_t n, std::int64_t begin, std::int64_t end) {
  using All = Runs<T, kRuns>;
  const typename All::D d;
  const Load load;
  using V = hn::Vec<typename All::D>;
  All runs;
  runs.update([&](int, std::int64_t, V) HWY_ATTR { return Op::identity(d); });
  const std::int64_t full = end <= n / kLanes ? end : n / kLanes;
  for (std::int64_t row = begin; row < full; ++row) {
    runs.update([&](int r, std::int64_t lane, V sum) HWY_ATTR {
      return Op::combine(d, sum, load(d, hn::LoadU(d, x + r * n + row * kLanes + lane)));
    });
  }
  if (full == end) return runs;
  runs.update([&](int r, std::int64_t lane, V sum) HWY_ATTR {
    const std::int64_t at = full * kLanes + lane, count = n - at;
    if (count >= All::kWidth) return Op::combine(d, sum, load(d, hn::LoadU(d, x + r * n + at)));
    if (count <= 0) return sum;
    const V next = Op::combine(d, sum, load(d, load_first(d, x + r * n + at, count)));
    return hn::IfThenElse(hn::FirstN(d, static_cast<std::size_t>(count)), next, sum);
  });
  return runs;
}

/// Rows [begin, end) of more blocks: the pairwise tree from its top, a power of two of blocks and the rest.
template <class Op, class T, int kRuns, class Load>
HWY_NOINLINE Runs<T, kRuns> fold_tree(const T* x, std::int64_t n, std::int64_t begin, std::int64_t end) {
  if (end - begin <= kBlockRows) return fold_block<Op, T, kRuns, Load>(x, n, begin, end);
  std::int64_t half = kBlockRows;
  while (2 * half < end - begin) half *= 2;
  Runs<T, kRuns> runs = fold_tree<Op, T, kRuns, Load>(x, n, begin, begin + half);
  const Runs<T, kRuns> rest = fold_tree<Op, T, kRuns, Load>(x, n, begin + half, end);
  const typename Runs<T, kRuns>::D d;
  runs.update([&](int r, std::int64_t lane, auto sum)
                  HWY_ATTR { return Op::combine(d, sum, rest.of[r].v[lane / Runs<T, kRuns>::kWidth]); });
  return runs;
}

/// Reduces some runs of n > 0 elements that lie one after the other, each as fold_run does.
template <class Op, class T, int kRuns, class Load>
HWY_INLINE void fold_runs(const T* x, std::int64_t n, T* y) {
  const Runs<T, kRuns> runs = fold_tree<Op, T, kRuns, Load>(x, n, 0, run_rows(n));
  for (int r = 0; r < kRuns; ++r) y[r] = fold_lanes<Op, T>(runs.of[r]);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
