#pragma once

#include <string_view>

namespace chainrule::data {

/// What a set that is known by name has in it, in a line; "" of others.
std::string_view doc_of_set(std::string_view name);

}  // namespace chainrule::data
