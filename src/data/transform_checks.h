#pragma once

#include <string_view>

#include "chainrule/data/transform.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::data {

/// @name What a transform asks of columns and settings. @throws ValueError  if they have it not (E277).
/// @{
inline void need_floating(const Info& info, const Column& column) {
  if (is_floating(column.dtype)) return;
  throw ValueError(277, cat("[", info.name, "] the column '", column.name, "' is ", name_of(column.dtype),
                            "; need f32 or f64."));
}

inline void need_axes(const Info& info, const Column& column, int axes) {
  if (column.shape.ndim() >= axes) return;
  throw ValueError(277, cat("[", info.name, "] a row of '", column.name, "' has the shape ", column.shape,
                            "; need ", axes == 1 ? "a width" : "height and width", " last."));
}

template <class T>
void need_setting(bool right, const Info& info, std::string_view name, const T& value,
                  std::string_view rule) {
  if (!right) throw ValueError(277, cat("[", info.name, "] ", name, " is ", value, "; need ", rule, "."));
}

inline void need_range(const Info& info, double low, double high, double least) {
  const bool right = low >= least && low <= high && high <= kLargestNumber;
  if (right) return;
  throw ValueError(277, cat("[", info.name, "] factors from ", low, " to ", high, "; need ", least,
                            " or more, the smaller one first."));
}
/// @}

/// Numbers of a row in the first column.
inline std::int64_t row_size(const Array& array) {
  return array.shape[0] > 0 ? array.numel() / array.shape[0] : 0;
}

}  // namespace chainrule::data
