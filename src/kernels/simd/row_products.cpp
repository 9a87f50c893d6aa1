#include "kernels/simd/row_products.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/row_products.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Outputs times places whose sums are registers together.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
inline constexpr int kOutputs = 5, kPlaces = 5;
#else
inline constexpr int kOutputs = 3, kPlaces = 4;
#endif

// The sums [part, part + lanes) of some outputs and places, whose numbers the caller has put first.
template <class T, int kY, int kX>
HWY_NOINLINE void add_tile(const RowProducts<T>& s, std::int64_t part) {
  const Lanes<T> d;
  using V = hn::Vec<Lanes<T>>;
  V sum[kY][kX];
  CHAINRULE_UNROLL
  for (int o = 0; o < kY; ++o) {
    CHAINRULE_UNROLL
    for (int j = 0; j < kX; ++j) sum[o][j] = hn::LoadU(d, s.sums + (o * s.places + j) * kSums<T> + part);
  }
  const T* x[kX];
  CHAINRULE_UNROLL
  for (int j = 0; j < kX; ++j) x[j] = s.x + s.shifts[j] + part;
  const T* y = s.y + part;
  const std::int64_t width = s.width - part, y_step = s.y_step;
  for (std::int64_t row = 0; row < s.rows; ++row, y += s.width) {
    const std::int64_t start = s.x_rows[row];
    std::int64_t i = 0;
    for (; i + kLanes<T> <= width; i += kSums<T>) {
      V left[kY];
      CHAINRULE_UNROLL
      for (int o = 0; o < kY; ++o) left[o] = hn::LoadU(d, y + o * y_step + i);
      CHAINRULE_UNROLL
      for (int j = 0; j < kX; ++j) {
        const V right = hn::LoadU(d, x[j] + start + i);
        CHAINRULE_UNROLL
        for (int o = 0; o < kY; ++o) sum[o][j] = hn::MulAdd(left[o], right, sum[o][j]);
      }
    }
    if (i >= width) continue;
    const auto count = static_cast<std::size_t>(width - i);
    V left[kY];
    CHAINRULE_UNROLL
    for (int o = 0; o < kY; ++o) left[o] = load_first(d, y + o * y_step + i, count);
    CHAINRULE_UNROLL
    for (int j = 0; j < kX; ++j) {
      const V right = load_first(d, x[j] + start + i, count);
      CHAINRULE_UNROLL
      for (int o = 0; o < kY; ++o) sum[o][j] = hn::MulAdd(left[o], right, sum[o][j]);
    }
  }
  CHAINRULE_UNROLL
  for (int o = 0; o < kY; ++o) {
    CHAINRULE_UNROLL
    for (int j = 0; j < kX; ++j) hn::StoreU(sum[o][j], d, s.sums + (o * s.places + j) * kSums<T> + part);
  }
}

template <class T, int... kIndex>
void add_some(std::integer_sequence<int, kIndex...>, std::int64_t outputs, std::int64_t places,
              const RowProducts<T>& s, std::int64_t part) {
  using Function = void (*)(const RowProducts<T>&, std::int64_t);
  static constexpr Function kTable[] = {&add_tile<T, kIndex / kPlaces + 1, kIndex % kPlaces + 1>...};
  kTable[(outputs - 1) * kPlaces + places - 1](s, part);
}

template <class T>
void add_products(const RowProducts<T>& s) {
  const std::int64_t y_pieces = (s.outputs + kOutputs - 1) / kOutputs;
  const std::int64_t x_pieces = (s.places + kPlaces - 1) / kPlaces;
  for (std::int64_t a = 0; a < y_pieces; ++a) {
    const std::int64_t o = s.outputs * a / y_pieces, outputs = s.outputs * (a + 1) / y_pieces - o;
    for (std::int64_t b = 0; b < x_pieces; ++b) {
      const std::int64_t j = s.places * b / x_pieces, places = s.places * (b + 1) / x_pieces - j;
      RowProducts<T> tile = s;
      tile.shifts += j;
      tile.y += o * s.y_step;
      tile.sums += (o * s.places + j) * kSums<T>;
      for (std::int64_t part = 0; part < std::min(kSums<T>, s.width); part += kLanes<T>) {
        add_some(std::make_integer_sequence<int, kOutputs * kPlaces>{}, outputs, places, tile, part);
      }
    }
  }
}

void add_products_f32(const RowProducts<float>& s) { add_products(s); }
void add_products_f64(const RowProducts<double>& s) { add_products(s); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {

HWY_EXPORT(add_products_f32);
HWY_EXPORT(add_products_f64);

void add_row_products(const RowProducts<float>& s) { CHAINRULE_DISPATCH(add_products_f32)(s); }
void add_row_products(const RowProducts<double>& s) { CHAINRULE_DISPATCH(add_products_f64)(s); }

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
