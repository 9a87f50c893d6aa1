#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/simd/elementwise.h"
#include "kernels/simd/gemm.h"

// One step of each cell on one row of a batch, forward and back, and the two ways to compute its functions.
namespace chainrule::nn {

/// Plain loops.
struct PlainMath {
  template <class T>
  static void sigmoid(T* x, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      const T e = std::exp(-std::abs(x[i]));  // no overflow on either side
      x[i] = (x[i] < 0 ? e : T(1)) / (1 + e);
    }
  }
  template <class T>
  static void tanh(T* x, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) x[i] = std::tanh(x[i]);
  }
  template <class T>
  static void product(const kernels::Gemm<T>& p) {
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < p.n; ++j) {
        double sum = p.accumulate ? static_cast<double>(p.c[i * p.ldc + j]) : 0;
        for (std::int64_t l = 0; l < p.k; ++l) {
          const T b = p.trans_b ? p.b[j * p.ldb + l] : p.b[l * p.ldb + j];
          sum += static_cast<double>(p.a[i * p.lda + l]) * static_cast<double>(b);
        }
        p.c[i * p.ldc + j] = static_cast<T>(p.bias != nullptr ? sum + static_cast<double>(p.bias[j]) : sum);
      }
    }
  }
};

/// The SIMD kernels.
struct FastMath {
  template <class T>
  static void sigmoid(T* x, std::int64_t n) {
    kernels::unary(kernels::Unary::sigmoid, x, x, n);
  }
  template <class T>
  static void tanh(T* x, std::int64_t n) {
    kernels::unary(kernels::Unary::tanh, x, x, n);
  }
  template <class T>
  static void product(const kernels::Gemm<T>& p) {
    kernels::gemm(p);
  }
};

// Each cell has: kGates and kParts as gates_of and parts_of; kSlopes, how many parts of H numbers `back`
// writes: the gradients of u's gates, and behind them those of x's gates that are others.
//
//   activate(x, u, a)           the gates a
//   step(a, before, after)      the state after a step
//   back(...)                   `slope` is the gradient of the state after the step, and becomes the part of
//                               that of the state before it which does not come through u; `d` as above

template <bool is_relu>
struct PlainCell {
  static constexpr std::int64_t kGates = 1, kParts = 1, kSlopes = 1;

  template <class M, class T>
  static void activate(const T* x, const T* u, T* a, std::int64_t h) {
    for (std::int64_t j = 0; j < h; ++j) a[j] = x[j] + u[j];
    if constexpr (is_relu) {
      for (std::int64_t j = 0; j < h; ++j) a[j] = a[j] <= 0 ? T(0) : a[j];
    } else {
      M::tanh(a, h);
    }
  }
  template <class M, class T>
  static void step(const T* a, const T*, T* after, std::int64_t h) {
    std::copy_n(a, h, after);
  }
  template <class M, class T>
  static void back(const T* a, const T*, const T*, const T*, T* slope, T* d, T*, std::int64_t h) {
    for (std::int64_t j = 0; j < h; ++j) {
      d[j] = is_relu ? (a[j] > 0 ? slope[j] : T(0)) : slope[j] * (1 - a[j] * a[j]);
      slope[j] = 0;
    }
  }
};

struct LstmCell {
  static constexpr std::int64_t kGates = 4, kParts = 2, kSlopes = 4;

  template <class M, class T>
  static void activate(const T* x, const T* u, T* a, std::int64_t h) {
    for (std::int64_t j = 0; j < 4 * h; ++j) a[j] = x[j] + u[j];
    M::sigmoid(a, 2 * h);
    M::tanh(a + 2 * h, h);
    M::sigmoid(a + 3 * h, h);
  }
  template <class M, class T>
  static void step(const T* a, const T* before, T* after, std::int64_t h) {
    const T *i = a, *f = a + h, *g = a + 2 * h, *o = a + 3 * h, *c = before + h;
    for (std::int64_t j = 0; j < h; ++j) after[h + j] = after[j] = f[j] * c[j] + i[j] * g[j];
    M::tanh(after, h);
    for (std::int64_t j = 0; j < h; ++j) after[j] *= o[j];
  }
  template <class M, class T>
  static void back(const T* a, const T*, const T* before, const T* after, T* slope, T* d, T* work,
                   std::int64_t h) {
    std::copy_n(after + h, h, work);
    M::tanh(work, h);
    back_rows(a, a + h, a + 2 * h, a + 3 * h, before + h, work, slope, slope + h, d, d + h, d + 2 * h,
              d + 3 * h, h);
  }

 private:
  /// No two of the rows that are written to overlap, nor with those that are read: so vectors may be used.
  template <class T>
  static void back_rows(const T* i, const T* f, const T* g, const T* o, const T* c, const T* tanh_c,
                        T* __restrict dh, T* __restrict dc, T* __restrict di, T* __restrict df,
                        T* __restrict dg, T* __restrict d_o, std::int64_t h) {
    for (std::int64_t j = 0; j < h; ++j) {
      const T of_c = dc[j] + dh[j] * o[j] * (1 - tanh_c[j] * tanh_c[j]);
      di[j] = of_c * g[j] * i[j] * (1 - i[j]);
      df[j] = of_c * c[j] * f[j] * (1 - f[j]);
      dg[j] = of_c * i[j] * (1 - g[j] * g[j]);
      d_o[j] = dh[j] * tanh_c[j] * o[j] * (1 - o[j]);
      dc[j] = of_c * f[j];
      dh[j] = 0;
    }
  }
};

/// Its last part of `d` is the gradient of x's gate n; that of u's is r times as large.
struct GruCell {
  static constexpr std::int64_t kGates = 3, kParts = 1, kSlopes = 4;

  template <class M, class T>
  static void activate(const T* x, const T* u, T* a, std::int64_t h) {
    for (std::int64_t j = 0; j < 2 * h; ++j) a[j] = x[j] + u[j];
    M::sigmoid(a, 2 * h);
    for (std::int64_t j = 0; j < h; ++j) a[2 * h + j] = x[2 * h + j] + a[j] * u[2 * h + j];
    M::tanh(a + 2 * h, h);
  }
  template <class M, class T>
  static void step(const T* a, const T* before, T* after, std::int64_t h) {
    const T *z = a + h, *n = a + 2 * h;
    for (std::int64_t j = 0; j < h; ++j) after[j] = (1 - z[j]) * n[j] + z[j] * before[j];
  }
  template <class M, class T>
  static void back(const T* a, const T* u, const T* before, const T*, T* slope, T* d, T*, std::int64_t h) {
    back_rows(a, a + h, a + 2 * h, u + 2 * h, before, slope, d, d + h, d + 2 * h, d + 3 * h, h);
  }

 private:
  /// As LstmCell::back_rows.
  template <class T>
  static void back_rows(const T* r, const T* z, const T* n, const T* un, const T* before, T* __restrict slope,
                        T* __restrict dr, T* __restrict dz, T* __restrict du, T* __restrict dn,
                        std::int64_t h) {
    for (std::int64_t j = 0; j < h; ++j) {
      const T of_n = slope[j] * (1 - z[j]) * (1 - n[j] * n[j]);
      dr[j] = of_n * un[j] * r[j] * (1 - r[j]);
      dz[j] = slope[j] * (before[j] - n[j]) * z[j] * (1 - z[j]);
      du[j] = of_n * r[j];
      dn[j] = of_n;
      slope[j] *= z[j];
    }
  }
};

}  // namespace chainrule::nn
