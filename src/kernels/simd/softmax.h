#pragma once

#include <cstdint>

namespace chainrule::kernels {

// Functions of the rows of a row-major (rows, cols) matrix, shifted by the row's maximum, so that no logit is
// too large. Sums are taken in the order of reduce.h: results are the same bits for any number of threads,
// and on every vector width that has a fused multiply-add (AVX2 = AVX-512).

/// p = softmax(z) of each row: e^(z - max z) / sum. p may be z. If y is not nullptr, y = logsumexp(z) of each
/// row as well, the same bits as from logsumexp; and if tops is not, as there.
///
/// A logit of -inf has probability 0. A row with a NaN or +inf, or of nothing but -inf, is all NaN (as in
/// SciPy and PyTorch). cols = 0 does nothing. Error: see softmax_test.cpp.
void softmax(const float* z, std::int64_t rows, std::int64_t cols, float* p, float* y = nullptr,
             float* tops = nullptr);
void softmax(const double* z, std::int64_t rows, std::int64_t cols, double* p, double* y = nullptr,
             double* tops = nullptr);

/// y = log(sum(e^z)) of each row, in nats. If tops is not nullptr, the row's maximum goes there, and y is
/// what the logarithm is above it: next to a large maximum it would lose its digits. (Of an infinite or NaN
/// maximum y is 0.)
///
/// Error: at most 4 ULP of the larger of |max z| and the logarithm of the shifted sum found; the two may
/// cancel. -inf for a row of nothing but -inf, or of nothing at all; +inf for a row with +inf; NaN for a row
/// with a NaN.
void logsumexp(const float* z, std::int64_t rows, std::int64_t cols, float* y, float* tops = nullptr);
void logsumexp(const double* z, std::int64_t rows, std::int64_t cols, double* y, double* tops = nullptr);

}  // namespace chainrule::kernels
