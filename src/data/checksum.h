#pragma once

#include <cstdint>
#include <string>

#include "chainrule/data/source.h"

namespace chainrule::data {

/// 16 hexadecimal digits that tell other rows: of the columns' names, dtypes and shapes, the classes' names,
/// and all numbers; of more than `most`, those of rows evenly spaced, at least 16. Against mistakes, not
/// against malice.
std::string checksum_of(const Source& source, std::int64_t most = std::int64_t{1} << 28);

}  // namespace chainrule::data
