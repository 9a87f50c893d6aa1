#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "chainrule/explain.h"

namespace chainrule::explain {

/// The line of the text that holds the place, indented, and a second one with marks under `length` bytes from
/// there. Long lines are cut around the place; control and broken characters are shown as '?'.
std::string marked_line(std::string_view text, std::size_t position, std::size_t length);

/// A mistake at a place: "[explain] what" and the marked line.
ExpressionError mistake(int code, std::string_view what, std::string_view text, std::size_t position,
                        std::size_t length);

/// The bytes of the character at the start of the text: 1 to 4, 1 if it is not valid UTF-8. 0 at the end.
std::size_t character_bytes(std::string_view text);

/// " Did you mean NAME?", or nothing without a name.
std::string did_you_mean(const std::string& name);

}  // namespace chainrule::explain
