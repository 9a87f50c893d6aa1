#pragma once

#include <string_view>

namespace chainrule::web {

/// @throws ValueError  E620: this build lacks something.
[[noreturn]] void absent(std::string_view what);

}  // namespace chainrule::web
