#pragma once

#include <span>
#include <vector>

namespace chainrule::data {

/// A point of a pen's way, in a box of about 100 x 100: x to the right, y down.
struct PenPoint {
  double x = 0;
  double y = 0;
  bool corner = false;  ///< the pen turns here; elsewhere the way is smooth
  bool last = false;    ///< the pen is lifted after this point
};

/// One way in which people write a digit: two extremes of the same structure, between which a writer chooses.
struct DigitStyle {
  double weight = 0;  ///< how often, relative to the other styles of the digit
  std::vector<PenPoint> from, to;
};

/// All styles of a digit, 0 to 9.
std::span<const DigitStyle> styles_of(int digit);

}  // namespace chainrule::data
