#include "kernels/simd/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/winograd.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

using D = Lanes<float>;
using V = hn::Vec<D>;
inline constexpr int kN = static_cast<int>(kLanes<float>);

// Calls body(row, first column, last column, number of the first tile) for each row of tiles.
template <class F>
HWY_INLINE void for_each_row(const TileRange& tiles, F body) {
  for (std::int64_t t = tiles.begin; t < tiles.end;) {
    const std::int64_t row = t / tiles.columns, column = t % tiles.columns;
    const std::int64_t count = std::min(tiles.columns - column, tiles.end - t);
    body(row, column, count, t - tiles.begin);
    t += count;
  }
}

// B' times a column.
HWY_INLINE void transform_column(const float* from, std::int64_t row_size, V (&to)[4]) {
  const D d;
  const V d0 = hn::LoadU(d, from), d1 = hn::LoadU(d, from + row_size);
  const V d2 = hn::LoadU(d, from + 2 * row_size), d3 = hn::LoadU(d, from + 3 * row_size);
  to[0] = hn::Sub(d0, d2);
  to[1] = hn::Add(d1, d2);
  to[2] = hn::Sub(d2, d1);
  to[3] = hn::Sub(d3, d1);
}

void image_points(const float* image, const ChannelsLast& shape, const TileRange& tiles, PointRows rows,
                  std::int64_t channels, float* points, std::int64_t point_stride) {
  const D d;
  const std::int64_t pixel = shape.channels, row_size = shape.width * pixel;
  for_each_row(tiles, [&](std::int64_t row, std::int64_t column, std::int64_t count, std::int64_t number) {
    for (std::int64_t c = 0; c < channels; c += kN) {
      const float* from = image + 2 * row * row_size + 2 * column * pixel + c;
      float* to = points + number * channels + c;
      V columns[4][4];  // the first two are the last two of the tile before
      transform_column(from, row_size, columns[0]);
      transform_column(from + pixel, row_size, columns[1]);
      for (std::int64_t t = 0; t < count; ++t, from += 2 * pixel, to += channels) {
        transform_column(from + 2 * pixel, row_size, columns[2]);
        transform_column(from + 3 * pixel, row_size, columns[3]);
        float* point = to;
        CHAINRULE_UNROLL
        for (int i = 0; i < 4; ++i) {
          const V c0 = columns[0][i], c1 = columns[1][i], c2 = columns[2][i], c3 = columns[3][i];
          columns[0][i] = c2;
          columns[1][i] = c3;
          if (i < rows.begin || i >= rows.end) continue;
          hn::StoreU(hn::Sub(c0, c2), d, point);
          hn::StoreU(hn::Add(c1, c2), d, point + point_stride);
          hn::StoreU(hn::Sub(c2, c1), d, point + 2 * point_stride);
          hn::StoreU(hn::Sub(c3, c1), d, point + 3 * point_stride);
          point += 4 * point_stride;
        }
      }
    }
  });
}

void gradient_points(const float* image, const ChannelsLast& shape, const TileRange& tiles, PointRows rows,
                     float* points, std::int64_t point_stride) {
  const D d;
  const std::int64_t pixel = shape.channels, row_size = shape.width * pixel;
  for_each_row(tiles, [&](std::int64_t row, std::int64_t column, std::int64_t count, std::int64_t number) {
    const float* from = image + 2 * row * row_size + 2 * column * pixel;
    float* to = points + number * pixel;
    for (std::int64_t t = 0; t < count; ++t, from += 2 * pixel, to += pixel) {
      for (std::int64_t c = 0; c < pixel; c += kN) {
        V g[4][2];
        CHAINRULE_UNROLL
        for (int j = 0; j < 2; ++j) {
          g[0][j] = hn::LoadU(d, from + j * pixel + c);
          g[3][j] = hn::LoadU(d, from + row_size + j * pixel + c);
          g[1][j] = hn::Add(g[0][j], g[3][j]);
          g[2][j] = hn::Sub(g[0][j], g[3][j]);
        }
        float* point = to + c;
        CHAINRULE_UNROLL
        for (int i = 0; i < 4; ++i) {
          if (i < rows.begin || i >= rows.end) continue;
          hn::StoreU(g[i][0], d, point);
          hn::StoreU(hn::Add(g[i][0], g[i][1]), d, point + point_stride);
          hn::StoreU(hn::Sub(g[i][0], g[i][1]), d, point + 2 * point_stride);
          hn::StoreU(g[i][1], d, point + 3 * point_stride);
          point += 4 * point_stride;
        }
      }
    }
  });
}

// Rows of a that are multiplied together with so many vectors of b, so that the sums fill the registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kMaxVectors = 4;
inline constexpr int kRowsFor[] = {0, 16, 12, 8, 6};
#else
inline constexpr int kMaxVectors = 3;
inline constexpr int kRowsFor[] = {0, 12, 6, 4};
#endif

template <int kRows, int kVectors>
HWY_INLINE void multiply_rows(std::int64_t used, const float* a, std::int64_t lda, const float* b, float* c,
                              std::int64_t ldc) {
  const D d;
  V sum[kRows][kVectors];
  CHAINRULE_UNROLL
  for (int i = 0; i < kRows; ++i) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::Zero(d);
  }
  // Every fourth row has a pointer: one for each would not fit the registers.
  constexpr int kPointers = (kRows + 3) / 4;
  const float* rows[kPointers];
  CHAINRULE_UNROLL
  for (int i = 0; i < kPointers; ++i) rows[i] = a + 4 * i * lda;
  const std::int64_t steps[] = {0, lda, 2 * lda, 3 * lda};
  for (std::int64_t k = 0; k < used; ++k, b += ldc) {
    V right[kVectors];
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) right[v] = hn::LoadU(d, b + v * kN);
    CHAINRULE_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V left = hn::Set(d, rows[i / 4][steps[i % 4]]);
      CHAINRULE_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(left, right[v], sum[i][v]);
    }
    CHAINRULE_UNROLL
    for (int i = 0; i < kPointers; ++i) ++rows[i];
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < kRows; ++i, c += ldc) {
    CHAINRULE_UNROLL
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[i][v], d, c + v * kN);
  }
}

// Groups of as many rows; the last may begin among those of the one before, which then are computed twice.
template <int kRows, int kVectors>
HWY_NOINLINE void multiply_panel(const PointProducts& s, const float* a, const float* b, float* c) {
  const std::int64_t tiles = s.tiles, used = s.used, lda = s.channels, ldc = s.result_channels;
  for (std::int64_t i = 0; i < tiles; i += kRows) {
    const std::int64_t row = std::min(i, tiles - kRows);
    multiply_rows<kRows, kVectors>(used, a + row * lda, lda, b, c + row * ldc, ldc);
  }
}

// With an even number of rows, or 1, that leaves as few to be computed twice as can be.
template <int kVectors, int kRows = kRowsFor[kVectors]>
HWY_INLINE void multiply_groups(std::int64_t rows, const PointProducts& s, const float* a, const float* b,
                                float* c) {
  if constexpr (kRows > 1) {
    if (rows < kRows - 1 || s.tiles < kRows) {
      return multiply_groups<kVectors, (kRows > 2 ? kRows - 2 : 1)>(rows, s, a, b, c);
    }
  }
  multiply_panel<kRows, kVectors>(s, a, b, c);
}

template <int kVectors = kMaxVectors>
HWY_INLINE void multiply_vectors(int vectors, const PointProducts& s, const float* a, const float* b,
                                 float* c) {
  if (vectors == kVectors) {
    const std::int64_t groups = (s.tiles + kRowsFor[kVectors] - 1) / kRowsFor[kVectors];
    return multiply_groups<kVectors>((s.tiles + groups - 1) / groups, s, a, b, c);
  }
  if constexpr (kVectors > 1) multiply_vectors<kVectors - 1>(vectors, s, a, b, c);
}

void multiply(const PointProducts& s) {
  const std::int64_t vectors = s.result_channels / kN, panels = (vectors + kMaxVectors - 1) / kMaxVectors;
  for (int p = 0; p < 16; ++p) {
    for (std::int64_t j = 0; j < panels; ++j) {
      const std::int64_t begin = vectors * j / panels, end = vectors * (j + 1) / panels;
      multiply_vectors(static_cast<int>(end - begin), s, s.a + p * s.a_stride,
                       s.b + p * s.b_stride + begin * kN, s.c + p * s.c_stride + begin * kN);
    }
  }
}

bool back(const float* points, std::int64_t point_stride, const TileRange& tiles, const float* bias,
          bool relu, const ChannelsLast& shape, float* image) {
  const D d;
  const std::int64_t pixel = shape.channels, row_size = shape.width * pixel;
  V check = hn::Zero(d);  // becomes NaN
  for_each_row(tiles, [&](std::int64_t row, std::int64_t column, std::int64_t count, std::int64_t number) {
    const float* from = points + number * pixel;
    float* to = image + 2 * row * row_size + 2 * column * pixel;
    for (std::int64_t t = 0; t < count; ++t, from += pixel, to += 2 * pixel) {
      for (std::int64_t c = 0; c < pixel; c += kN) {
        V s[2][4];
        CHAINRULE_UNROLL
        for (int j = 0; j < 4; ++j) {
          const float* m = from + j * point_stride + c;
          const V m1 = hn::LoadU(d, m + 4 * point_stride), m2 = hn::LoadU(d, m + 8 * point_stride);
          s[0][j] = hn::Add(hn::LoadU(d, m), hn::Add(m1, m2));
          s[1][j] = hn::Add(hn::Sub(m1, m2), hn::LoadU(d, m + 12 * point_stride));
        }
        CHAINRULE_UNROLL
        for (int i = 0; i < 2; ++i) {
          V y[2];
          y[0] = hn::Add(s[i][0], hn::Add(s[i][1], s[i][2]));
          y[1] = hn::Add(hn::Sub(s[i][1], s[i][2]), s[i][3]);
          CHAINRULE_UNROLL
          for (int j = 0; j < 2; ++j) {
            check = hn::MulAdd(y[j], hn::Zero(d), check);
            if (bias != nullptr) y[j] = hn::Add(y[j], hn::LoadU(d, bias + c));
            if (relu) y[j] = rectified(d, y[j]);
            hn::StoreU(y[j], d, to + i * row_size + j * pixel + c);
          }
        }
      }
    }
  });
  return is_all_zero(check);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {

HWY_EXPORT(image_points);
HWY_EXPORT(gradient_points);
HWY_EXPORT(multiply);
HWY_EXPORT(back);

void transform_image(const float* image, const ChannelsLast& shape, const TileRange& tiles, PointRows rows,
                     std::int64_t channels, float* points, std::int64_t point_stride) {
  CHAINRULE_DISPATCH(image_points)(image, shape, tiles, rows, channels, points, point_stride);
}
void transform_gradient(const float* image, const ChannelsLast& shape, const TileRange& tiles, PointRows rows,
                        float* points, std::int64_t point_stride) {
  CHAINRULE_DISPATCH(gradient_points)(image, shape, tiles, rows, points, point_stride);
}
void multiply_points(const PointProducts& products) { CHAINRULE_DISPATCH(multiply)(products); }
bool transform_back(const float* points, std::int64_t point_stride, const TileRange& tiles, const float* bias,
                    bool relu, const ChannelsLast& shape, float* image) {
  return CHAINRULE_DISPATCH(back)(points, point_stride, tiles, bias, relu, shape, image);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
