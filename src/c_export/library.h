#pragma once

#include <set>
#include <string>
#include <string_view>

namespace chainrule::c_export {

/// The C functions of these names and those that they call, in their order. In the texts `$` stands for the
/// net's name, `$$` for the same in capitals, and MADD for the macro that multiplies and adds.
std::string functions_text(const std::set<std::string_view>& names);

/// The text with the net's name in it.
std::string with_name(std::string_view text, std::string_view name);

}  // namespace chainrule::c_export
