#pragma once

#include <string>
#include <string_view>

#include "chainrule/config.h"

namespace chainrule::config {

/// In double quotes, with the escapes that the three formats share.
/// @throws ValueError  if it is not UTF-8 (E238).
std::string quoted(std::string_view text);

/// A finite number so that it reads as one with a fraction or an exponent: "5.0", "0.1", "1e+20".
std::string fractional(double value);

/// Whether the short text needs no quotes around it.
bool is_plain_word(std::string_view text);

}  // namespace chainrule::config
