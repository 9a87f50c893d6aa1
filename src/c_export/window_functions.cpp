// Convolution and pooling in C: each result of a convolution is one chain over channels and places of the
// window, as in the library's kernels but Winograd's.
#include "c_export/functions.h"

namespace chainrule::c_export {
namespace {

constexpr CFunction kFunctions[] = {
    {"window", {}, R"(
/* How a window moves over images of depth, height and width; channels and outputs are those of one group. */
typedef struct {
  long groups, channels, outputs;
  long in[3], out[3], kernel[3], stride[3], dilation[3], low[3];
} $_window;
)"},
    {"conv_row", {"window"}, R"(
/* A row of one output's results: x is where the window of the first begins. */
static void $_conv_row(const $_window *s, const float *x, const float *w, float *y)
{
  const long width = s->out[2], step = s->stride[2];
  long c, i, j, k, l;
  for (l = 0; l < width; ++l) y[l] = 0.0f;
  for (c = 0; c < s->channels; ++c) {
    for (i = 0; i < s->kernel[0]; ++i) {
      for (j = 0; j < s->kernel[1]; ++j) {
        const float *from = x + ((c * s->in[0] + i * s->dilation[0]) * s->in[1] + j * s->dilation[1]) * s->in[2];
        for (k = 0; k < s->kernel[2]; ++k, ++w, from += s->dilation[2]) {
          for (l = 0; l < width; ++l) y[l] = MADD(*w, from[l * step], y[l]);
        }
      }
    }
  }
}
)"},
    {"conv", {"window", "vectors", "conv_row"}, R"(
/* Where the window of the result at a place begins, in one channel. */
static long $_window_at(const $_window *s, long place)
{
  const long row = place / s->out[2], column = place % s->out[2];
  const long from = row / s->out[1] * s->stride[0] * s->in[1] + row % s->out[1] * s->stride[1];
  return from * s->in[2] + column * s->stride[2];
}

#if $$_VECTORS
/* Results of four outputs with weights w, two vectors of windows each, from each x on; or of three, three each.
   `at` is where they go. */
static inline __attribute__((always_inline)) void $_conv_sums(const $_window *s, const float *const *x,
                                                              const float *const *w, float *const *y,
                                                              const long *at, int is_four)
{
  const long step = s->dilation[2], row = s->dilation[1] * s->in[2], plane = s->in[1] * s->in[2];
  const float *wa = w[0], *wb = w[1], *wc = w[2], *wd = w[3];
  $_vector a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}, c0 = {0}, c1 = {0}; /* of three outputs, two vectors */
  $_vector a2 = {0}, b2 = {0}, c2 = {0}, d0 = {0}, d1 = {0};           /* and the third, or the fourth output */
  long c, i, j, k, shift, next;
  for (c = 0; c < s->channels; ++c) {
    for (i = 0; i < s->kernel[0]; ++i) {
      shift = (c * s->in[0] + i * s->dilation[0]) * plane;
      for (j = 0; j < s->kernel[1]; ++j, shift += row) {
        const float *x0 = x[0] + shift, *x1 = x[1] + shift, *x2 = x[2] + shift;
        for (k = 0, next = 0; k < s->kernel[2]; ++k, next += step) {
          $_vector v0 = $$_VECTOR_AT(x0 + next), v1 = $$_VECTOR_AT(x1 + next);
          $$_KEEP(v0);
          $$_KEEP(v1);
          $$_MADD_VECTOR(a0, wa[k], v0);
          $$_MADD_VECTOR(a1, wa[k], v1);
          $$_MADD_VECTOR(b0, wb[k], v0);
          $$_MADD_VECTOR(b1, wb[k], v1);
          $$_MADD_VECTOR(c0, wc[k], v0);
          $$_MADD_VECTOR(c1, wc[k], v1);
          if (is_four) {
            $$_MADD_VECTOR(d0, wd[k], v0);
            $$_MADD_VECTOR(d1, wd[k], v1);
          } else {
            $_vector v2 = $$_VECTOR_AT(x2 + next);
            $$_KEEP(v2);
            $$_MADD_VECTOR(a2, wa[k], v2);
            $$_MADD_VECTOR(b2, wb[k], v2);
            $$_MADD_VECTOR(c2, wc[k], v2);
          }
        }
        wa += k, wb += k, wc += k, wd += k;
      }
    }
  }
  $$_VECTOR_AT(y[0] + at[0]) = a0, $$_VECTOR_AT(y[0] + at[1]) = a1;
  $$_VECTOR_AT(y[1] + at[0]) = b0, $$_VECTOR_AT(y[1] + at[1]) = b1;
  $$_VECTOR_AT(y[2] + at[0]) = c0, $$_VECTOR_AT(y[2] + at[1]) = c1;
  if (is_four) {
    $$_VECTOR_AT(y[3] + at[0]) = d0, $$_VECTOR_AT(y[3] + at[1]) = d1;
  } else {
    $$_VECTOR_AT(y[0] + at[2]) = a2, $$_VECTOR_AT(y[1] + at[2]) = b2, $$_VECTOR_AT(y[2] + at[2]) = c2;
  }
}
static void $_conv_three(const $_window *s, const float *const *x, const float *const *w, float *const *y,
                         const long *at)
{
  $_conv_sums(s, x, w, y, at, 0);
}
static void $_conv_four(const $_window *s, const float *const *x, const float *const *w, float *const *y,
                        const long *at)
{
  $_conv_sums(s, x, w, y, at, 1);
}

/* The same for one vector of windows that lie anywhere: with strides, and in rows shorter than a vector. */
static void $_conv_gather(const $_window *s, const float *x, const float *const *w, float *const *y, long at)
{
  const float *wa = w[0], *wb = w[1], *wc = w[2], *wd = w[3];
  $_vector a = {0}, b = {0}, e = {0}, f = {0};
  long places[$$_LANES], c, i, j, k;
  for (i = 0; i < $$_LANES; ++i) places[i] = $_window_at(s, at + i);
  for (c = 0; c < s->channels; ++c) {
    for (i = 0; i < s->kernel[0]; ++i) {
      for (j = 0; j < s->kernel[1]; ++j) {
        const float *from = x + ((c * s->in[0] + i * s->dilation[0]) * s->in[1] + j * s->dilation[1]) * s->in[2];
        for (k = 0; k < s->kernel[2]; ++k, from += s->dilation[2]) {
          const $_vector numbers = $$_VECTOR_OF(from, places);
          $$_MADD_VECTOR(a, wa[k], numbers);
          $$_MADD_VECTOR(b, wb[k], numbers);
          $$_MADD_VECTOR(e, wc[k], numbers);
          $$_MADD_VECTOR(f, wd[k], numbers);
        }
        wa += k, wb += k, wc += k, wd += k;
      }
    }
  }
  $$_VECTOR_AT(y[0] + at) = a, $$_VECTOR_AT(y[1] + at) = b;
  $$_VECTOR_AT(y[2] + at) = e, $$_VECTOR_AT(y[3] + at) = f;
}

/* All results of three or four outputs. Where a vector would reach over an end it ends there: some numbers are
   computed a second time. */
static void $_conv_outputs(const $_window *s, const float *x, const float *const *w, float *const *y, int outputs)
{
  const long width = s->out[2], rows = s->out[0] * s->out[1];
  const int most = outputs == 4 ? 2 : 3; /* vectors at a time */
  const float *from[3];
  long row, i, at[3], depth = 0, height = 0;
  int count = 0;
  if (s->stride[2] != 1 || width < $$_LANES) {
    const long last = rows * width - $$_LANES;
    for (i = 0; i < last + $$_LANES; i += $$_LANES) $_conv_gather(s, x, w, y, i < last ? i : last);
    return;
  }
  for (row = 0; row < rows; ++row) {
    const float *of_row = x + (depth * s->stride[0] * s->in[1] + height * s->stride[1]) * s->in[2];
    if (++height == s->out[1]) height = 0, ++depth;
    for (i = 0; i < width; i += $$_LANES) {
      const long column = i + $$_LANES > width ? width - $$_LANES : i;
      const int is_last = row + 1 == rows && i + $$_LANES >= width;
      from[count] = of_row + column, at[count] = row * width + column;
      if (++count < most && !is_last) continue;
      for (; count < 3; ++count) from[count] = from[count - 1], at[count] = at[count - 1];
      (most == 2 ? $_conv_four : $_conv_three)(s, from, w, y, at);
      count = 0;
    }
  }
}
#endif

/* Convolution of an image that has its padding. */
static void $_conv(const $_window *s, const float *x, const float *w, float *y)
{
  const long taps = s->channels * s->kernel[0] * s->kernel[1] * s->kernel[2];
  const long width = s->out[2], area = s->out[0] * s->out[1] * width;
  long g, o, i;
  for (g = 0; g < s->groups; ++g) {
#if $$_VECTORS
    for (o = 0; area >= $$_LANES && o < s->outputs;) {
      const int count = (s->outputs - o) % 4 == 0 ? 4 : 3;
      const float *weights[4];
      float *to[4];
      for (i = 0; i < 4; ++i) { /* where there are fewer, the last one again */
        const long of = i < count ? o + i : o + count - 1, output = of < s->outputs ? of : s->outputs - 1;
        weights[i] = w + output * taps, to[i] = y + output * area;
      }
      $_conv_outputs(s, x, weights, to, count);
      o += count;
    }
    if (area < $$_LANES)
#endif
    for (o = 0; o < s->outputs; ++o) {
      for (i = 0; i < area; i += width) $_conv_row(s, x + $_window_at(s, i), w + o * taps, y + o * area + i);
    }
    x += s->channels * s->in[0] * s->in[1] * s->in[2];
    w += s->outputs * taps;
    y += s->outputs * area;
  }
}
)"},
    {"conv_int8", {"window"}, R"(
/* Convolution of an image that has its padding, with weights in whole numbers; each output has its scale. */
static void $_conv_int8(const $_window *s, const float *x, const signed char *w, const float *scales, float *y)
{
  const long width = s->out[2], step = s->stride[2];
  long g, o, d, h, l, c, i, j, k;
  for (g = 0; g < s->groups; ++g, x += s->channels * s->in[0] * s->in[1] * s->in[2]) {
    for (o = 0; o < s->outputs; ++o, ++scales) {
      const signed char *next = w;
      for (d = 0; d < s->out[0]; ++d) {
        for (h = 0; h < s->out[1]; ++h, y += width) {
          for (l = 0, next = w; l < width; ++l) y[l] = 0.0f;
          for (c = 0; c < s->channels; ++c) {
            for (i = 0; i < s->kernel[0]; ++i) {
              for (j = 0; j < s->kernel[1]; ++j) {
                const long row = (c * s->in[0] + d * s->stride[0] + i * s->dilation[0]) * s->in[1] +
                                 h * s->stride[1] + j * s->dilation[1];
                const float *from = x + row * s->in[2];
                for (k = 0; k < s->kernel[2]; ++k, from += s->dilation[2]) {
                  const float weight = (float)*next++;
                  for (l = 0; l < width; ++l) y[l] = MADD(weight, from[l * step], y[l]);
                }
              }
            }
          }
          for (l = 0; l < width; ++l) y[l] *= *scales;
        }
      }
      w = next;
    }
  }
}
)"},
    {"conv_input", {"window"}, R"(
/* The transpose of a convolution: spreads x (outputs, out...) over y (channels, in...), which begins as zeros. */
static void $_conv_input(const $_window *s, const float *x, const float *w, float *y)
{
  const long taps = s->kernel[0] * s->kernel[1] * s->kernel[2], image = s->in[0] * s->in[1] * s->in[2];
  long g, o, d, h, l, c, i, j, k;
  for (i = 0; i < s->groups * s->channels * image; ++i) y[i] = 0.0f;
  for (g = 0; g < s->groups; ++g, y += s->channels * image) {
    for (o = 0; o < s->outputs; ++o, w += s->channels * taps) {
      for (d = 0; d < s->out[0]; ++d) {
        for (h = 0; h < s->out[1]; ++h) {
          for (l = 0; l < s->out[2]; ++l) {
            const float value = *x++;
            const float *weight = w;
            for (c = 0; c < s->channels; ++c) {
              for (i = 0; i < s->kernel[0]; ++i) {
                const long at_d = d * s->stride[0] - s->low[0] + i * s->dilation[0];
                for (j = 0; j < s->kernel[1]; ++j) {
                  const long at_h = h * s->stride[1] - s->low[1] + j * s->dilation[1];
                  for (k = 0; k < s->kernel[2]; ++k, ++weight) {
                    const long at_l = l * s->stride[2] - s->low[2] + k * s->dilation[2];
                    if (at_d >= 0 && at_d < s->in[0] && at_h >= 0 && at_h < s->in[1] && at_l >= 0 &&
                        at_l < s->in[2]) {
                      float *to = y + ((c * s->in[0] + at_d) * s->in[1] + at_h) * s->in[2] + at_l;
                      *to = MADD(value, *weight, *to);
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
)"},
    {"max_pool", {"window"}, R"(
/* The largest number of each window that is in the image; NaN if there is one. */
static void $_max_pool(const $_window *s, const float *x, float *y)
{
  const long width = s->out[2];
  long c, d, h, l, i, j, k;
  for (c = 0; c < s->channels; ++c, x += s->in[0] * s->in[1] * s->in[2]) {
    for (d = 0; d < s->out[0]; ++d) {
      for (h = 0; h < s->out[1]; ++h, y += width) {
        for (l = 0; l < width; ++l) y[l] = -INFINITY;
        for (i = 0; i < s->kernel[0]; ++i) {
          const long at_d = d * s->stride[0] - s->low[0] + i * s->dilation[0];
          if (at_d < 0 || at_d >= s->in[0]) continue;
          for (j = 0; j < s->kernel[1]; ++j) {
            const long at_h = h * s->stride[1] - s->low[1] + j * s->dilation[1];
            const float *row = x + (at_d * s->in[1] + at_h) * s->in[2];
            if (at_h < 0 || at_h >= s->in[1]) continue;
            for (k = 0; k < s->kernel[2]; ++k) {
              long at = k * s->dilation[2] - s->low[2];
              for (l = 0; l < width; ++l, at += s->stride[2]) {
                if (at >= 0 && at < s->in[2]) y[l] = row[at] > y[l] || row[at] != row[at] ? row[at] : y[l];
              }
            }
          }
        }
      }
    }
  }
}
)"},
};

}  // namespace

std::span<const CFunction> window_functions() { return kFunctions; }

}  // namespace chainrule::c_export
