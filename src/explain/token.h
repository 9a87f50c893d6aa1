#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace chainrule::explain {

/// A word of an expression.
struct Token {
  enum class Kind { number, name, symbol, end };
  Kind kind = Kind::end;
  std::string_view text;  // of the expression
  std::size_t position = 0;
  double number = 0;

  bool is(char symbol) const { return kind == Kind::symbol && text[0] == symbol; }
};

/// The words of the text, then one of kind end.
/// @throws ExpressionError  for characters that belong to none (E090), and numbers that are malformed or too
///     large (E091).
std::vector<Token> tokens(std::string_view text);

}  // namespace chainrule::explain
