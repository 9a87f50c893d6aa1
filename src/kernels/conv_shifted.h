#pragma once

#include <cstdint>

#include "kernels/conv.h"
#include "kernels/padded_image.h"

namespace chainrule::kernels {

/// Convolution with stride 1, without patches.
///
/// With its padding written out, an image has all it needs in one piece of memory: under weight (c, j) lies
/// the plane of channel c, shifted by j. Computed for rows as long as those of the padded image, a few
/// results too many at the end of each, every row of the patch matrix is a piece of that plane, and the
/// matrix product reads them where they lie.
template <class T>
class ShiftedConv {
 public:
  /// Whether it applies: stride 1, and not too many results too many.
  static bool fits(const ConvShape& shape);
  explicit ShiftedConv(const ConvShape& shape);

  void forward(const T* x, const T* w, T* y, const ConvFinish<T>& finish) const;
  /// The weights' gradient of a group; the chains start from 0, or go on from what w holds. Returns false,
  /// and leaves w, where an infinity or NaN is among the numbers: it may have met a zero that stands for no
  /// window.
  bool add_up_weights(std::int64_t group, const T* x, const T* y, T* w, bool accumulate) const;

 private:
  void spread(const T* y, T* to) const;
  void forward_image(const std::int64_t* rows, const T* x, const T* w, std::int64_t first_channel, T* y,
                     const ConvFinish<T>& finish) const;

  ConvShape s_;
  const Windows& v_ = s_.windows;
  PaddedImage padded_;
  std::int64_t plane_;  // elements of a padded plane
  std::int64_t span_;   // results of a plane with those too many
};

}  // namespace chainrule::kernels
