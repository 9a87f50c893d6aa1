#pragma once

#include <cstdint>
#include <ostream>

#include "chainrule/op.h"

// What others know of permute.
namespace chainrule {

/// An order of axes: a fixed array, so that the attributes stay plain bytes.
struct AxisOrder {
  std::int8_t at[Shape::kMaxNdim] = {};
  std::int8_t count = 0;
  bool operator==(const AxisOrder&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const AxisOrder& order) {
    for (int i = 0; i < order.count; ++i) out << (i == 0 ? "(" : ", ") << static_cast<int>(order.at[i]);
    return out << ")";
  }
  /// Whether the first of the axes, so many, are in their places.
  bool keeps(int first) const {
    for (int i = 0; i < first; ++i) {
      if (at[i] != i) return false;
    }
    return true;
  }
};

/// The order into which a permute brought the axes of what an input was made from; null if none made it.
const AxisOrder* permuted_by(const Known& input);

}  // namespace chainrule
