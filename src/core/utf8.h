#pragma once

#include <string>
#include <string_view>

namespace chainrule {

/// The bytes of the UTF-8 character at the start of a text that is not empty; 0 if there is none (RFC 3629).
std::size_t utf8_bytes(std::string_view text);

/// Where the first character that is not UTF-8 begins, or the size.
std::size_t first_broken(std::string_view text);
bool is_utf8(std::string_view text);

/// The text, with "\xff" in place of each byte that is no part of a character.
std::string as_utf8(std::string_view text);

}  // namespace chainrule
