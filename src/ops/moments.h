#pragma once

#include <cstdint>

#include "chainrule/ops.h"
#include "graph/node.h"

// What functions that add up squares have in common.
namespace chainrule {

/// While one exists, this thread makes constants: what only picks one of several equal formulas has no slope.
class Constants {
 public:
  Constants() : previous_(Making::here().constants) { Making::here().constants = true; }
  ~Constants() { Making::here().constants = previous_; }
  Constants(const Constants&) = delete;
  Constants& operator=(const Constants&) = delete;

 private:
  bool previous_;
};

/// Which numbers are scaled: huge ones, those near 0 too, or huge ones by no more than how many there are
/// asks for, so that the sum of squares overflows where their mean does, and what is divided by the square of
/// the scale, as a gradient is, does not.
enum class Scaled : std::uint8_t { huge, tiny_too, for_mean };

/// Powers of two, constant, one for each place that is left when `axes` of x are reduced: the numbers that
/// are reduced, times it, have squares whose sum neither overflows nor vanishes. Nearly always 1.
Tensor scale_for_squares(const Tensor& x, const Axes& axes, Scaled scaled);

/// Of floating numbers over some axes, which stay with size 1.
struct Moments {
  Tensor scale;       ///< scale_for_squares
  Tensor difference;  ///< scale (x - mean). What rounding left of the mean is taken off, too.
  Tensor squares;     ///< the sum of squares of that
  Tensor mean;
};
Moments moments(const Tensor& x, const Axes& axes, Scaled scaled);

}  // namespace chainrule
