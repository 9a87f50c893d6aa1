#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "chainrule/data/source.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::train {

/// An error of a class number (E022), which knows its row in the batch, with the row that a user can look up.
/// Others as they are.
/// @param place_of  what a row of the batch is called: "row 57 of the source".
template <class F>
ValueError with_row(const ValueError& error, const data::Batch& batch, F place_of) {
  constexpr std::string_view kBefore = " in row ";
  const std::string_view text = error.what();
  const std::size_t at = text.find(kBefore), end = text.rfind(" (E");
  if (error.code() != 22 || at == std::string_view::npos || batch.rows() == 0) return error;
  std::int64_t row = 0;
  std::from_chars(text.data() + at + kBefore.size(), text.data() + end, row);
  const std::int64_t each = std::max<std::int64_t>(1, batch.target().numel() / batch.rows());
  return ValueError(22, cat(text.substr(0, end), " It is of ", place_of(row / each), "."));
}

}  // namespace chainrule::train
