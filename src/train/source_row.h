#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"

namespace chainrule::train {

/// The integer behind a word of a text; -1 if there is none.
inline std::int64_t number_behind(std::string_view text, std::string_view word) {
  std::int64_t number = -1;
  const std::size_t at = text.find(word);
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + word.size(), text.data() + text.size(), number);
  return number;
}

/// An error of a class number (E022), which knows its place among the numbers of the loss, with the row that
/// a user can look up. Others as they are, and where the number is not at that place of the batch's target: a
/// task that is a function may take others.
/// @param place_of  what a row of the batch is called: "row 57 of the source".
template <class F>
ValueError with_row(const ValueError& error, const data::Batch& batch, F place_of) {
  const std::string_view text = error.what();
  if (error.code() != 22 || batch.size() < 2 || batch.rows() == 0) return error;
  const Tensor& target = batch.target();
  const std::int64_t place = number_behind(text, " in row ");
  if (is_floating(target.dtype()) || place < 0 || place >= target.numel()) return error;
  const std::vector<std::int64_t> numbers = cast(target, i64).template to_vector<std::int64_t>();
  if (numbers[static_cast<std::size_t>(place)] != number_behind(text, " target ")) return error;
  const std::int64_t row = place / (target.numel() / batch.rows());
  return ValueError(22, cat(text.substr(0, text.rfind(" (E")), " It is of ", place_of(row), "."));
}

}  // namespace chainrule::train
