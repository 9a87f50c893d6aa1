// Sums, softmax and the moving of numbers in C. Sums go in the order that src/kernels/simd/reduce.h defines.
#include "c_export/functions.h"

namespace chainrule::c_export {
namespace {

constexpr CFunction kFunctions[] = {
    {"sum_column", {}, R"(
/* The sum of numbers `stride` apart: blocks of 16, added in pairs, the pairs in pairs and so on. */
static float $_sum_column(const float *x, long count, long stride)
{
  float levels[32], sum = 0.0f;
  long blocks = 0, level, i, end;
  for (i = 0; i < count; i = end) {
    end = i + 16 < count ? i + 16 : count;
    sum = 0.0f;
    for (; i < end; ++i) sum += x[i * stride];
    for (level = 0; blocks >> level & 1; ++level) sum = levels[level] + sum;
    levels[level] = sum;
    ++blocks;
  }
  if (blocks == 0) return 0.0f;
  for (level = 0; !(blocks >> level & 1); ++level) {
  }
  sum = levels[level];
  for (++level; blocks >> level; ++level) {
    if (blocks >> level & 1) sum = levels[level] + sum;
  }
  return sum;
}
)"},
    {"sum_run", {"sum_column"}, R"(
/* The sum of numbers that lie side by side: 16 columns, added by halves. */
static float $_sum_run(const float *x, long count)
{
  float lanes[16];
  long i, half;
  for (i = 0; i < 16; ++i) lanes[i] = i < count ? $_sum_column(x + i, (count - i + 15) / 16, 16) : 0.0f;
  for (half = 8; half > 0; half /= 2) {
    for (i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}
)"},
    {"sum", {"sum_run"}, R"(
/* (outer, count, inner) to (outer, inner) */
static void $_sum(const float *x, long outer, long count, long inner, float *y)
{
  long o, i;
  for (o = 0; o < outer; ++o, x += count * inner, y += inner) {
    for (i = 0; i < inner; ++i) {
      y[i] = inner == 1 ? $_sum_run(x, count) : $_sum_column(x + i, count, inner);
    }
  }
}
)"},
    {"max", {}, R"(
/* (outer, count, inner) to (outer, inner); NaN where there is one. */
static void $_max(const float *x, long outer, long count, long inner, float *y)
{
  long o, i, j;
  for (o = 0; o < outer; ++o, x += count * inner, y += inner) {
    for (i = 0; i < inner; ++i) y[i] = x[i];
    for (j = 1; j < count; ++j) {
      for (i = 0; i < inner; ++i) {
        const float next = x[j * inner + i];
        if (next > y[i] || next != next) y[i] = next;
      }
    }
  }
}
)"},
    {"norm", {}, R"(
/* (outer, count, inner) to (outer, inner): the roots of sums of squares. */
static void $_norm(const float *x, long outer, long count, long inner, float *y)
{
  double sum;
  long o, i, j;
  for (o = 0; o < outer; ++o, x += count * inner) {
    for (i = 0; i < inner; ++i) {
      sum = 0.0;
      for (j = 0; j < count; ++j) sum += (double)x[j * inner + i] * (double)x[j * inner + i];
      *y++ = (float)sqrt(sum);
    }
  }
}
)"},
    {"argmax", {}, R"(
/* (outer, count, inner) to (outer, inner): the first place of the largest number. */
static void $_argmax(const float *x, long outer, long count, long inner, int32_t *y)
{
  long o, i, j, best;
  for (o = 0; o < outer; ++o, x += count * inner) {
    for (i = 0; i < inner; ++i) {
      best = 0;
      for (j = 1; j < count; ++j) {
        const float next = x[j * inner + i], top = x[best * inner + i];
        if (next > top || (next != next && top == top)) best = j;
      }
      *y++ = (int32_t)best;
    }
  }
}
)"},
    {"softmax", {"max", "sum_run", "exp"}, R"(
static void $_softmax(const float *z, long rows, long count, float *p)
{
  float max, scale;
  long i;
  for (; rows > 0; --rows, z += count, p += count) {
    $_max(z, 1, count, 1, &max);
    for (i = 0; i < count; ++i) p[i] = $_exp(z[i] - max);
    scale = 1.0f / $_sum_run(p, count);
    for (i = 0; i < count; ++i) p[i] *= scale;
  }
}
)"},
    {"logsumexp", {"max", "sum_run", "exp", "log"}, R"(
/* log(sum(exp(z))) of each row; `powers` holds one row. */
static void $_logsumexp(const float *z, long rows, long count, float *powers, float *y)
{
  float max;
  long i;
  for (; rows > 0; --rows, z += count, ++y) {
    $_max(z, 1, count, 1, &max);
    for (i = 0; i < count; ++i) powers[i] = $_exp(z[i] - max);
    *y = max > -INFINITY && max < INFINITY ? max + $_log($_sum_run(powers, count)) : max;
  }
}
)"},
    {"cross_entropy", {"max", "sum_run", "exp", "log"}, R"(
/* For each row of z the sum of t (logsumexp(z) - z), without its parts where t is 0. */
static void $_cross_entropy(const float *z, const float *t, long rows, long count, float *powers, float *y)
{
  float max, log_of_sum;
  double total;
  long i;
  for (; rows > 0; --rows, z += count, t += count, ++y) {
    $_max(z, 1, count, 1, &max);
    for (i = 0; i < count; ++i) powers[i] = $_exp(z[i] - max);
    log_of_sum = $_log($_sum_run(powers, count));
    total = 0.0;
    for (i = 0; i < count; ++i) {
      if (t[i] != 0.0f) total += (double)(t[i] * (log_of_sum + (max - z[i])));
    }
    *y = (float)total;
  }
}
)"},
    {"cross_entropy_grad", {"softmax"}, R"(
/* weights (sum(t) softmax(z) - t) */
static void $_cross_entropy_grad(const float *z, const float *t, const float *weights, long rows, long count,
                                 float *y)
{
  double total;
  float sum;
  long i;
  for (; rows > 0; --rows, z += count, t += count, y += count, ++weights) {
    $_softmax(z, 1, count, y);
    total = 0.0;
    for (i = 0; i < count; ++i) total += (double)t[i];
    sum = (float)total;
    for (i = 0; i < count; ++i) y[i] = *weights * (sum * y[i] - t[i]);
  }
}
)"},
    {"cumsum", {}, R"(
/* Sums along the middle of (outer, count, inner), up to each number, or before it if `exclusive`; backwards if
   `reverse`. */
static void $_cumsum(const float *x, long outer, long count, long inner, int reverse, int exclusive, float *y)
{
  double sum;
  long o, i, j;
  for (o = 0; o < outer; ++o, x += count * inner, y += count * inner) {
    for (i = 0; i < inner; ++i) {
      sum = 0.0;
      for (j = 0; j < count; ++j) {
        const long at = (reverse ? count - 1 - j : j) * inner + i;
        if (exclusive) y[at] = (float)sum;
        sum += (double)x[at];
        if (!exclusive) y[at] = (float)sum;
      }
    }
  }
}
)"},
    {"place", {}, R"(
/* A number of an element as its place: one below 0 counts from the end, one outside is the nearest inside. */
static long $_place(int32_t number, long count)
{
  const long place = number < 0 ? (long)number + count : (long)number;
  return place < 0 ? 0 : place < count ? place : count - 1;
}
)"},
    {"take", {"place"}, R"(
/* Elements of (outer, count, inner) by the numbers of `wanted` elements, the same for all. */
static void $_take(const float *x, long outer, long count, long inner, const int32_t *numbers, long wanted,
                   float *y)
{
  long o, i, j;
  for (o = 0; o < outer; ++o, x += count * inner) {
    for (j = 0; j < wanted; ++j) {
      const float *from = x + $_place(numbers[j], count) * inner;
      for (i = 0; i < inner; ++i) *y++ = from[i];
    }
  }
}
)"},
    {"take_int8", {"place"}, R"(
/* The same of a table of rows in whole numbers, each row with its scale. */
static void $_take_int8(const signed char *x, const float *scales, long count, long inner,
                        const int32_t *numbers, long wanted, float *y)
{
  long i, j;
  for (j = 0; j < wanted; ++j) {
    const long row = $_place(numbers[j], count);
    for (i = 0; i < inner; ++i) *y++ = (float)x[row * inner + i] * scales[row];
  }
}
)"},
    {"take_each", {"place"}, R"(
/* Elements of (outer, count, inner) by numbers of their own, (outer, wanted, inner). */
static void $_take_each(const float *x, long outer, long count, long inner, const int32_t *numbers, long wanted,
                        float *y)
{
  long o, i, j;
  for (o = 0; o < outer; ++o, x += count * inner) {
    for (j = 0; j < wanted; ++j) {
      for (i = 0; i < inner; ++i) *y++ = x[$_place(*numbers++, count) * inner + i];
    }
  }
}
)"},
};

}  // namespace

std::span<const CFunction> layer_functions() { return kFunctions; }

}  // namespace chainrule::c_export
