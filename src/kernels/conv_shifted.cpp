#include "kernels/conv_shifted.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/thread_pool.h"
#include "kernels/conv_patches.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kBlockColumns = 1024;      // results of a channel that are computed together
constexpr std::int64_t kPreparedBytes = 1 << 20;  // images and gradients that are laid out at one time
constexpr std::int64_t kFewestRows = 16;          // of the weights' gradient that a thread computes
constexpr double kMostWaste = 1.6;                // results computed for each one that is wanted
constexpr std::int64_t kFewestOutputs = 8;        // for fewer, reading the image costs more than the product

template <class T>
T* scratch(std::int64_t count, int which) {
  thread_local Scratch memory[4];
  return memory[which].get<T>(count);
}

}  // namespace

template <class T>
bool ShiftedConv<T>::fits(const ConvShape& shape) {
  const Windows& v = shape.windows;
  return PaddedImage::fits(v) && shape.out_channels >= kFewestOutputs && v.kernel.product() > 1 &&
         static_cast<double>(PaddedImage(v).span()) <= kMostWaste * static_cast<double>(v.out.product());
}

template <class T>
ShiftedConv<T>::ShiftedConv(const ConvShape& shape)
    : s_(shape), padded_(shape.windows), plane_(padded_.plane()), span_(padded_.span()) {}

template <class T>
void ShiftedConv<T>::forward_image(const std::int64_t* rows, const T* x, const T* w,
                                   std::int64_t first_channel, T* y, const ConvFinish<T>& finish) const {
  T* image = scratch<T>(s_.in_channels * plane_ + Gemm<T>::kReadable, 0);
  padded_.copy(x, {0, s_.in_channels}, image);
  std::fill_n(image + s_.in_channels * plane_, Gemm<T>::kReadable, T(0));
  const std::int64_t blocks = (span_ + kBlockColumns - 1) / kBlockColumns, places = v_.out.product();
  for (std::int64_t b = 0; b < blocks; ++b) {
    const Range block{span_ * b / blocks, span_ * (b + 1) / blocks};
    T* results = scratch<T>(s_.out_channels * block.size(), 1);
    gemm(Gemm<T>{.m = s_.out_channels,
                 .n = block.size(),
                 .k = s_.depth(),
                 .a = w,
                 .lda = s_.depth(),
                 .b = image + block.begin,
                 .b_rows = rows,
                 .c = results,
                 .ldc = block.size()});
    padded_.for_each_row([&](std::int64_t at, std::int64_t row) {
      const std::int64_t begin = std::max(at, block.begin), end = std::min(at + v_.out[2], block.end);
      for (std::int64_t o = 0; begin < end && o < s_.out_channels; ++o) {
        finish.write(first_channel + o, results + o * block.size() + begin - block.begin, end - begin,
                     y + o * places + row + begin - at);
      }
    });
  }
}

template <class T>
void ShiftedConv<T>::forward(const T* x, const T* w, T* y, const ConvFinish<T>& finish) const {
  const std::int64_t x_size = s_.in_channels * v_.in.product(), y_size = s_.out_channels * v_.out.product();
  std::int64_t* rows = scratch<std::int64_t>(s_.depth(), 2);  // of this thread, read by all
  padded_.find_shifts(s_.depth(), rows);
  parallel_for(s_.n * s_.groups, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first_channel = i % s_.groups * s_.out_channels;
      forward_image(rows, x + i * x_size, w + first_channel * s_.depth(), first_channel, y + i * y_size,
                    finish);
    }
  });
}

/// The gradient of y of an image, with as many zeros between its rows as there were results too many.
template <class T>
void ShiftedConv<T>::spread(const T* y, T* to) const {
  const std::int64_t places = v_.out.product();
  std::fill(to, to + s_.out_channels * span_, T(0));
  padded_.for_each_row([&](std::int64_t at, std::int64_t row) {
    for (std::int64_t o = 0; o < s_.out_channels; ++o) {
      std::memcpy(to + o * span_ + at, y + o * places + row, static_cast<std::size_t>(v_.out[2]) * sizeof(T));
    }
  });
}

// The zeros meet numbers of the image that no window has, and add nothing unless such a number is infinite.
template <class T>
bool ShiftedConv<T>::add_up_weights(std::int64_t group, const T* x, const T* y, T* w, bool accumulate) const {
  const std::int64_t x_size = s_.in_channels * v_.in.product(), y_size = s_.out_channels * v_.out.product();
  const std::int64_t image_size = s_.in_channels * plane_, spread_size = s_.out_channels * span_;
  const auto bytes = static_cast<std::int64_t>(sizeof(T)) * (image_size + spread_size);
  const std::int64_t at_once = std::clamp<std::int64_t>(kPreparedBytes / bytes, 1, s_.n);
  // In this thread's memory, written and read by all.
  T* images = scratch<T>(at_once * image_size, 0);
  T* gradients = scratch<T>(at_once * spread_size, 1);
  std::int64_t* rows = scratch<std::int64_t>(s_.depth(), 2);
  padded_.find_shifts(s_.depth(), rows);
  T* sums = scratch<T>(s_.depth() * s_.out_channels, 3);
  if (accumulate) sums_from_weights(s_, group, {0, s_.depth()}, w, sums);
  const std::int64_t threads = num_threads();
  const std::int64_t pieces = std::min(threads, (s_.depth() + kFewestRows - 1) / kFewestRows);
  for (std::int64_t first = 0; first < s_.n; first += at_once) {
    const std::int64_t count = std::min(at_once, s_.n - first);
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t part = (first + i) * s_.groups + group;
        padded_.copy(x + part * x_size, {0, s_.in_channels}, images + i * image_size);
        spread(y + part * y_size, gradients + i * spread_size);
      }
    });
    parallel_for(pieces, 1, [&](std::int64_t begin, std::int64_t end) {
      const Range deep{s_.depth() * begin / pieces, s_.depth() * end / pieces};
      for (std::int64_t i = 0; i < count; ++i) {
        gemm(Gemm<T>{.m = deep.size(),
                     .n = s_.out_channels,
                     .k = span_,
                     .a = images + i * image_size,
                     .b = gradients + i * spread_size,
                     .ldb = span_,
                     .trans_b = true,
                     .a_rows = rows + deep.begin,
                     .c = sums + deep.begin * s_.out_channels,
                     .ldc = s_.out_channels,
                     .accumulate = accumulate || first + i > 0});
      }
    });
  }
  const std::int64_t count = s_.depth() * s_.out_channels;
  if (!std::all_of(sums, sums + count, [](T sum) { return std::isfinite(sum); })) return false;
  weights_from_sums(s_, group, {0, s_.depth()}, sums, w);
  return true;
}

template class ShiftedConv<float>;
template class ShiftedConv<double>;

}  // namespace chainrule::kernels
