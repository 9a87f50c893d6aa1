#pragma once

#include <cstdint>

#include "kernels/conv.h"
#include "kernels/padded_image.h"
#include "kernels/simd/row_products.h"

namespace chainrule::kernels {

/// Convolution with stride 1 where an output has few weights, as the first of a net has: row by row, from
/// images with zeros around. A matrix product would spend its time on reading and writing.
template <class T>
class RowConv {
 public:
  /// Whether it applies, and is worth it.
  static bool fits(const ConvShape& shape);
  explicit RowConv(const ConvShape& shape) : s_(shape), padded_(shape.windows) {}

  void forward(const T* x, const T* w, T* y, const ConvFinish<T>& finish) const;

  /// Numbers of the weights' partial sums: for each weight as many as the widest vector has, each a chain
  /// over the images.
  std::int64_t partial_sums() const { return s_.groups * s_.out_channels * s_.depth() * kSums<T>; }
  /// Adds to the partial sums of the weights' gradient, which begin from 0.
  void add_up_weights(const T* x, const T* y, T* sums) const;
  /// The weights' gradient: adds the partial sums in pairs.
  void finish_weights(const T* sums, T* w) const;

 private:
  ConvShape s_;
  const Windows& v_ = s_.windows;
  PaddedImage padded_;
};

}  // namespace chainrule::kernels
