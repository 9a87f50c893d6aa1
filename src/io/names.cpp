#include "io/names.h"

#include <algorithm>

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

std::optional<std::string_view> repeated(std::vector<std::string_view> names) {
  std::sort(names.begin(), names.end());
  const auto found = std::adjacent_find(names.begin(), names.end());
  if (found == names.end()) return std::nullopt;
  return *found;
}

}  // namespace chainrule::io
