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
    {"conv", {"window"}, R"(
#if defined(__GNUC__) && (defined(__SSE2__) || !defined(__i386__))
#define $$_VECTORS 1 /* GCC and Clang: four numbers at a time */
#else
#define $$_VECTORS 0
#endif
#if $$_VECTORS
typedef float $_four __attribute__((vector_size(16)));
typedef float $_any_four __attribute__((vector_size(16), aligned(4), may_alias)); /* in memory */
#if defined(__FMA__)
#define $$_MADD_FOUR(sum, w, x) sum = __builtin_ia32_vfmaddps(x, ($_four){w, w, w, w}, sum)
#elif $$_FUSED
#define $$_MADD_FOUR(sum, w, x)                                  \
  do {                                                         \
    (sum)[0] = fmaf(w, (x)[0], (sum)[0]);                      \
    (sum)[1] = fmaf(w, (x)[1], (sum)[1]);                      \
    (sum)[2] = fmaf(w, (x)[2], (sum)[2]);                      \
    (sum)[3] = fmaf(w, (x)[3], (sum)[3]);                      \
  } while (0)
#else
#define $$_MADD_FOUR(sum, w, x) sum += (w) * (x)
#endif

/* Eight results in a row of four outputs, for stride 1. */
static void $_conv_tile(const $_window *s, const float *x, const float *w, float *y)
{
  const long taps = s->channels * s->kernel[0] * s->kernel[1] * s->kernel[2];
  const long area = s->out[0] * s->out[1] * s->out[2], step = s->dilation[2];
  const float *w0 = w, *w1 = w + taps, *w2 = w + 2 * taps, *w3 = w + 3 * taps;
  $_four a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}, c0 = {0}, c1 = {0}, d0 = {0}, d1 = {0};
  long c, i, j, k;
  for (c = 0; c < s->channels; ++c) {
    for (i = 0; i < s->kernel[0]; ++i) {
      for (j = 0; j < s->kernel[1]; ++j) {
        const float *from = x + ((c * s->in[0] + i * s->dilation[0]) * s->in[1] + j * s->dilation[1]) * s->in[2];
        for (k = 0; k < s->kernel[2]; ++k, from += step) {
          const $_four left = *(const $_any_four *)from, right = *(const $_any_four *)(from + 4);
          $$_MADD_FOUR(a0, *w0, left);
          $$_MADD_FOUR(a1, *w0, right);
          $$_MADD_FOUR(b0, *w1, left);
          $$_MADD_FOUR(b1, *w1, right);
          $$_MADD_FOUR(c0, *w2, left);
          $$_MADD_FOUR(c1, *w2, right);
          $$_MADD_FOUR(d0, *w3, left);
          $$_MADD_FOUR(d1, *w3, right);
          ++w0, ++w1, ++w2, ++w3;
        }
      }
    }
  }
  *($_any_four *)y = a0, *($_any_four *)(y + 4) = a1, y += area;
  *($_any_four *)y = b0, *($_any_four *)(y + 4) = b1, y += area;
  *($_any_four *)y = c0, *($_any_four *)(y + 4) = c1, y += area;
  *($_any_four *)y = d0, *($_any_four *)(y + 4) = d1;
}
#endif

/* One result: x is where its window begins. */
static float $_conv_at(const $_window *s, const float *x, const float *w)
{
  float sum = 0.0f;
  long c, i, j, k;
  for (c = 0; c < s->channels; ++c) {
    for (i = 0; i < s->kernel[0]; ++i) {
      for (j = 0; j < s->kernel[1]; ++j) {
        const float *from = x + ((c * s->in[0] + i * s->dilation[0]) * s->in[1] + j * s->dilation[1]) * s->in[2];
        for (k = 0; k < s->kernel[2]; ++k) sum = MADD(*w++, from[k * s->dilation[2]], sum);
      }
    }
  }
  return sum;
}

/* Convolution of an image that has its padding. */
static void $_conv(const $_window *s, const float *x, const float *w, float *y)
{
  const long taps = s->channels * s->kernel[0] * s->kernel[1] * s->kernel[2], width = s->out[2];
  const long area = s->out[0] * s->out[1] * width;
  long g, o, d, h, i;
#if $$_VECTORS
  const int by_tiles = s->outputs >= 4 && width >= 8 && s->stride[2] == 1;
#endif
  for (g = 0; g < s->groups; ++g) {
    for (d = 0; d < s->out[0]; ++d) {
      for (h = 0; h < s->out[1]; ++h) {
        const float *from = x + (d * s->stride[0] * s->in[1] + h * s->stride[1]) * s->in[2];
        float *to = y + (d * s->out[1] + h) * width;
#if $$_VECTORS
        for (o = 0; by_tiles && o < s->outputs; o += 4) {
          if (o > s->outputs - 4) o = s->outputs - 4; /* the last ones a second time */
          for (i = 0; i < width; i += 8) {
            if (i > width - 8) i = width - 8;
            $_conv_tile(s, from + i, w + o * taps, to + o * area + i);
          }
        }
        if (by_tiles) continue;
#endif
        for (o = 0; o < s->outputs; ++o) {
          for (i = 0; i < width; ++i) to[o * area + i] = $_conv_at(s, from + i * s->stride[2], w + o * taps);
        }
      }
    }
    x += s->channels * s->in[0] * s->in[1] * s->in[2];
    w += s->outputs * taps;
    y += s->outputs * area;
  }
}
)"},
    {"conv_int8", {"window"}, R"(
/* Convolution of an image that has its padding, with weights in whole numbers; each output has its scale. */
static void $_conv_int8(const $_window *s, const float *x, const signed char *weights, const float *scales,
                        float *y)
{
  const long taps = s->channels * s->kernel[0] * s->kernel[1] * s->kernel[2];
  long g, o, d, h, l, c, i, j, k;
  for (g = 0; g < s->groups; ++g, x += s->channels * s->in[0] * s->in[1] * s->in[2]) {
    for (o = 0; o < s->outputs; ++o, weights += taps, ++scales) {
      for (d = 0; d < s->out[0]; ++d) {
        for (h = 0; h < s->out[1]; ++h) {
          for (l = 0; l < s->out[2]; ++l) {
            const signed char *w = weights;
            float sum = 0.0f;
            for (c = 0; c < s->channels; ++c) {
              for (i = 0; i < s->kernel[0]; ++i) {
                for (j = 0; j < s->kernel[1]; ++j) {
                  const long row = (c * s->in[0] + d * s->stride[0] + i * s->dilation[0]) * s->in[1] +
                                   h * s->stride[1] + j * s->dilation[1];
                  const float *from = x + row * s->in[2] + l * s->stride[2];
                  for (k = 0; k < s->kernel[2]; ++k) sum = MADD((float)*w++, from[k * s->dilation[2]], sum);
                }
              }
            }
            *y++ = sum * *scales;
          }
        }
      }
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
  long c, d, h, l, i, j, k;
  for (c = 0; c < s->channels; ++c, x += s->in[0] * s->in[1] * s->in[2]) {
    for (d = 0; d < s->out[0]; ++d) {
      for (h = 0; h < s->out[1]; ++h) {
        for (l = 0; l < s->out[2]; ++l) {
          float best = -INFINITY;
          for (i = 0; i < s->kernel[0]; ++i) {
            const long at_d = d * s->stride[0] - s->low[0] + i * s->dilation[0];
            if (at_d < 0 || at_d >= s->in[0]) continue;
            for (j = 0; j < s->kernel[1]; ++j) {
              const long at_h = h * s->stride[1] - s->low[1] + j * s->dilation[1];
              if (at_h < 0 || at_h >= s->in[1]) continue;
              for (k = 0; k < s->kernel[2]; ++k) {
                const long at_l = l * s->stride[2] - s->low[2] + k * s->dilation[2];
                if (at_l >= 0 && at_l < s->in[2]) {
                  const float next = x[(at_d * s->in[1] + at_h) * s->in[2] + at_l];
                  if (next > best || next != next) best = next;
                }
              }
            }
          }
          *y++ = best;
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
