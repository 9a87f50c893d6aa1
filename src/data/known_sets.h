#pragma once

#include <cstdint>
#include <string_view>

namespace chainrule::data {

/// How many images of digits are drawn to learn from, and to test on.
inline constexpr std::int64_t kDigits = 60000, kTestDigits = 10000;

/// What a set that is known by name has in it, in a line; "" of others.
std::string_view doc_of_set(std::string_view name);

}  // namespace chainrule::data
