#include "wrap.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <sstream>

namespace chainrule::cli {
namespace {

/// Characters, not bytes.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A line of code; one that is too long goes on below, four blanks further in, a comment as a comment.
std::string code_line(const std::string& code) {
  constexpr std::size_t kIndent = 4;
  std::string all, line(kIndent, ' ');
  line += code;
  std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  std::string further(begin + kIndent, ' ');
  while (length_of(line) > columns()) {
    std::size_t at = line.rfind(' ', columns());
    if (at == std::string::npos || at <= begin) at = line.find(' ', begin);  // behind a word that is too long
    if (at == std::string::npos) break;
    if (further.back() == ' ' && line.rfind("//", at) != std::string::npos) further += "// ";
    all += line.substr(0, at) + "\n";
    line = further + line.substr(at + 1);
    begin = further.size();
  }
  return all + line + "\n";
}

}  // namespace

std::size_t columns(int file) {
  constexpr std::size_t kNone = 80, kFewest = 40, kMost = 100;
  const std::size_t width = terminal_width(file);
  return width == 0 ? kNone : std::clamp(width, kFewest, kMost);
}

std::size_t terminal_width(int file) {
  winsize size{};
  if (ioctl(file, TIOCGWINSZ, &size) != 0) return 0;
  if (size.ws_col > 0) return size.ws_col;
  const char* const told = std::getenv("COLUMNS");
  return told == nullptr ? 0 : std::strtoul(told, nullptr, 10);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t first, std::size_t most) {
  std::istringstream words{std::string(text)};
  std::string all, line;
  std::size_t used = std::max(first, indent);
  for (std::string word; words >> word;) {
    const std::size_t length = length_of(word);
    if (!line.empty() && used + 1 + length > most) {
      all += line + "\n";
      line.clear();
    }
    if (line.empty()) {
      const bool is_first = all.empty();
      line = std::string(is_first ? std::max(first, indent) - first : indent, ' ') + word;
      used = (is_first ? std::max(first, indent) : indent) + length;
    } else {
      line += " " + word;
      used += 1 + length;
    }
  }
  return line.empty() ? all : all + line + "\n";
}

std::string beside(std::string_view name, std::size_t width, std::string_view doc) {
  const std::size_t length = length_of(name);
  const std::string right = wrapped(doc, width, length < width ? length : 0);
  if (right.empty()) return fmt::format("{}\n", name);
  return length < width ? fmt::format("{}{}", name, right) : fmt::format("{}\n{}", name, right);
}

std::string plain_markdown(std::string_view text) {
  static const std::regex heading("^#+ "), bold("^\\*\\*([^*]+)\\*\\*"),
      link("\\[[^\\]]+\\]\\(([^)]+\\.md)\\)");
  std::istringstream lines{std::string(text)};
  std::string all, open;
  const auto close = [&] {
    open = std::regex_replace(open, heading, "");
    open = std::regex_replace(open, bold, "$1");
    all += wrapped(std::regex_replace(open, link, "docs/$1"), 0);
    open.clear();
  };
  bool is_code = false;
  for (std::string line; std::getline(lines, line);) {
    const bool is_fence = line.starts_with("```");
    if (is_fence) is_code = !is_code;
    const bool is_kept = is_code || line.empty() || line[0] == ' ';
    if (is_fence || is_kept) close();
    if (is_fence) continue;
    if (!is_kept) {
      open += line + " ";
    } else if (line.empty()) {
      all += "\n";
    } else {
      all += code_line(is_code ? line : line.substr(std::min<std::size_t>(4, line.find_first_not_of(' '))));
    }
  }
  close();
  return all;
}

}  // namespace chainrule::cli
