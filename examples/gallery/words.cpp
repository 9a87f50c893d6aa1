#include "gallery/words.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "gallery/lessons.h"

namespace gallery {
namespace {

constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
    {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}};

/// Before the last of a list of fonts: Linux, macOS, Windows.
constexpr std::string_view kFonts = R"("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", )";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string unescaped(std::string_view xml) {
  std::string text(xml);
  for (const auto& [escape, meant] : kEscapes) replace_all(text, escape, meant);
  return text;
}

std::string escaped(std::string text) {
  for (auto last = std::rbegin(kEscapes); last != std::rend(kEscapes); ++last) {
    replace_all(text, last->second, last->first);
  }
  return text;
}

/// A text with # for each number, and the numbers.
struct Pattern {
  std::string text;
  std::vector<std::string> numbers;
};

/// How many characters at the start are a number: 0.3, -11.08, 1e-05. The digit of x2 is not one.
std::size_t number_at(std::string_view text, char before) {
  if (is_digit(before) || is_letter(before) || before == '_') return 0;
  std::size_t end = text[0] == '-' ? 1 : 0;
  if (end == text.size() || !is_digit(text[end])) return 0;
  while (end < text.size() && (is_digit(text[end]) || (text[end] == '.' && end + 1 < text.size()))) ++end;
  std::size_t power = end + 1;
  if (end < text.size() && text[end] == 'e' && power < text.size()) {
    if (text[power] == '-' || text[power] == '+') ++power;
    if (power < text.size() && is_digit(text[power])) {
      end = power;
      while (end < text.size() && is_digit(text[end])) ++end;
    }
  }
  return end;
}

Pattern pattern_of(std::string_view text) {
  Pattern made;
  for (char before = ' '; !text.empty();) {
    const std::size_t length = number_at(text, before);
    if (length > 0) made.numbers.emplace_back(text.substr(0, length));
    made.text += length > 0 ? '#' : text[0];
    before = text[length > 0 ? length - 1 : 0];
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return made;
}

bool has_word(std::string_view text) {
  return std::adjacent_find(text.begin(), text.end(),
                            [](char a, char b) { return is_letter(a) && is_letter(b); }) != text.end();
}

/// Hands each text of a picture to a function, and puts what it gives in its place. A text that was cut off
/// has all of it in a title inside.
std::string with_texts(std::string_view svg, const std::function<std::string(const std::string&)>& change) {
  std::string made;
  for (std::size_t at; (at = svg.find("<text")) != std::string_view::npos;) {
    const std::size_t begin = svg.find('>', at) + 1, end = svg.find("</text>", begin);
    std::string_view text = svg.substr(begin, end - begin);
    if (const std::size_t title = text.find("<title>"); title != std::string_view::npos) {
      const std::size_t whole = title + std::string_view("<title>").size();
      text = text.substr(whole, text.find("</title>") - whole);
    }
    const std::string plain = unescaped(text), changed = change(plain);
    made += svg.substr(0, begin);
    made += changed == plain ? std::string(svg.substr(begin, end - begin)) : escaped(changed);
    svg.remove_prefix(end);
  }
  return made += svg;
}

}  // namespace

std::set<std::string> texts_of(std::string_view svg) {
  std::set<std::string> found;
  with_texts(svg, [&](const std::string& text) {
    if (const Pattern pattern = pattern_of(text); has_word(pattern.text)) found.insert(pattern.text);
    return text;
  });
  return found;
}

Words::Words(std::string_view table) {
  for (const std::string& line : lines_of(table)) {
    if (trimmed(line).empty() || line.starts_with("//")) continue;
    const std::vector<std::string> parts = parts_of(line);
    const auto count = [](const std::string& text) { return std::count(text.begin(), text.end(), '#'); };
    if (parts.size() > 2 || count(parts.front()) != count(parts.back())) {
      throw std::runtime_error("\"" + line + "\" is not English | theirs, with as many #");
    }
    if (!theirs_.emplace(parts.front(), parts.back()).second) {
      throw std::runtime_error("\"" + parts.front() + "\" stands twice");
    }
  }
}

std::string Words::picture(std::string_view svg) const {
  std::string made = with_texts(svg, [&](const std::string& text) {
    const Pattern pattern = pattern_of(text);
    if (!has_word(pattern.text)) return text;
    const auto found = theirs_.find(pattern.text);
    if (found == theirs_.end()) throw std::runtime_error("the words have no \"" + pattern.text + "\"");
    std::string theirs;
    auto number = pattern.numbers.begin();
    for (const char c : found->second) theirs += c == '#' ? *number++ : std::string(1, c);
    return theirs;
  });
  for (const char* last : {"sans-serif;", "monospace;"}) {
    replace_all(made, std::string(" ") + last, " " + std::string(kFonts) + last);
  }
  return made;
}

std::set<std::string> Words::all() const {
  std::set<std::string> made;
  for (const auto& [english, theirs] : theirs_) made.insert(english);
  return made;
}

}  // namespace gallery
