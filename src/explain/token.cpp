#include "explain/token.h"

#include <charconv>

#include "core/text.h"
#include "explain/source.h"

namespace chainrule::explain {
namespace {

// Not <cctype>, which depends on the locale.
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Bytes of the number at the start: digits with points, and an exponent if digits follow it.
std::size_t number_bytes(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t digits = end + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    if (digits < text.size() && is_digit(text[digits])) {
      end = digits;
      while (end < text.size() && is_digit(text[end])) ++end;
    }
  }
  return end;
}

Token number_at(std::string_view text, std::size_t position) {
  const std::string_view word = text.substr(position, number_bytes(text.substr(position)));
  Token token{Token::Kind::number, word, position};
  const auto [stopped, error] = std::from_chars(word.data(), word.data() + word.size(), token.number);
  if (error == std::errc::result_out_of_range) {
    throw mistake(91, cat("the number ", word, " is beyond what f64 can hold (1e-308 to 1e308)."), text,
                  position, word.size());
  }
  if (error != std::errc() || stopped != word.data() + word.size()) {
    throw mistake(91, cat("'", word, "' is not a number. Write numbers as 1, 2.5 or 1e-3."), text, position,
                  word.size());
  }
  return token;
}

/// What to say of a character that means nothing here.
std::string foreign(std::string_view character) {
  if (character.size() == 1 &&
      (static_cast<unsigned char>(character[0]) >= 0x80 || static_cast<unsigned char>(character[0]) < 0x20)) {
    return "a byte that is not text.";
  }
  const std::string what = cat("unexpected character '", character, "'.");
  if (character == "[" || character == "{") return what + " Parentheses are round: ( and ).";
  if (character == "\u00D7" || character == "\u00B7") return what + " Multiplication is written *.";
  if (character == "\u00F7" || character == ":") return what + " Division is written /.";
  if (character == "\u2212" || character == "\u2013") return what + " Minus is written -.";
  return what;
}

}  // namespace

std::vector<Token> tokens(std::string_view text) {
  std::vector<Token> made;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (is_blank(c)) {
      ++i;
      continue;
    }
    if (is_digit(c) || (c == '.' && i + 1 < text.size() && is_digit(text[i + 1]))) {
      made.push_back(number_at(text, i));
    } else if (is_letter(c)) {
      std::size_t end = i + 1;
      while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
      made.push_back({Token::Kind::name, text.substr(i, end - i), i});
    } else if (std::string_view("+-*/^(),=;").find(c) != std::string_view::npos) {
      made.push_back({Token::Kind::symbol, text.substr(i, 1), i});
    } else {
      const std::string_view character = text.substr(i, character_bytes(text.substr(i)));
      throw mistake(90, foreign(character), text, i, character.size());
    }
    i += made.back().text.size();
  }
  made.push_back({Token::Kind::end, text.substr(text.size()), text.size()});
  return made;
}

}  // namespace chainrule::explain
