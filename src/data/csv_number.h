#pragma once

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace chainrule::data {

/// A cell as a number: digits with a decimal point and an exponent, a sign before. Nothing else is one; what
/// is too large or too small for a double is infinite.
/// @param decimal  what stands for the point.
inline std::optional<double> number_of(std::string_view cell, char decimal = '.') {
  std::string with_point;
  if (decimal != '.') {
    if (cell.find('.') != std::string_view::npos) return std::nullopt;
    with_point = cell;
    std::replace(with_point.begin(), with_point.end(), decimal, '.');
    cell = with_point;
  }
  if (cell.starts_with('+')) cell.remove_prefix(1);
  const std::size_t first = cell.starts_with('-') ? 1 : 0;
  if (cell.size() <= first || cell[first] == 'i' || cell[first] == 'I' || cell[first] == 'n' ||
      cell[first] == 'N') {
    return std::nullopt;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (error == std::errc::invalid_argument || end != cell.data() + cell.size()) return std::nullopt;
  return error == std::errc() ? number : std::numeric_limits<double>::infinity();
}

}  // namespace chainrule::data
