#pragma once

#include <cstdint>
#include <string_view>

#include "chainrule/train/metric.h"

// What metrics of classes share.
namespace chainrule::metric {

/// Whether each prediction is one number, above 0 for a yes.
bool is_yes_or_no(const Seen& of);

/// Class numbers of targets that are class numbers already, or one-hot rows.
/// @throws ShapeError  if they do not fit the predictions (E306).
Tensor classes_of(std::string_view metric, const Seen& of);

/// How often class i (row) is taken for class j (column), (count, count) in f64.
Tensor confusion_of(const Tensor& classes, const Tensor& taken, std::int64_t count);

}  // namespace chainrule::metric
