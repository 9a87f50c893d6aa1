#pragma once

#include <array>
#include <cstddef>

#include "chainrule/random.h"
#include "data/digit_styles.h"

namespace chainrule::data {

/// A place on the pen's way, in pixels, and the pen's radius there.
struct PenNode {
  float x, y, radius;
};

/// A straight piece of the way.
struct PenSegment {
  PenNode from, to;
};

/// A digit as one writer once wrote it: its pieces, fitted into the 20 x 20 box around the origin.
struct WrittenDigit {
  static constexpr std::size_t kMaxSegments = 160;
  std::array<PenSegment, kMaxSegments> segments;
  std::size_t count = 0;
  float softness = 1;  ///< width of the edge's ramp from ink to paper, in pixels
};

/// Writes a digit: picks a style and, from the same random numbers, everything that differs between writers.
void write_digit(int digit, Random& random, WrittenDigit& out);

}  // namespace chainrule::data
