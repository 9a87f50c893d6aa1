// check-errors: E221
#include "config/scanner.h"

#include <algorithm>
#include <charconv>

namespace chainrule::config {
namespace {

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || is_one_of(c, "._/:+-");
}

}  // namespace

char Scanner::next() {
  while (at_ < text_.size()) {
    if (text_[at_] == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (is_one_of(text_[at_], " \t\r\n")) {
      ++at_;
    } else {
      return text_[at_];
    }
  }
  return '\0';
}

bool Scanner::take(char c) {
  if (next() != c || at_ >= text_.size()) return false;
  ++at_;
  return true;
}

Place Scanner::place() {
  next();
  return lines_.at(at_);
}

std::string_view Scanner::word() {
  next();
  const std::size_t first = at_;
  while (at_ < text_.size() && is_word_character(text_[at_])) ++at_;
  return text_.substr(first, at_ - first);
}

ValueError Scanner::unexpected(std::string_view need) {
  if (at_end()) return mistake(221, place(), "the text ends here. Need ", need, ".");
  std::size_t bytes = 1;
  while (at_ + bytes < text_.size() && (static_cast<unsigned char>(text_[at_ + bytes]) & 0xC0) == 0x80)
    ++bytes;
  const bool control = static_cast<unsigned char>(text_[at_]) < 0x20;
  return mistake(221, place(), control ? "a control character" : cat("'", text_.substr(at_, bytes), "'"),
                 " cannot stand here. Need ", need, ".");
}

ValueError Scanner::bad_string(std::size_t at, std::string_view what) {
  return mistake(221, lines_.at(at), what);
}

std::string Scanner::string() {
  const char quote = next();
  const std::size_t first = at_++;
  std::string content;
  for (;;) {
    if (at_ >= text_.size() || text_[at_] == '\n')
      throw bad_string(first, cat("the text in quotes has no end. Need a second ", quote, " in its line."));
    const char c = text_[at_];
    if (c == '\\' && quote == '"') {
      content += escaped();
      continue;
    }
    ++at_;
    if (c == quote) return content;
    content += c;
  }
}

/// What the escape that begins here stands for.
std::string Scanner::escaped() {
  static constexpr std::string_view kLetters = "btnfr\"\\", kMeanings = "\b\t\n\f\r\"\\";
  const std::size_t first = at_;
  const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  at_ += 2;
  if (const std::size_t i = kLetters.find(letter); i != std::string_view::npos)
    return std::string(1, kMeanings[i]);
  if (letter == 'u' || letter == 'U') return code_point(letter == 'u' ? 4 : 8);
  throw bad_string(first,
                   "this is no escape. Need \\n, \\t, \\\", \\\\, \\u0041 or the like, or single quotes.");
}

std::string Scanner::code_point(std::size_t digits) {
  const std::string_view hex = text_.substr(std::min(at_, text_.size()), digits);
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  const bool read = error == std::errc() && stop == hex.data() + digits && hex.size() == digits;
  if (!read || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
    throw bad_string(at_ - 2, cat("this is no character. Need ", digits, " hexadecimal digits of one."));
  at_ += digits;
  std::string text;
  append_utf8(text, value);
  return text;
}

}  // namespace chainrule::config
