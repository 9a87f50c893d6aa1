#include "kernels/simd/channels_last.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/channels_last.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

#include <algorithm>

#include "kernels/simd/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

using D = Lanes<float>;
using V = hn::Vec<D>;
inline constexpr int kN = static_cast<int>(kLanes<float>);

#if HWY_TARGET == HWY_SCALAR

HWY_INLINE void transpose(V (&)[kN]) {}

#else

// Rows and columns 0, d, 2d, ... of squares of d x d numbers change places: the step of a transpose that
// moves what is d apart.
template <int kDistance>
HWY_INLINE void exchange(V& a, V& b) {
  const D d;
  const V left = a, right = b;
  if constexpr (2 * kDistance == kN) {
    a = hn::ConcatLowerLower(d, right, left);
    b = hn::ConcatUpperUpper(d, right, left);
  } else if constexpr (kDistance == 1) {
    a = hn::OddEven(hn::DupEven(right), left);
    b = hn::OddEven(right, hn::DupOdd(left));
  } else if constexpr (kDistance == 2) {
    const hn::Repartition<double, D> d64;
    const auto left64 = hn::BitCast(d64, left), right64 = hn::BitCast(d64, right);
    a = hn::BitCast(d, hn::OddEven(hn::DupEven(right64), left64));
    b = hn::BitCast(d, hn::OddEven(right64, hn::DupOdd(left64)));
  } else {
    a = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(right), left);
    b = hn::OddEvenBlocks(right, hn::SwapAdjacentBlocks(left));
  }
}

template <int kDistance>
HWY_INLINE void exchange_all(V (&v)[kN]) {
  if constexpr (kDistance < kN) {
    CHAINRULE_UNROLL
    for (int i = 0; i < kN; ++i) {
      if ((i & kDistance) == 0) exchange<kDistance>(v[i], v[i + kDistance]);
    }
    exchange_all<2 * kDistance>(v);
  }
}

// v[i] lane j and v[j] lane i change places.
HWY_INLINE void transpose(V (&v)[kN]) { exchange_all<1>(v); }

#endif

// Zeros around the rectangle (height, width) at (top, left).
HWY_INLINE void clear_border(const ChannelsLast& image, std::int64_t top, std::int64_t left,
                             std::int64_t height, std::int64_t width, float* to) {
  const std::int64_t row_size = image.width * image.channels;
  const std::int64_t before = left * image.channels, after = (left + width) * image.channels;
  std::fill_n(to, top * row_size, 0.0F);
  float* row = to + top * row_size;
  for (std::int64_t h = 0; h < height; ++h, row += row_size) {
    std::fill_n(row, before, 0.0F);
    std::fill_n(row + after, row_size - after, 0.0F);
  }
  std::fill(row, to + image.size(), 0.0F);
}

bool channels_last(const float* x, std::int64_t channels, std::int64_t height, std::int64_t width,
                   const ChannelsLast& image, std::int64_t top, std::int64_t left, float* to) {
  const D d;
  const std::int64_t plane = height * width;
  V check = hn::Zero(d);  // becomes NaN
  clear_border(image, top, left, height, width, to);
  to += (top * image.width + left) * image.channels;
  for (std::int64_t c = 0; c < image.channels; c += kN) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(kN, channels - c));  // may be none
    float* row = to + c;
    std::int64_t column = 0;
    for (std::int64_t p = 0; p < plane; p += kN) {
      const auto count = static_cast<int>(std::min<std::int64_t>(kN, plane - p));
      const float* from = x + c * plane + p;
      V v[kN];
      if (rows == kN && count == kN) {
        CHAINRULE_UNROLL
        for (int i = 0; i < kN; ++i) v[i] = hn::LoadU(d, from + i * plane);
      } else {
        CHAINRULE_UNROLL
        for (int i = 0; i < kN; ++i) {
          v[i] = i < rows ? load_first(d, from + i * plane, count) : hn::Zero(d);
        }
      }
      CHAINRULE_UNROLL
      for (int i = 0; i < kN; ++i) check = hn::MulAdd(v[i], hn::Zero(d), check);
      transpose(v);
      CHAINRULE_UNROLL
      for (int i = 0; i < kN; ++i) {
        if (i == count) break;
        hn::StoreU(v[i], d, row + column * image.channels);
        if (++column == width) column = 0, row += image.width * image.channels;
      }
    }
  }
  return is_all_zero(check);
}

void channels_first(const float* from, const ChannelsLast& image, std::int64_t channels, std::int64_t height,
                    std::int64_t width, float* y) {
  const D d;
  const std::int64_t plane = height * width;
  for (std::int64_t c = 0; c < channels; c += kN) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(kN, channels - c));
    const float* row = from + c;
    std::int64_t column = 0;
    for (std::int64_t p = 0; p < plane; p += kN) {
      const auto count = static_cast<int>(std::min<std::int64_t>(kN, plane - p));
      float* to = y + c * plane + p;
      V v[kN];
      CHAINRULE_UNROLL
      for (int i = 0; i < kN; ++i) {
        // Past the last pixel any pixel will do: it is not stored.
        v[i] = hn::LoadU(d, row + column * image.channels);
        if (i + 1 < count && ++column == width) column = 0, row += image.width * image.channels;
      }
      if (++column == width) column = 0, row += image.width * image.channels;
      transpose(v);
      if (rows == kN && count == kN) {
        CHAINRULE_UNROLL
        for (int i = 0; i < kN; ++i) hn::StoreU(v[i], d, to + i * plane);
      } else {
        CHAINRULE_UNROLL
        for (int i = 0; i < kN; ++i) {
          if (i < rows) store_first(d, v[i], to + i * plane, count);
        }
      }
    }
  }
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {

HWY_EXPORT(channels_last);
HWY_EXPORT(channels_first);

bool to_channels_last(const float* x, std::int64_t channels, std::int64_t height, std::int64_t width,
                      const ChannelsLast& image, std::int64_t top, std::int64_t left, float* to) {
  return CHAINRULE_DISPATCH(channels_last)(x, channels, height, width, image, top, left, to);
}
void from_channels_last(const float* from, const ChannelsLast& image, std::int64_t channels,
                        std::int64_t height, std::int64_t width, float* y) {
  CHAINRULE_DISPATCH(channels_first)(from, image, channels, height, width, y);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
