#include "explain/source.h"

#include <algorithm>
#include <vector>

#include "core/text.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kWidth = 72;  // characters of a line that are shown

struct Character {
  std::string bytes;
  bool marked = false;
};

std::vector<Character> characters(std::string_view line, std::size_t first, std::size_t last) {
  std::vector<Character> made;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t bytes = character_bytes(line.substr(i));
    const auto byte = static_cast<unsigned char>(line[i]);
    const bool blank = byte == '\t' || byte == '\r';
    const bool broken = byte < 0x20 || byte == 0x7F || (byte >= 0x80 && bytes == 1);
    made.push_back({blank    ? " "
                    : broken ? "?"
                             : std::string(line.substr(i, bytes)),
                    i + bytes > first && i < last});
    i += bytes;
  }
  return made;
}

}  // namespace

std::size_t character_bytes(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t wanted = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
  if (wanted > text.size()) return 1;
  for (std::size_t i = 1; i < wanted; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 1;
  }
  return wanted;
}

std::string marked_line(std::string_view text, std::size_t position, std::size_t length) {
  position = std::min(position, text.size());
  const std::size_t before = position == 0 ? std::string_view::npos : text.rfind('\n', position - 1);
  const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = text.substr(start, text.find('\n', start) - start);
  const std::size_t first = position - start;
  std::vector<Character> shown = characters(line, first, first + length);
  auto mark = std::find_if(shown.begin(), shown.end(), [](const Character& c) { return c.marked; });
  if (mark == shown.end()) mark = shown.insert(mark, {" ", true});  // beyond the last character
  const auto at = static_cast<std::size_t>(mark - shown.begin());
  const std::size_t from = at < kWidth * 2 / 3 ? 0 : at - kWidth * 2 / 3;
  const std::size_t to = std::min(from + kWidth, shown.size());
  std::string above = from > 0 ? "    ..." : "    ";
  std::string below(above.size(), ' ');
  for (std::size_t i = from; i < to; ++i) {
    above += shown[i].bytes;
    below += shown[i].marked ? '^' : ' ';
  }
  if (to < shown.size()) above += "...";
  above.erase(above.find_last_not_of(' ') + 1);
  below.erase(below.find_last_not_of(' ') + 1);
  return above + "\n" + below;
}

ExpressionError mistake(int code, std::string_view what, std::string_view text, std::size_t position,
                        std::size_t length) {
  return ExpressionError(code, cat("[explain] ", what, "\n", marked_line(text, position, length)), position);
}

std::string did_you_mean(const std::string& name) {
  return name.empty() ? "" : cat(" Did you mean ", name, "?");
}

}  // namespace chainrule::explain
