#include "kernels/simd/reduce.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/reduce.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include "kernels/simd/fold-inl.h"
#include "kernels/simd/reduce_work.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

struct Squared {
  template <class D, class V>
  HWY_INLINE V operator()(D /*d*/, V v) const {
    return hn::Mul(v, v);
  }
};

/// Reduces units [begin, end) to their ends.
template <class Op, class Load, class T>
void fold_units(const ReduceWork<T>& work, std::int64_t begin, std::int64_t end, T* y) {
  if (work.inner == 1 && work.reduce > 0 && work.reduce <= kShortRun) {
    constexpr int kRuns = 4;
    for (; begin + kRuns <= end; begin += kRuns) {
      fold_runs<Op, T, kRuns, Load>(work.x + begin * work.reduce, work.reduce, y + begin);
    }
  }
  for (std::int64_t unit = begin; unit < end; ++unit) {
    if (work.inner == 1) {
      y[unit] = fold_run<Op>(work.x + unit * work.reduce, work.reduce, Load());
    } else {
      const UnitPlace place = work.place(unit);
      const Columns<T> columns{work.x + place.input, work.inner, work.reduce, 0};
      fold_columns<Op>(columns, place.width, 0, work.reduce, y + place.output, Load());
    }
  }
}

/// Reduces rows [begin, end) of one unit to its columns.
template <class Op, class Load, class T>
void fold_rows(const ReduceWork<T>& work, std::int64_t unit, std::int64_t begin, std::int64_t end, T* out) {
  if (work.inner == 1) {
    fold_columns<Op>(run_columns(work.x + unit * work.reduce, work.reduce), kLanes, begin, end, out, Load());
  } else {
    const UnitPlace place = work.place(unit);
    fold_columns<Op>(Columns<T>{work.x + place.input, work.inner, work.reduce, 0}, place.width, begin, end,
                     out, Load());
  }
}

template <class T>
ReduceKernels<T> kernels_of(Reduction op) {
  if (op == Reduction::sum) return {fold_units<Sum, AsIs, T>, fold_rows<Sum, AsIs, T>, fold_lanes<Sum, T>};
  if (op == Reduction::max) return {fold_units<Max, AsIs, T>, fold_rows<Max, AsIs, T>, fold_lanes<Max, T>};
  return {fold_units<Sum, Squared, T>, fold_rows<Sum, Squared, T>, fold_lanes<Sum, T>};
}

ReduceKernels<float> reduce_kernels_f32(Reduction op) { return kernels_of<float>(op); }
ReduceKernels<double> reduce_kernels_f64(Reduction op) { return kernels_of<double>(op); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"
#include "kernels/simd/grain.h"

namespace chainrule::kernels {

HWY_EXPORT(reduce_kernels_f32);
HWY_EXPORT(reduce_kernels_f64);

namespace {

template <class T>
T combine(Reduction op, T a, T b) {
  if (op != Reduction::max) return a + b;
  return b > a || b != b ? b : a;
}

/// The pairwise tree over rows of accumulators; the first becomes the result.
template <class T>
void combine_rows(Reduction op, T* rows, std::int64_t count, std::int64_t width) {
  for (; count > 1; count = (count + 1) / 2) {
    for (std::int64_t r = 0; r < count; r += 2) {
      const T* row = rows + r * width;
      T* to = rows + r / 2 * width;
      for (std::int64_t i = 0; i < width; ++i)
        to[i] = r + 1 < count ? combine(op, row[i], row[width + i]) : row[i];
    }
  }
}

/// Reduces one long unit with all threads: chunks of a power of two of blocks, which are whole subtrees of
/// the pairwise tree, and then the rest of the tree. The partial results live on the stack.
template <class T>
void reduce_by_chunks(Reduction op, const ReduceKernels<T>& kernels, const ReduceWork<T>& work,
                      std::int64_t unit, T* y) {
  constexpr std::int64_t kMostChunks = 64;
  const std::int64_t rows = work.rows();
  std::int64_t chunk = kBlockRows;
  while ((rows + chunk - 1) / chunk > kMostChunks) chunk *= 2;
  const std::int64_t chunks = (rows + chunk - 1) / chunk;

  T partial[kMostChunks * kPanelColumns];
  const std::int64_t width = work.inner == 1 ? kLanes : work.place(unit).width;
  parallel_for(chunks, rows_grain(kCheapGrain, chunk * width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c)
      kernels.rows(work, unit, c * chunk, std::min(rows, (c + 1) * chunk), partial + c * width);
  });
  combine_rows(op, partial, chunks, width);
  if (work.inner == 1) {
    y[unit] = kernels.lanes(partial);
  } else {
    std::copy_n(partial, width, y + work.place(unit).output);
  }
}

template <class T>
void reduce_all(Reduction op, const ReduceKernels<T>& kernels, const ReduceWork<T>& work, T* y) {
  const std::int64_t units = work.units();
  const std::int64_t cost = work.reduce * std::min(work.inner, kPanelColumns);  // elements of a unit
  if (cost >= 2 * kCheapGrain && units < 2 * num_threads() && num_threads() > 1) {
    for (std::int64_t unit = 0; unit < units; ++unit) reduce_by_chunks(op, kernels, work, unit, y);
  } else {
    parallel_for(units, rows_grain(kCheapGrain, cost),
                 [&](std::int64_t begin, std::int64_t end) { kernels.units(work, begin, end, y); });
  }
}

ReduceKernels<float> kernels_for(Reduction op, const float*) {
  return CHAINRULE_DISPATCH(reduce_kernels_f32)(op);
}
ReduceKernels<double> kernels_for(Reduction op, const double*) {
  return CHAINRULE_DISPATCH(reduce_kernels_f64)(op);
}

template <class T>
void reduce_block(Reduction op, const ReduceWork<T>& work, T* y) {
  reduce_all(op, kernels_for(op, y), work, y);
}

template <class T>
void reduce_one_piece(Reduction op, const T* x, std::int64_t size, std::int64_t inner, T* row) {
  const ReduceKernels<T> kernels = kernels_for(op, x);
  const ReduceWork<T> work{x, 1, size, inner};
  for (std::int64_t unit = 0; unit < work.units(); ++unit)
    kernels.rows(work, unit, 0, work.rows(), row + work.place(unit).output);
}

template <class T>
void reduce_all_rows(Reduction op, T* rows, std::int64_t pieces, std::int64_t inner, T* y) {
  combine_rows(op, rows, pieces, inner == 1 ? kLanes : inner);
  if (inner == 1) {
    *y = kernels_for(op, rows).lanes(rows);
  } else {
    std::copy_n(rows, inner, y);
  }
}

}  // namespace

void sum(const float* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, float* y) {
  reduce_block(Reduction::sum, {x, outer, reduce, inner}, y);
}
void sum(const double* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, double* y) {
  reduce_block(Reduction::sum, {x, outer, reduce, inner}, y);
}

void sum_of_squares(const float* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, float* y) {
  reduce_block(Reduction::squares, {x, outer, reduce, inner}, y);
}
void sum_of_squares(const double* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, double* y) {
  reduce_block(Reduction::squares, {x, outer, reduce, inner}, y);
}

void max(const float* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, float* y) {
  reduce_block(Reduction::max, {x, outer, reduce, inner}, y);
}
void max(const double* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, double* y) {
  reduce_block(Reduction::max, {x, outer, reduce, inner}, y);
}

void reduce_runs(Reduction op, const float* x, std::int64_t runs, std::int64_t size, float* y) {
  kernels_for(op, x).units({x, runs, size, 1}, 0, runs, y);
}
void reduce_runs(Reduction op, const double* x, std::int64_t runs, std::int64_t size, double* y) {
  kernels_for(op, x).units({x, runs, size, 1}, 0, runs, y);
}

void reduce_piece(Reduction op, const float* x, std::int64_t size, std::int64_t inner, float* row) {
  reduce_one_piece(op, x, size, inner, row);
}
void reduce_piece(Reduction op, const double* x, std::int64_t size, std::int64_t inner, double* row) {
  reduce_one_piece(op, x, size, inner, row);
}

void reduce_rows(Reduction op, float* rows, std::int64_t pieces, std::int64_t inner, float* y) {
  reduce_all_rows(op, rows, pieces, inner, y);
}
void reduce_rows(Reduction op, double* rows, std::int64_t pieces, std::int64_t inner, double* y) {
  reduce_all_rows(op, rows, pieces, inner, y);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
