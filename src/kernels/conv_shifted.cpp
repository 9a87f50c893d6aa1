#include "kernels/conv_shifted.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/thread_pool.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kBlockColumns = 1024;      // results of a channel that are computed together
constexpr std::int64_t kPreparedBytes = 1 << 20;  // images and gradients that are laid out at one time
constexpr std::int64_t kFewestRows = 16;          // of the weights' gradient that a thread computes
constexpr double kMostWaste = 1.6;                // results computed for each one that is wanted
constexpr std::int64_t kFewestOutputs = 8;        // for fewer, reading the image costs more than the product
constexpr std::int64_t kFewWeights = 32;          // of an output, for which dot products are faster
constexpr std::int64_t kShortestRow = 8;          // of y, for dot products

Extents padded_extents(const Windows& v) {
  Extents padded{};
  for (int axis = 0; axis < 3; ++axis) padded[axis] = v.out[axis] + (v.kernel[axis] - 1) * v.dilation[axis];
  return padded;
}

std::int64_t span_of(const Windows& v, const Extents& padded) {
  return ((v.out[0] - 1) * padded[1] + v.out[1] - 1) * padded[2] + v.out[2];
}

/// Where the windows begin in a padded plane, row by row: calls `body(at, row)`, with `at` counted in the
/// padded plane and `row` in the output.
template <class F>
void for_each_row(const Windows& v, const Extents& padded, F body) {
  for (std::int64_t d = 0; d < v.out[0]; ++d) {
    for (std::int64_t h = 0; h < v.out[1]; ++h) {
      body((d * padded[1] + h) * padded[2], (d * v.out[1] + h) * v.out[2]);
    }
  }
}

/// Where the plane under each weight begins, for the channels of `deep` from `first_channel` on.
void find_shifts(const Windows& v, const Extents& padded, Range deep, std::int64_t first_channel,
                 std::int64_t* starts) {
  const std::int64_t kernel = v.kernel.product();
  for (std::int64_t p = deep.begin; p < deep.end; ++p) {
    const std::int64_t j = p % kernel, jw = j % v.kernel[2], jh = j / v.kernel[2] % v.kernel[1];
    const std::int64_t jd = j / (v.kernel[1] * v.kernel[2]);
    const std::int64_t row = jd * v.dilation[0] * padded[1] + jh * v.dilation[1];
    *starts++ = (p / kernel - first_channel) * padded.product() + row * padded[2] + jw * v.dilation[2];
  }
}

/// Whether the windows move by 1 and lie in an image with zeros around it.
bool has_padded_image(const Windows& v) {
  const Extents padded = padded_extents(v);
  for (int axis = 0; axis < 3; ++axis) {
    if (v.stride[axis] != 1 || v.low[axis] < 0 || padded[axis] < v.low[axis] + v.in[axis]) return false;
  }
  return v.out.product() > 0;
}

template <class T>
T* scratch(std::int64_t count, int which) {
  thread_local Scratch memory[3];
  return memory[which].get<T>(count);
}

}  // namespace

template <class T>
bool ShiftedConv<T>::fits(const ConvShape& shape) {
  const Windows& v = shape.windows;
  const auto places = static_cast<double>(v.out.product());
  return has_padded_image(v) && shape.out_channels >= kFewestOutputs && v.kernel.product() > 1 &&
         static_cast<double>(span_of(v, padded_extents(v))) <= kMostWaste * places;
}

template <class T>
bool ShiftedConv<T>::fits_few_weights(const ConvShape& shape) {
  return has_padded_image(shape.windows) && shape.n > 0 && shape.depth() > 0 &&
         shape.depth() <= kFewWeights && shape.windows.out[2] >= kShortestRow;
}

template <class T>
ShiftedConv<T>::ShiftedConv(const ConvShape& shape)
    : s_(shape),
      padded_(padded_extents(shape.windows)),
      plane_(padded_.product()),
      span_(span_of(shape.windows, padded_)) {}

/// Channels of an image with zeros around them.
template <class T>
void ShiftedConv<T>::pad(const T* x, Range channels, T* to) const {
  std::fill(to, to + channels.size() * plane_, T(0));
  x += channels.begin * v_.in.product();
  for (std::int64_t c = 0; c < channels.size(); ++c, to += plane_) {
    for (std::int64_t d = 0; d < v_.in[0]; ++d) {
      for (std::int64_t h = 0; h < v_.in[1]; ++h, x += v_.in[2]) {
        T* row = to + ((d + v_.low[0]) * padded_[1] + h + v_.low[1]) * padded_[2] + v_.low[2];
        std::memcpy(row, x, static_cast<std::size_t>(v_.in[2]) * sizeof(T));
      }
    }
  }
}

template <class T>
void ShiftedConv<T>::forward_image(const std::int64_t* rows, const T* x, const T* w,
                                   std::int64_t first_channel, T* y, const ConvFinish<T>& finish) const {
  T* image = scratch<T>(s_.in_channels * plane_ + Gemm<T>::kReadable, 0);
  pad(x, {0, s_.in_channels}, image);
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
    for_each_row(v_, padded_, [&](std::int64_t at, std::int64_t row) {
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
  find_shifts(v_, padded_, {0, s_.depth()}, 0, rows);
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
  for_each_row(v_, padded_, [&](std::int64_t at, std::int64_t row) {
    for (std::int64_t o = 0; o < s_.out_channels; ++o) {
      std::memcpy(to + o * span_ + at, y + o * places + row, static_cast<std::size_t>(v_.out[2]) * sizeof(T));
    }
  });
}

// The zeros meet numbers of the image that no window has, and add nothing unless such a number is infinite.
template <class T>
bool ShiftedConv<T>::add_up_weights(std::int64_t group, const T* x, const T* y, T* sums,
                                    bool accumulate) const {
  const std::int64_t x_size = s_.in_channels * v_.in.product(), y_size = s_.out_channels * v_.out.product();
  const std::int64_t image_size = s_.in_channels * plane_, spread_size = s_.out_channels * span_;
  const auto bytes = static_cast<std::int64_t>(sizeof(T)) * (image_size + spread_size);
  const std::int64_t at_once = std::clamp<std::int64_t>(kPreparedBytes / bytes, 1, s_.n);
  // In this thread's memory, written and read by all.
  T* images = scratch<T>(at_once * image_size, 0);
  T* gradients = scratch<T>(at_once * spread_size, 1);
  std::int64_t* rows = scratch<std::int64_t>(s_.depth(), 2);
  find_shifts(v_, padded_, {0, s_.depth()}, 0, rows);
  const std::int64_t threads = num_threads();
  const std::int64_t pieces = std::min(threads, (s_.depth() + kFewestRows - 1) / kFewestRows);
  for (std::int64_t first = 0; first < s_.n; first += at_once) {
    const std::int64_t count = std::min(at_once, s_.n - first);
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t part = (first + i) * s_.groups + group;
        pad(x + part * x_size, {0, s_.in_channels}, images + i * image_size);
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
  return std::all_of(sums, sums + s_.depth() * s_.out_channels, [](T sum) { return std::isfinite(sum); });
}

template <class T>
void ShiftedConv<T>::add_up_few_weights(const T* x, const T* y, T* sums) const {
  const std::int64_t x_size = s_.in_channels * v_.in.product(), places = v_.out.product();
  const std::int64_t image_size = s_.in_channels * plane_, row_count = v_.out[0] * v_.out[1];
  const std::int64_t at_once =
      std::clamp<std::int64_t>(kPreparedBytes / (static_cast<std::int64_t>(sizeof(T)) * image_size), 1, s_.n);
  // In this thread's memory, written and read by all.
  T* images = scratch<T>(at_once * image_size, 0);
  std::int64_t* shifts = scratch<std::int64_t>(s_.depth() + row_count, 2);
  std::int64_t* x_rows = shifts + s_.depth();
  find_shifts(v_, padded_, {0, s_.depth()}, 0, shifts);
  for_each_row(v_, padded_, [&](std::int64_t at, std::int64_t row) { x_rows[row / v_.out[2]] = at; });
  for (std::int64_t group = 0; group < s_.groups; ++group) {
    for (std::int64_t first = 0; first < s_.n; first += at_once) {
      const std::int64_t count = std::min(at_once, s_.n - first);
      for (std::int64_t i = 0; i < count; ++i) {
        pad(x + ((first + i) * s_.groups + group) * x_size, {0, s_.in_channels}, images + i * image_size);
      }
      parallel_for(s_.out_channels, 1, [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t output = group * s_.out_channels + begin;
        for (std::int64_t i = 0; i < count; ++i) {
          add_row_products({.x = images + i * image_size,
                            .x_rows = x_rows,
                            .shifts = shifts,
                            .places = s_.depth(),
                            .y = y + ((first + i) * s_.groups * s_.out_channels + output) * places,
                            .y_step = places,
                            .outputs = end - begin,
                            .rows = row_count,
                            .width = v_.out[2],
                            .sums = sums + output * s_.depth() * kSums<T>});
        }
      });
    }
  }
}

template <class T>
void ShiftedConv<T>::finish_few_weights(const T* sums, T* w) const {
  const std::int64_t weights = s_.groups * s_.out_channels * s_.depth();
  for (std::int64_t i = 0; i < weights; ++i, sums += kSums<T>) {
    T pairs[kSums<T>];
    std::copy_n(sums, kSums<T>, pairs);
    for (std::int64_t half = kSums<T> / 2; half > 0; half /= 2) {
      for (std::int64_t j = 0; j < half; ++j) pairs[j] += pairs[j + half];
    }
    w[i] = T(0) + pairs[0];  // no -0, which a narrower vector may have left
  }
}

template class ShiftedConv<float>;
template class ShiftedConv<double>;

}  // namespace chainrule::kernels
