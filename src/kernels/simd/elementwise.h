#pragma once

#include <cstdint>

namespace chainrule::kernels {

// Elementwise kernels over contiguous runs. Each result depends on its own inputs alone, so that splitting a
// run over threads never changes a bit. Results are the same bits on every vector width that has a fused
// multiply-add (AVX2 = AVX-512); what needs no polynomial (neg, sqrt, the four operations, comparisons,
// select, gather_rows) is the same everywhere. A NaN gives a NaN, whose payload is not promised. Nothing is
// read or written past a run's end, pointers need no more than their type's alignment, and n = 0 does
// nothing. Long runs are split over the thread pool.

/// Functions of one argument, with the largest error found, in units in the last place of the exact result:
/// f32 against double over every 127th bit pattern (34 million arguments), f64 against long double over 10
/// million random arguments of every magnitude. AVX2 and AVX-512; the bounds that the tests assert are a
/// little wider.
enum class Unary : std::uint8_t {
  neg,      ///< -x, exact; flips the sign of zeros.
  exp,      ///< e^x; f32 0.99 ULP, f64 0.99 ULP. Infinite above the range, denormals and 0 below it.
  log,      ///< ln x; f32 0.81 ULP, f64 0.89 ULP. -inf at 0 and -0, NaN below 0, denormals included.
  sqrt,     ///< Correctly rounded; NaN below 0, -0 at -0.
  tanh,     ///< f32 2.48 ULP, f64 2.66 ULP. Odd, -0 at -0, 1 from the place where it rounds to 1.
  sigmoid,  ///< 1 / (1 + e^-x); f32 2.26 ULP, f64 2.26 ULP, at both tails as well: no overflow, denormals
            ///< kept.
  abs,      ///< |x|, exact.
  sign,     ///< -1, 0 (for both zeros) or 1; exact.
  floor,    ///< Down to a whole number; exact, keeps the sign of zeros, as do ceil and round.
  ceil,     ///< Up to a whole number; exact.
  round,    ///< To the nearest whole number, halves to the even one; exact.
  expm1,    ///< e^x - 1; f32 1.41 ULP, f64 1.86 ULP. -1 below the range, infinite above it.
  log1p,    ///< ln(1 + x); f32 0.83 ULP, f64 0.87 ULP. -inf at -1, NaN below.
  sin,      ///< f32 0.82 ULP, f64 0.86 ULP, at any distance from zero; NaN for infinities.
  cos,      ///< As sin; f32 0.80 ULP, f64 0.91 ULP.
  erf,      ///< f32 1.05 ULP, f64 1.10 ULP. Odd, 1 from the place where it rounds to 1.
};
inline constexpr int kUnaryCount = static_cast<int>(Unary::erf) + 1;

/// y[i] = op(x[i]) for i in [0, n). y may be x.
void unary(Unary op, const float* x, float* y, std::int64_t n);
void unary(Unary op, const double* x, double* y, std::int64_t n);

/// The four operations, each correctly rounded as IEEE 754 has it; the larger and the smaller of two, which
/// is NaN where either is; and (a b) (1 - b), each step rounded.
enum class Binary : std::uint8_t { add, sub, mul, div, maximum, minimum, sigmoid_grad };
inline constexpr int kBinaryCount = static_cast<int>(Binary::sigmoid_grad) + 1;

/// One contiguous run of a broadcast operation: y[i] = a[a_is_scalar ? 0 : i] op b[b_is_scalar ? 0 : i].
///
/// y may be a or b where that one is not a scalar.
void binary(Binary op, const float* a, bool a_is_scalar, const float* b, bool b_is_scalar, float* y,
            std::int64_t n);
void binary(Binary op, const double* a, bool a_is_scalar, const double* b, bool b_is_scalar, double* y,
            std::int64_t n);

/// Comparisons as IEEE 754 has them: with a NaN all are false but not_equal; -0 equals 0.
enum class Compare : std::uint8_t { less, less_equal, equal, not_equal };
inline constexpr int kCompareCount = static_cast<int>(Compare::not_equal) + 1;

/// y[i] = a[a_is_scalar ? 0 : i] op b[b_is_scalar ? 0 : i], as bytes 0 or 1.
void compare(Compare op, const float* a, bool a_is_scalar, const float* b, bool b_is_scalar, bool* y,
             std::int64_t n);
void compare(Compare op, const double* a, bool a_is_scalar, const double* b, bool b_is_scalar, bool* y,
             std::int64_t n);

/// y[i] = condition[i] ? a[a_is_scalar ? 0 : i] : b[b_is_scalar ? 0 : i]; the bits are copied, NaNs included.
///
/// y may be a or b where that one is not a scalar.
void select(const bool* condition, const float* a, bool a_is_scalar, const float* b, bool b_is_scalar,
            float* y, std::int64_t n);
void select(const bool* condition, const double* a, bool a_is_scalar, const double* b, bool b_is_scalar,
            double* y, std::int64_t n);

/// What optimizers do to an array with another and a number, each operation rounded: a - s b, a - s (a - b),
/// a - s (a - b b) and a / (sqrt(b) + s).
enum class Update : std::uint8_t { descend, approach, approach_square, over_root };
inline constexpr int kUpdateCount = static_cast<int>(Update::over_root) + 1;

/// As binary, with a number. y may be a or b as there.
void update(Update op, const float* a, bool a_is_scalar, float s, const float* b, bool b_is_scalar, float* y,
            std::int64_t n);
void update(Update op, const double* a, bool a_is_scalar, double s, const double* b, bool b_is_scalar,
            double* y, std::int64_t n);

/// Takes rows of bytes, converts and scales them in one pass: out[i][j] = images[rows[i] * width + j] *
/// scale.
///
/// One rounding per element (bytes convert exactly). Rows may repeat; that they exist is for the caller to
/// check.
/// @param images  row-major bytes, each row `width` long.
/// @param rows    `count` row numbers.
/// @param out     (count, width), row-major.
void gather_rows(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
                 float scale, float* out);
void gather_rows(const std::uint8_t* images, std::int64_t width, const std::int64_t* rows, std::int64_t count,
                 double scale, double* out);

}  // namespace chainrule::kernels
