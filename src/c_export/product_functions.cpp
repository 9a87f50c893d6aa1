// Matrix products and recurrent layers in C. An element of a product is one chain of fused multiply-adds of
// up to 4096 links; the sums of longer ones are added in pairs (docs/design/gemm.md).
#include "c_export/functions.h"

namespace chainrule::c_export {
namespace {

constexpr CFunction kFunctions[] = {
    {"dot", {}, R"(
/* sum of a[p * as] b[p * bs]: one chain for 4096 products, and the sums of chains in pairs. */
static float $_dot(const float *a, long as, const float *b, long bs, long k)
{
  float levels[32], sum = 0.0f;
  long chains = 0, level, p, end;
  for (p = 0; p < k; p = end) {
    end = p + 4096 < k ? p + 4096 : k;
    sum = 0.0f;
    for (; p < end; ++p) sum = MADD(a[p * as], b[p * bs], sum);
    if (k <= 4096) return sum;
    for (level = 0; chains >> level & 1; ++level) sum = levels[level] + sum;
    levels[level] = sum;
    ++chains;
  }
  for (level = 0; chains >> level && !(chains >> level & 1); ++level) {
  }
  if (chains) sum = levels[level];
  for (++level; chains >> level; ++level) {
    if (chains >> level & 1) sum = levels[level] + sum;
  }
  return sum;
}
)"},
    {"vectors", {}, R"(
#if defined(__GNUC__) && (defined(__SSE2__) || !defined(__i386__))
#define $$_VECTORS 1 /* GCC and Clang: some numbers at a time */
#else
#define $$_VECTORS 0
#endif
#if $$_VECTORS
#ifdef __AVX__
#define $$_LANES 8
#define $$_VECTOR_OF(x, at) \
  (($_vector){(x)[(at)[0]], (x)[(at)[1]], (x)[(at)[2]], (x)[(at)[3]], (x)[(at)[4]], (x)[(at)[5]], (x)[(at)[6]], (x)[(at)[7]]})
#else
#define $$_LANES 4
#define $$_VECTOR_OF(x, at) (($_vector){(x)[(at)[0]], (x)[(at)[1]], (x)[(at)[2]], (x)[(at)[3]]})
#endif
typedef float $_vector __attribute__((vector_size(4 * $$_LANES)));
typedef float $_vector_in_memory __attribute__((vector_size(4 * $$_LANES), aligned(4), may_alias));
#define $$_VECTOR_AT(x) (*($_vector_in_memory *)(x))
#if $$_LANES == 8 && defined(__FMA__)
#define $$_KEEP(v) __asm__("" : "+x"(v)) /* in a register: GCC would read it again for each sum */
#define $$_MADD_VECTOR(sum, w, x) sum = __builtin_ia32_vfmaddps256(x, ($_vector){w, w, w, w, w, w, w, w}, sum)
#else
#define $$_KEEP(v)
#if $$_FUSED
#define $$_MADD_VECTOR(sum, w, x)                                                      \
  do {                                                                               \
    int lane_;                                                                       \
    for (lane_ = 0; lane_ < $$_LANES; ++lane_) (sum)[lane_] = fmaf(w, (x)[lane_], (sum)[lane_]); \
  } while (0)
#else
#define $$_MADD_VECTOR(sum, w, x) sum += (w) * (x)
#endif
#endif
#endif
)"},
    {"matmul", {"dot", "vectors"}, R"(
#if $$_VECTORS
/* y = a b of one row a, whose numbers are `ap` apart: four rows of b at a time are added to all of y. */
static void $_matmul_row(const float *a, long ap, const float *b, long bp, long n, long k, float *y)
{
  const long whole = n - n % $$_LANES;
  long j, p;
  for (j = 0; j < n; ++j) y[j] = 0.0f;
  for (p = 0; p + 4 <= k; p += 4, a += 4 * ap, b += 4 * bp) {
    const float a0 = a[0], a1 = a[ap], a2 = a[2 * ap], a3 = a[3 * ap];
    const float *b1 = b + bp, *b2 = b1 + bp, *b3 = b2 + bp;
    for (j = 0; j < whole; j += $$_LANES) {
      $_vector sum = $$_VECTOR_AT(y + j);
      $$_MADD_VECTOR(sum, a0, $$_VECTOR_AT(b + j));
      $$_MADD_VECTOR(sum, a1, $$_VECTOR_AT(b1 + j));
      $$_MADD_VECTOR(sum, a2, $$_VECTOR_AT(b2 + j));
      $$_MADD_VECTOR(sum, a3, $$_VECTOR_AT(b3 + j));
      $$_VECTOR_AT(y + j) = sum;
    }
    for (j = whole; j < n; ++j) y[j] = MADD(a3, b3[j], MADD(a2, b2[j], MADD(a1, b1[j], MADD(a0, b[j], y[j]))));
  }
  for (; p < k; ++p, a += ap, b += bp) {
    for (j = 0; j < n; ++j) y[j] = MADD(*a, b[j], y[j]);
  }
}

/* The same of four rows, the last ones of which may be the same, and one vector of columns. */
static void $_matmul_tile(const float *const *a, long ap, const float *b, long bp, long k, float *const *y)
{
  const float *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3];
  $_vector s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  long p;
  for (p = 0; p < k * ap; p += ap, b += bp) {
    const $_vector row = $$_VECTOR_AT(b);
    $$_MADD_VECTOR(s0, a0[p], row);
    $$_MADD_VECTOR(s1, a1[p], row);
    $$_MADD_VECTOR(s2, a2[p], row);
    $$_MADD_VECTOR(s3, a3[p], row);
  }
  $$_VECTOR_AT(y[0]) = s0, $$_VECTOR_AT(y[1]) = s1, $$_VECTOR_AT(y[2]) = s2, $$_VECTOR_AT(y[3]) = s3;
}
#endif

/* y = a b of (m, k) and (k, n). Element (i, p) of a is a[i * ai + p * ap], (p, j) of b is b[p * bp + j * bj]. */
static void $_matmul(const float *a, long ai, long ap, const float *b, long bp, long bj, long m, long n, long k,
                     float *y)
{
  long i, j;
#if $$_VECTORS
  if (bj == 1 && k <= 4096 && m == 1) {
    $_matmul_row(a, ap, b, bp, n, k, y);
    return;
  }
  if (bj == 1 && k <= 4096 && n >= $$_LANES) {
    for (i = 0; i < m; i += 4) {
      for (j = 0; j < n; j += $$_LANES) {
        const long first = j + $$_LANES > n ? n - $$_LANES : j; /* the last ones a second time */
        const float *from[4];
        float *to[4];
        long t;
        for (t = 0; t < 4; ++t) {
          const long row = i + t < m ? i + t : m - 1;
          from[t] = a + row * ai, to[t] = y + row * n + first;
        }
        $_matmul_tile(from, ap, b + first, bp, k, to);
      }
    }
    return;
  }
#endif
  for (i = 0; i < m; ++i, a += ai) {
    for (j = 0; j < n; ++j) *y++ = $_dot(a, ap, b + j * bj, bp, k);
  }
}
)"},
    {"matmul_int8", {}, R"(
/* The same with b's rows side by side, in whole numbers; each column has its scale. */
static void $_matmul_int8(const float *a, long ai, long ap, const signed char *b, const float *scales, long m,
                          long n, long k, float *y)
{
  long i, j, p;
  for (i = 0; i < m; ++i, a += ai, y += n) {
    for (j = 0; j < n; ++j) y[j] = 0.0f;
    for (p = 0; p < k; ++p) {
      const float x = a[p * ap];
      for (j = 0; j < n; ++j) y[j] = MADD(x, (float)b[p * n + j], y[j]);
    }
    for (j = 0; j < n; ++j) y[j] *= scales[j];
  }
}
)"},
    {"rnn", {"matmul", "tanh"}, R"(
/* A recurrent layer: x (steps, rows, h) is the input's part of the sums, w (h, h) and bias are of the state. */
static void $_rnn(const float *x, const float *start, const float *w, const float *bias, long steps, long rows,
                  long h, float *u, float *y)
{
  long t, i, j;
  for (t = 0; t < steps; ++t, x += rows * h, start = y, y += rows * h) {
    $_matmul(start, h, 1, w, h, 1, rows, h, h, u);
    for (i = 0; i < rows; ++i) {
      for (j = 0; j < h; ++j) y[i * h + j] = $_tanh(x[i * h + j] + (u[i * h + j] + bias[j]));
    }
  }
}
)"},
    {"rnn_relu", {"matmul"}, R"(
/* A recurrent layer with relu: x (steps, rows, h) is the input's part of the sums. */
static void $_rnn_relu(const float *x, const float *start, const float *w, const float *bias, long steps,
                       long rows, long h, float *u, float *y)
{
  long t, i, j;
  for (t = 0; t < steps; ++t, x += rows * h, start = y, y += rows * h) {
    $_matmul(start, h, 1, w, h, 1, rows, h, h, u);
    for (i = 0; i < rows; ++i) {
      for (j = 0; j < h; ++j) {
        const float sum = x[i * h + j] + (u[i * h + j] + bias[j]);
        y[i * h + j] = sum <= 0.0f ? 0.0f : sum;
      }
    }
  }
}
)"},
    {"lstm", {"matmul", "tanh", "sigmoid"}, R"(
/* An LSTM: x (steps, rows, 4 h) is the input's part of the gates i, f, g, o; states are (rows, h and c). */
static void $_lstm(const float *x, const float *start, const float *w, const float *bias, long steps, long rows,
                   long h, float *u, float *y)
{
  long t, i, j;
  for (t = 0; t < steps; ++t, start = y, y += rows * 2 * h) {
    $_matmul(start, 2 * h, 1, w, 4 * h, 1, rows, 4 * h, h, u);
    for (i = 0; i < rows; ++i, x += 4 * h) {
      const float *sums = u + i * 4 * h, *before = start + i * 2 * h;
      float *after = y + i * 2 * h;
      for (j = 0; j < h; ++j) {
        const float in = $_sigmoid(x[j] + (sums[j] + bias[j]));
        const float forget = $_sigmoid(x[h + j] + (sums[h + j] + bias[h + j]));
        const float g = $_tanh(x[2 * h + j] + (sums[2 * h + j] + bias[2 * h + j]));
        const float out = $_sigmoid(x[3 * h + j] + (sums[3 * h + j] + bias[3 * h + j]));
        after[h + j] = forget * before[h + j] + in * g;
        after[j] = $_tanh(after[h + j]) * out;
      }
    }
  }
}
)"},
    {"gru", {"matmul", "tanh", "sigmoid"}, R"(
/* A GRU: x (steps, rows, 3 h) is the input's part of the gates r, z, n. */
static void $_gru(const float *x, const float *start, const float *w, const float *bias, long steps, long rows,
                  long h, float *u, float *y)
{
  long t, i, j;
  for (t = 0; t < steps; ++t, start = y, y += rows * h) {
    $_matmul(start, h, 1, w, 3 * h, 1, rows, 3 * h, h, u);
    for (i = 0; i < rows; ++i, x += 3 * h) {
      const float *sums = u + i * 3 * h, *before = start + i * h;
      for (j = 0; j < h; ++j) {
        const float r = $_sigmoid(x[j] + (sums[j] + bias[j]));
        const float z = $_sigmoid(x[h + j] + (sums[h + j] + bias[h + j]));
        const float n = $_tanh(x[2 * h + j] + r * (sums[2 * h + j] + bias[2 * h + j]));
        y[i * h + j] = (1.0f - z) * n + z * before[j];
      }
    }
  }
}
)"},
};

}  // namespace

std::span<const CFunction> product_functions() { return kFunctions; }

}  // namespace chainrule::c_export
