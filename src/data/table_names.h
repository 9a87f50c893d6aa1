#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule::data {

/// Says that a table has no column of this name, and which it has. @throws ValueError  always (E285).
[[noreturn]] void throw_no_column(std::string_view who, std::string_view table, std::string_view name,
                                  const std::vector<std::string>& names);

}  // namespace chainrule::data
