#include "config/toml_keys.h"

#include <algorithm>

#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// The offset behind the string in quotes that begins at an offset; behind its line if it does not end there.
std::size_t end_of_string(std::string_view toml, std::size_t begin) {
  const char quote = toml[begin];
  const std::string three(3, quote);
  const bool long_one = toml.substr(begin, 3) == three;
  const std::string_view close = long_one ? std::string_view(three) : std::string_view(three).substr(0, 1);
  for (std::size_t i = begin + close.size(); i < toml.size(); ++i) {
    if (toml[i] == '\n' && !long_one) return i;
    if (toml[i] == '\\' && quote == '"') {
      ++i;
    } else if (toml.substr(i, close.size()) == close) {
      return i + close.size();
    }
  }
  return toml.size();
}

}  // namespace

void check_dotted_keys(std::string_view toml, const Place& start) {
  int parts = 0;
  bool dot = false;  // whether the last word was one
  std::size_t first = 0;
  for (std::size_t i = 0; i < toml.size();) {
    const char c = toml[i];
    if (is_bare(c) || c == '"' || c == '\'') {
      parts = dot ? parts + 1 : 1;
      if (!dot) first = i;
      dot = false;
      if (parts > kMaxDepth)
        throw mistake(224, Lines(toml, start).at(first), "a key with more than ", kMaxDepth,
                      " parts. Need a flatter form.");
      i = is_bare(c)
              ? static_cast<std::size_t>(
                    std::find_if_not(toml.begin() + static_cast<std::ptrdiff_t>(i), toml.end(), is_bare) -
                    toml.begin())
              : end_of_string(toml, i);
    } else if (c == '#') {
      i = std::min(toml.find('\n', i), toml.size());
    } else {
      if (c == '.') dot = true;
      if (c != '.' && c != ' ' && c != '\t') dot = false;
      ++i;
    }
  }
}

}  // namespace chainrule::config
