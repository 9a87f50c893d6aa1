#pragma once

#include <string>
#include <string_view>

#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {

/// Walks through a short text, word by word. Blanks, line breaks and comments (# ...) separate words.
class Scanner {
 public:
  Scanner(std::string_view text, const Place& start) : text_(text), lines_(text, start) {}

  /// The character that comes next, after blanks; '\0' at the end.
  char next();
  bool at_end() { return next() == '\0' && at_ >= text_.size(); }
  /// Steps over the character, if it comes next.
  bool take(char c);
  /// Of what comes next.
  Place place();

  /// Letters, digits and ._/:+- in a row; may be empty.
  std::string_view word();
  /// The content of the string in quotes that comes next.
  std::string string();

  /// "'x' cannot stand here. Need ...", of what comes next.
  ValueError unexpected(std::string_view need);

 private:
  std::string escaped();
  std::string code_point(std::size_t digits);
  ValueError bad_string(std::size_t at, std::string_view what);

  std::string_view text_;
  std::size_t at_ = 0;
  Lines lines_;
};

}  // namespace chainrule::config
