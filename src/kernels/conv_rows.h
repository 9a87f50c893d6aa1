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

  /// Numbers of memory for the partial sums of the weights' gradient: for each weight as many as the widest
  /// vector has, each over chains (chain_sums.h) of images or parts of one.
  std::int64_t partial_sums() const;
  /// Adds to the partial sums of the weights' gradient, or begins them.
  void add_up_weights(const T* x, const T* y, T* memory, bool begin) const;
  /// The weights' gradient: adds the partial sums in pairs.
  void finish_weights(T* memory, T* w) const;

 private:
  /// Rows and columns of y that go into one chain, at most, and the links they make.
  struct Step {
    std::int64_t rows, columns, links;
  };
  Step step() const;
  std::int64_t all_sums() const { return s_.groups * s_.out_channels * s_.depth() * kSums<T>; }

  ConvShape s_;
  const Windows& v_ = s_.windows;
  PaddedImage padded_;
};

}  // namespace chainrule::kernels
