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
    {"matmul", {"dot"}, R"(
/* y = a b of (m, k) and (k, n). Element (i, p) of a is a[i * ai + p * ap], (p, j) of b is b[p * bp + j * bj]. */
static void $_matmul(const float *a, long ai, long ap, const float *b, long bp, long bj, long m, long n, long k,
                     float *y)
{
  long i, j, p, t;
  for (i = 0; i < m; ++i, a += ai, y += n) {
    j = 0;
    if (bj == 1 && k <= 4096) {
      for (; n >= 16 && j < n; j += 16) {
        float sum[16];
        if (j > n - 16) j = n - 16; /* the last ones a second time */
        for (t = 0; t < 16; ++t) sum[t] = 0.0f;
        for (p = 0; p < k; ++p) {
          const float *row = b + p * bp + j, x = a[p * ap];
          for (t = 0; t < 16; ++t) sum[t] = MADD(x, row[t], sum[t]);
        }
        for (t = 0; t < 16; ++t) y[j + t] = sum[t];
      }
    }
    for (; j < n; ++j) y[j] = $_dot(a, ap, b + j * bj, bp, k);
  }
}
)"},
    {"matmul_int8", {}, R"(
/* The same with b's rows side by side, in whole numbers; each column has its scale. */
static void $_matmul_int8(const float *a, long ai, long ap, const signed char *b, const float *scales, long m,
                          long n, long k, float *y)
{
  long i, j, p;
  float sum;
  for (i = 0; i < m; ++i, a += ai, y += n) {
    for (j = 0; j < n; ++j) {
      sum = 0.0f;
      for (p = 0; p < k; ++p) sum = MADD(a[p * ap], (float)b[p * n + j], sum);
      y[j] = sum * scales[j];
    }
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
