#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule::io {

/// The name in quotes, for messages. It may come from a hostile file: control characters are shown as '?',
/// and a long one is cut.
std::string in_quotes(std::string_view name);

/// A name that is in the list twice, if there is one.
std::optional<std::string_view> repeated(std::vector<std::string_view> names);

}  // namespace chainrule::io
