// Which kernel computes a convolution: a choice by sizes alone.
#include "kernels/conv.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "kernels/chain_sums.h"
#include "kernels/conv_patches.h"
#include "kernels/conv_rows.h"
#include "kernels/conv_shifted.h"
#include "kernels/conv_winograd.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule::kernels {
namespace {

std::int64_t x_size(const ConvShape& s) { return s.groups * s.in_channels * s.windows.in.product(); }
std::int64_t y_size(const ConvShape& s) { return s.groups * s.out_channels * s.windows.out.product(); }
std::int64_t w_size(const ConvShape& s) { return s.groups * s.out_channels * s.depth(); }

/// With stride 1 the adjoint in x is a convolution of y, with as much padding as the windows reach over and
/// the weights turned round.
ConvShape adjoint(const ConvShape& s) {
  ConvShape turned{s.windows, s.n, s.groups, s.out_channels, s.in_channels};
  std::swap(turned.windows.in, turned.windows.out);
  for (int axis = 0; axis < 3; ++axis) {
    turned.windows.low[axis] = (s.windows.kernel[axis] - 1) * s.windows.dilation[axis] - s.windows.low[axis];
  }
  return turned;
}

/// Weights (o, c, j) as (c, o, the last j first), group by group.
template <class T>
void turn_weights(const ConvShape& s, const T* w, T* turned) {
  const std::int64_t kernel = s.windows.kernel.product();
  for (std::int64_t group = 0; group < s.groups; ++group) {
    for (std::int64_t o = 0; o < s.out_channels; ++o) {
      for (std::int64_t c = 0; c < s.in_channels; ++c, w += kernel) {
        T* to = turned + ((group * s.in_channels + c) * s.out_channels + o) * kernel;
        std::reverse_copy(w, w + kernel, to);
      }
    }
  }
}

template <class T>
void direct_conv(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish) {
  if (RowConv<T>::fits(shape)) return RowConv<T>(shape).forward(x, w, y, finish);
  if (ShiftedConv<T>::fits(shape)) return ShiftedConv<T>(shape).forward(x, w, y, finish);
  conv_by_patches(shape, x, w, y, finish);
}

template <class T>
void direct_conv_input(const ConvShape& shape, const T* y, const T* w, T* x) {
  if (ShiftedConv<T>::fits(adjoint(shape))) {
    thread_local Scratch memory;
    T* turned = memory.get<T>(w_size(shape));
    turn_weights(shape, w, turned);
    return ShiftedConv<T>(adjoint(shape)).forward(y, turned, x, {});
  }
  conv_input_by_patches(shape, y, w, x);
}

/// With `accumulate` the chains go on from what w holds.
template <class T>
void direct_conv_weight(const ConvShape& shape, const T* x, const T* y, T* w, bool accumulate) {
  if (shape.n * shape.windows.out.product() == 0) {
    if (!accumulate) std::fill_n(w, w_size(shape), T(0));
  } else if (shape.depth() == 0) {
    return;
  } else if (!ShiftedConv<T>::fits(shape)) {
    conv_weight_by_patches(shape, {0, shape.groups}, x, y, w, accumulate);
  } else {
    for (std::int64_t group = 0; group < shape.groups; ++group) {
      if (ShiftedConv<T>(shape).add_up_weights(group, x, y, w, accumulate)) continue;
      conv_weight_by_patches(shape, {group, group + 1}, x, y, w, accumulate);
    }
  }
}

/// Links that an image adds to the chains of the weights' gradient.
std::int64_t links_of_image(const ConvShape& s) {
  const bool is_shifted = ShiftedConv<float>::fits(s);
  return std::max<std::int64_t>(1, is_shifted ? PaddedImage(s.windows).span() : s.windows.out.product());
}
template <class T>
std::int64_t direct_chains(const ConvShape& s) {
  return ChainSums<T>::chains(s.n, links_of_image(s));
}
template <class T>
std::int64_t direct_sums(const ConvShape& s) {
  return ChainSums<T>::memory(w_size(s), direct_chains<T>(s));
}

/// The same for any number of images, in chains of whole ones.
template <class T>
void direct_conv_weight(const ConvShape& shape, const T* x, const T* y, T* w, const ConvPiece<T>& piece,
                        T* memory) {
  const std::int64_t links = links_of_image(shape);
  ChainSums<T> chains(memory, w_size(shape));
  if (piece.first) chains.clear();
  ConvShape some = shape;
  for (std::int64_t i = 0; i < shape.n; i += some.n) {
    some.n = std::min(shape.n - i, chains.room(links));
    direct_conv_weight(some, x + i * x_size(shape), y + i * y_size(shape), chains.chain(), chains.is_begun());
    chains.add(some.n * links);
  }
  if (piece.last) std::copy_n(chains.finish(), w_size(shape), w);
}

/// Runs `direct(shape of one image, image)` for those that could not be done together with the others.
template <class F>
void for_each_left(ConvShape shape, const bool* done, F direct) {
  const std::int64_t images = std::exchange(shape.n, 1);
  for (std::int64_t i = 0; i < images; ++i) {
    if (!done[i]) direct(shape, i);
  }
}

/// Memory of this thread: what a piece keeps where nothing has to be kept, and which images are done.
template <class T>
T* kept_or_scratch(const ConvPiece<T>& piece, std::int64_t count) {
  thread_local Scratch memory;
  return piece.kept != nullptr ? piece.kept : memory.get<T>(count);
}
bool* flags(std::int64_t count) {
  thread_local Scratch memory;
  return memory.get<bool>(count);
}

}  // namespace

template <class T>
void conv(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish,
          const ConvPiece<T>& piece) {
  if constexpr (std::is_same_v<T, float>) {
    if (WinogradConv::fits(shape)) {
      const WinogradConv fast(shape);
      float* transformed = kept_or_scratch(piece, fast.transformed());
      bool* done = flags(shape.n);
      if (piece.first) fast.transform_weights(w, transformed);
      fast.forward(x, transformed, y, finish, done);
      return for_each_left(shape, done, [&](const ConvShape& one, std::int64_t i) {
        direct_conv(one, x + i * x_size(shape), w, y + i * y_size(shape), finish);
      });
    }
  }
  direct_conv(shape, x, w, y, finish);
}

template <class T>
void conv_input(const ConvShape& shape, const T* y, const T* w, T* x, const ConvPiece<T>& piece) {
  // The other ways multiply zeros beside y, too: of infinite weights that would make NaN.
  if (!std::all_of(w, w + w_size(shape), [](T number) { return std::isfinite(number); })) {
    return conv_input_by_patches(shape, y, w, x);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (WinogradConv::fits(adjoint(shape))) {
      const WinogradConv fast(adjoint(shape));
      float* transformed = kept_or_scratch(piece, fast.transformed());
      bool* done = flags(shape.n);
      if (piece.first) fast.transform_turned_weights(w, transformed);
      fast.forward(y, transformed, x, {}, done);
      return for_each_left(shape, done, [&](const ConvShape& one, std::int64_t i) {
        direct_conv_input(one, y + i * y_size(shape), w, x + i * x_size(shape));
      });
    }
  }
  direct_conv_input(shape, y, w, x);
}

template <class T>
void conv_weight(const ConvShape& shape, const T* x, const T* y, T* w, const ConvPiece<T>& piece) {
  if constexpr (std::is_same_v<T, float>) {
    if (WinogradConv::fits(shape)) {
      const WinogradConv fast(shape);
      float* sums = kept_or_scratch(piece, fast.transformed_sums());
      bool* done = flags(shape.n);
      fast.add_up_weights(x, y, sums, piece.first, done);
      if (piece.first) std::fill_n(w, w_size(shape), T(0));
      for_each_left(shape, done, [&](const ConvShape& one, std::int64_t i) {
        direct_conv_weight(one, x + i * x_size(shape), y + i * y_size(shape), w, true);
      });
      if (piece.last) fast.transform_back_weights(sums, w);
      return;
    }
  }
  if (RowConv<T>::fits(shape)) {
    const RowConv<T> rows(shape);
    T* sums = kept_or_scratch(piece, rows.partial_sums());
    rows.add_up_weights(x, y, sums, piece.first);
    if (piece.last) rows.finish_weights(sums, w);
    return;
  }
  if (piece.kept == nullptr && direct_chains<T>(shape) <= 1) {  // nor has the whole batch more
    return direct_conv_weight(shape, x, y, w, !piece.first);
  }
  direct_conv_weight(shape, x, y, w, piece, kept_or_scratch(piece, direct_sums<T>(shape)));
}

std::int64_t conv_kept(const ConvShape& shape) {
  return WinogradConv::fits(shape) ? WinogradConv(shape).transformed() : 0;
}
std::int64_t conv_input_kept(const ConvShape& shape) { return conv_kept(adjoint(shape)); }
std::int64_t conv_weight_kept(const ConvShape& shape) {
  const bool is_winograd = WinogradConv::fits(shape), is_by_rows = RowConv<float>::fits(shape);
  if (!is_winograd && !is_by_rows && direct_chains<float>(shape) <= 1) return 0;  // the sums lie in w
  const std::int64_t direct = std::max(direct_sums<float>(shape), direct_sums<double>(shape));
  const std::int64_t by_rows =
      is_by_rows ? std::max(RowConv<float>(shape).partial_sums(), RowConv<double>(shape).partial_sums()) : 0;
  return std::max({is_winograd ? WinogradConv(shape).transformed_sums() : 0, by_rows, direct});
}

template void conv(const ConvShape&, const float*, const float*, float*, const ConvFinish<float>&,
                   const ConvPiece<float>&);
template void conv(const ConvShape&, const double*, const double*, double*, const ConvFinish<double>&,
                   const ConvPiece<double>&);
template void conv_input(const ConvShape&, const float*, const float*, float*, const ConvPiece<float>&);
template void conv_input(const ConvShape&, const double*, const double*, double*, const ConvPiece<double>&);
template void conv_weight(const ConvShape&, const float*, const float*, float*, const ConvPiece<float>&);
template void conv_weight(const ConvShape&, const double*, const double*, double*, const ConvPiece<double>&);

}  // namespace chainrule::kernels
