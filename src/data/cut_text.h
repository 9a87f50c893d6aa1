#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace chainrule::data {

inline bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// How many characters a text in UTF-8 has.
inline std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// At most so many characters of a text in UTF-8; "..." in place of what is cut off. `most` is above 3.
inline std::string cut_text(std::string_view text, std::size_t most) {
  if (characters_in(text) <= most) return std::string(text);
  std::size_t end = 0;
  for (std::size_t left = most - 3; left > 0 || !begins_character(text[end]); ++end) {
    if (begins_character(text[end])) --left;
  }
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace chainrule::data
