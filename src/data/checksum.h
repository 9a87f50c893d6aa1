#pragma once

#include <string>

#include "chainrule/data/source.h"

namespace chainrule::data {

/// 16 hexadecimal digits that tell other rows: of the columns' names, dtypes and shapes, the classes' names,
/// and all numbers; of more than 2^28 numbers, those of rows evenly spaced. Against mistakes, not against
/// malice.
std::string checksum_of(const Source& source);

}  // namespace chainrule::data
