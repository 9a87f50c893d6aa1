#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace chainrule::cli {

/// Colours on stdout and stderr. --color wins; else NO_COLOR switches them off, FORCE_COLOR and
/// CLICOLOR_FORCE on, if they are set and not empty ("0" forces nothing); else a stream has them if it is a
/// terminal, and TERM is not "dumb".
/// @param when  "auto", "always" or "never". Returns whether it is one of these.
bool set_color(std::string_view when);
bool has_color(std::FILE* stream);

/// What complain writes: "chainrule:" in red, or for a warning yellow, and carets below what is wrong.
std::string colored_message(std::string_view message);
/// Verdicts of check and diff, where stdout has colours: what is right in green, what is wrong in red.
std::string colored_verdicts(std::string text);

}  // namespace chainrule::cli
