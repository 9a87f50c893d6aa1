#include "core/utf8.h"

#include <cstdio>

namespace chainrule {

std::size_t first_broken(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t bytes = utf8_bytes(text.substr(i));
    if (bytes == 0) break;
    i += bytes;
  }
  return i;
}

std::size_t utf8_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t bytes = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes == 0 || first > 0xF4 || bytes > text.size()) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool no_character = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || no_character ? 0 : bytes;
}

bool is_utf8(std::string_view text) { return first_broken(text) == text.size(); }

std::string as_utf8(std::string_view text) {
  std::string made;
  for (;;) {
    const std::size_t good = first_broken(text);
    made += text.substr(0, good);
    if (good == text.size()) return made;
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\x%02x", static_cast<unsigned char>(text[good]));
    made += escape;
    text.remove_prefix(good + 1);
  }
}

}  // namespace chainrule
