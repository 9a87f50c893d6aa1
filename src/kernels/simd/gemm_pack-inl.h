// Copies of A and B in the order in which the register tile reads them. Included once for each instruction
// set.

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/simd/gemm_tile-inl.h"

#if defined(CHAINRULE_GEMM_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_GEMM_PACK_INL_H_
#undef CHAINRULE_GEMM_PACK_INL_H_
#else
#define CHAINRULE_GEMM_PACK_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// The side of a square that is transposed at once: its rows are 128 bits, where there are vectors.
template <class T>
inline constexpr std::int64_t kSquare = HWY_TARGET == HWY_SCALAR ? 1 : 16 / sizeof(T);

#if HWY_TARGET == HWY_SCALAR
template <class T>
HWY_INLINE void transpose_square(const T* from, std::int64_t, T* to, std::int64_t) {
  *to = *from;
}
#else
// Transposes the squares that lie in the vectors, each in 128 bits of every one.
template <class D>
HWY_INLINE void transpose_squares(D d, hn::Vec<D> (&row)[4]) {
  const hn::Repartition<double, D> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, row[0], row[1]));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, row[2], row[3]));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row[0], row[1]));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row[2], row[3]));
  row[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  row[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  row[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  row[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

template <class D>
HWY_INLINE void transpose_squares(D d, hn::Vec<D> (&row)[2]) {
  const auto low = hn::InterleaveLower(d, row[0], row[1]);
  row[1] = hn::InterleaveUpper(d, row[0], row[1]);
  row[0] = low;
}

template <class T>
HWY_INLINE void transpose_square(const T* from, std::int64_t ld, T* to, std::int64_t ldto) {
  const hn::FixedTag<T, kSquare<T> > d;
  hn::Vec<hn::FixedTag<T, kSquare<T> > > row[kSquare<T>];
  CHAINRULE_UNROLL
  for (int i = 0; i < kSquare<T>; ++i) row[i] = hn::LoadU(d, from + i * ld);
  transpose_squares(d, row);
  CHAINRULE_UNROLL
  for (int i = 0; i < kSquare<T>; ++i) hn::StoreU(row[i], d, to + i * ldto);
}
#endif

// to[j * ldto + i] = from[i * ld + j] for i in [0, rows), j in [0, columns).
template <class T>
HWY_INLINE void transpose(const T* from, std::int64_t ld, std::int64_t rows, std::int64_t columns, T* to,
                          std::int64_t ldto) {
  constexpr std::int64_t side = kSquare<T>;
  const std::int64_t whole_rows = rows - rows % side, whole_columns = columns - columns % side;
  // By cache lines: rows that lie a power of two apart could not stay until the next ones are read.
  constexpr auto line = static_cast<std::int64_t>(64 / sizeof(T));
  for (std::int64_t j0 = 0; j0 < whole_columns; j0 += line)
    for (std::int64_t i = 0; i < whole_rows; i += side)
      for (std::int64_t j = j0; j < std::min(j0 + line, whole_columns); j += side)
        transpose_square(from + i * ld + j, ld, to + j * ldto + i, ldto);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j)
      to[j * ldto + i] = from[i * ld + j];
}

// A's copy pays when so many panels of tiles read it.
inline constexpr std::int64_t kPackAFromPanels = 4;

// A stretch of op(A), (rows x k) from (i0, p0), as (k, rows).
template <class T>
void pack_a(const Gemm<T>& g, std::int64_t i0, std::int64_t rows, std::int64_t p0, std::int64_t k, T* to) {
  if (!g.trans_a) return transpose(g.a + i0 * g.lda + p0, g.lda, rows, k, to, rows);
  const T* from = g.a + p0 * g.lda + i0;
  for (std::int64_t p = 0; p < k; ++p, from += g.lda, to += rows) {
    hwy::Prefetch(from + 8 * g.lda);
    for (std::int64_t i = 0; i < rows; ++i) to[i] = from[i];
  }
}

// A stretch of op(B), (k x columns) from (p0, j0), as (k, vectors), the last vector filled up with zeros.
template <class T>
void pack_b(const Gemm<T>& g, std::int64_t p0, std::int64_t k, std::int64_t j0, std::int64_t columns,
            std::int64_t vectors, T* to) {
  const Lanes<T> d;
  const std::int64_t width = vectors * kLanes<T>;
  if (g.trans_b) {
    transpose(g.b + j0 * g.ldb + p0, g.ldb, columns, k, to, width);
    for (std::int64_t p = 0; p < k && columns < width; ++p)
      std::fill(to + p * width + columns, to + (p + 1) * width, T{0});
    return;
  }
  const std::int64_t last_lanes = columns - (vectors - 1) * kLanes<T>;
  const std::int64_t ahead = g.b_rows == nullptr ? 8 * g.ldb : 0;
  for (std::int64_t p = p0; p < p0 + k; ++p) {
    const T* from = g.b + (g.b_rows == nullptr ? p * g.ldb : g.b_rows[p]) + j0;
    for (std::int64_t v = 0; v + 1 < vectors; ++v, to += kLanes<T>) {
      hwy::Prefetch(from + ahead + v * kLanes<T>);
      hn::StoreU(hn::LoadU(d, from + v * kLanes<T>), d, to);
    }
    hn::StoreU(load_first(d, from + (vectors - 1) * kLanes<T>, last_lanes), d, to);
    to += kLanes<T>;
  }
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
