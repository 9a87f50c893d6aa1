#pragma once

#include <cstring>

#include "kernels/windows.h"

namespace chainrule::kernels {

/// Sizes of a convolution: x (n, groups in_channels, in...), w (groups out_channels, in_channels, kernel...),
/// y (n, groups out_channels, out...). Channels of group g meet only those of group g.
struct ConvShape {
  Windows windows;
  std::int64_t n = 0, groups = 1;
  std::int64_t in_channels = 0, out_channels = 0;  // of one group

  /// Weights of one output channel.
  std::int64_t depth() const { return in_channels * windows.kernel.product(); }
};

/// What is done to a convolution's results as they are written: y + bias, one number a channel, and
/// y <= 0 ? 0 : y.
template <class T>
struct ConvFinish {
  const T* bias = nullptr;  // (groups out_channels), or null
  bool relu = false;

  /// Writes results of one channel side by side. `to` may be `from`.
  void write(std::int64_t channel, const T* from, std::int64_t count, T* to) const {
    if (bias != nullptr) {
      const T b = bias[channel];
      for (std::int64_t i = 0; i < count; ++i) {
        const T sum = from[i] + b;
        to[i] = relu && sum <= T(0) ? T(0) : sum;
      }
    } else if (relu) {
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[i] <= T(0) ? T(0) : from[i];
    } else if (from != to) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
    }
  }
};

/// Some images of a batch whose convolution is computed piece by piece, in order.
template <class T>
struct ConvPiece {
  bool first = true, last = true;
  /// Memory of as many numbers as conv_kept and its like say, which stays from the first piece to the last;
  /// null for a batch in one piece.
  T* kept = nullptr;
};

/// @name The three products of a convolution, by matrix products on the thread pool.
///
/// In f32 and with stride 1, kernels of 3 x 3 are computed by Winograd's transforms (conv_winograd.h). Else
/// y[n, o, l] = sum over the patch (c, j) of x[n, c, place of (l, j)] w[o, c, j]: one fused multiply-add
/// chain in the order of w's memory. The weights' gradient is one chain over (n, l) in order or, where an
/// output has few weights, kSums chains, added in pairs (conv_rows.h). The input's gradient is, with stride
/// 1, one chain over (o, j), the last j first; with others, for each j a chain over o, and those are added
/// over fixed blocks of l, in each over j. Where a chain would have more than Gemm::kMaxChain links, there
/// are several, of fixed length, and their sums are added in pairs (chain_sums.h). So the bits depend neither
/// on threads nor on the vector width (see gemm.h).
///
/// Each thread keeps scratch memory of about 2 MB, or of one padded image and one result if that is more.
/// @{
template <class T>
void conv(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish = {},
          const ConvPiece<T>& piece = {});
/// x from y: the adjoint of conv in x.
template <class T>
void conv_input(const ConvShape& shape, const T* y, const T* w, T* x, const ConvPiece<T>& piece = {});
/// w from x and y: the adjoint of conv in w. What w holds is of use after the last piece.
template <class T>
void conv_weight(const ConvShape& shape, const T* x, const T* y, T* w, const ConvPiece<T>& piece = {});
/// @}

/// @name How many numbers each keeps from piece to piece.
/// @{
std::int64_t conv_kept(const ConvShape& shape);
std::int64_t conv_input_kept(const ConvShape& shape);
std::int64_t conv_weight_kept(const ConvShape& shape);
/// @}

}  // namespace chainrule::kernels
