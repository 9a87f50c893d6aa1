#pragma once

#include <cstdint>

namespace chainrule::kernels {

// Reductions of a row-major block (outer, reduce, inner) to (outer, inner), in a defined order. The order
// depends on the sizes alone, so that results are the same bits on every instruction set and for any number
// of threads.
//
//   columns  A (rows, columns) block is reduced to one row of accumulators. Rows are taken in blocks of
//   kBlockRows
//            (the last may be shorter). Within a block each column starts from the identity and takes its
//            rows in order. Block results are combined by a pairwise tree: neighbours (0, 1), (2, 3), ...
//            again and again until one is left; an odd one out at the end goes up unchanged.
//   inner > 1   Each of the `outer` blocks is reduced by columns.
//   inner == 1  A run of `reduce` elements is seen as rows of kLanes, the last filled up with the identity,
//   and
//               reduced by columns; then the kLanes accumulators are folded by halves: lane i with lane i +
//               8, then i + 4, i + 2, i + 1.
//
// Error of a sum: at most (kBlockRows + log2(rows / kBlockRows) + 4) ULP-halves of the sum of magnitudes,
// against `reduce` of them for a plain loop. Long runs are split over the thread pool along the same tree.
inline constexpr std::int64_t kLanes = 16;
inline constexpr std::int64_t kBlockRows = 16;

enum class Reduction : std::uint8_t { sum, max, squares };

/// Sums, with identity +0: the sum of nothing is +0, and a sum is -0 never.
void sum(const float* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, float* y);
void sum(const double* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, double* y);

/// Sums of squares, in the order of sums: the bits of squares that are then added up.
void sum_of_squares(const float* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, float* y);
void sum_of_squares(const double* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, double* y);

/// Maxima, with identity -inf. A NaN anywhere gives a NaN, as NumPy's max; of equal elements (0 and -0) the
/// one earlier in the order above is taken.
void max(const float* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, float* y);
void max(const double* x, std::int64_t outer, std::int64_t reduce, std::int64_t inner, double* y);

/// @name The same on this thread alone, of elements that are made piece by piece
///
/// The bits are those of the whole, if each piece but the last is a power of two of blocks: a block is
/// kBlockRows rows, or kBlockRows * kLanes elements of a run.
/// @{

/// Runs of `size` elements to a number each.
void reduce_runs(Reduction op, const float* x, std::int64_t runs, std::int64_t size, float* y);
void reduce_runs(Reduction op, const double* x, std::int64_t runs, std::int64_t size, double* y);
/// A piece, (size, inner), to one row of accumulators: inner of them, or kLanes if inner is 1.
void reduce_piece(Reduction op, const float* x, std::int64_t size, std::int64_t inner, float* row);
void reduce_piece(Reduction op, const double* x, std::int64_t size, std::int64_t inner, double* row);
/// The rows of all pieces to the result, inner numbers. The rows are then undefined.
void reduce_rows(Reduction op, float* rows, std::int64_t pieces, std::int64_t inner, float* y);
void reduce_rows(Reduction op, double* rows, std::int64_t pieces, std::int64_t inner, double* y);
/// @}

}  // namespace chainrule::kernels
