#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "chainrule/error.h"
#include "core/text.h"
#include "io/input.h"

namespace chainrule::data {

inline FileError not_by_rows(const std::string& file, std::string_view why, std::string_view advice) {
  return {610, cat("[data] ", file, " ", why, ", and cannot be read row by row. ", advice,
                   ", or let it be read into memory.")};
}

/// Reads rows of equal length, one after another into `out`; those that are neighbours at once.
/// @param begin  where row 0 is in the file.
inline void read_rows(io::Input& file, std::uint64_t begin, std::size_t row_bytes,
                      std::span<const std::int64_t> rows, std::byte* out) {
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    file.read(begin + static_cast<std::uint64_t>(rows[i]) * row_bytes, out + i * row_bytes,
              (end - i) * row_bytes);
    i = end;
  }
}

}  // namespace chainrule::data
