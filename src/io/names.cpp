#include "io/names.h"

#include <algorithm>
#include <cstdint>

namespace chainrule::io {

std::string in_quotes(std::string_view name) {
  constexpr std::size_t kMost = 80;
  std::size_t length = name.size();
  if (length > kMost) {
    length = kMost;
    while (length > 0 && (name[length] & 0xC0) == 0x80) --length;  // not within a letter
  }
  std::string text = "\"";
  for (const char c : name.substr(0, length)) {
    text += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  }
  return text + (length < name.size() ? "...\"" : "\"");
}

bool is_utf8(std::string_view bytes) {
  constexpr std::uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};  // by the number of bytes that follow
  for (std::size_t i = 0; i < bytes.size();) {
    const auto first = static_cast<std::uint8_t>(bytes[i++]);
    if (first < 0x80) continue;
    const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || bytes.size() - i < more) return false;
    std::uint32_t letter = first & (0x3Fu >> more);
    for (std::size_t k = 0; k < more; ++k) {
      const auto next = static_cast<std::uint8_t>(bytes[i++]);
      if ((next & 0xC0) != 0x80) return false;
      letter = letter << 6 | (next & 0x3Fu);
    }
    if (letter < kSmallest[more] || letter > 0x10FFFF || (letter >= 0xD800 && letter < 0xE000)) return false;
  }
  return true;
}

std::optional<std::string_view> repeated(std::vector<std::string_view> names) {
  std::sort(names.begin(), names.end());
  const auto found = std::adjacent_find(names.begin(), names.end());
  if (found == names.end()) return std::nullopt;
  return *found;
}

}  // namespace chainrule::io
