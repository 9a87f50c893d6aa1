#include "explain/number.h"

#include <charconv>
#include <cmath>

#include "core/text.h"

namespace chainrule::explain {

std::string shown(double value, int digits) {
  if (std::isnan(value)) return "nan";  // without its sign
  if (value == 0) return "0";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::general, digits).ptr;
  return {text, end};
}

std::string operand(double value, int digits) {
  const std::string text = shown(value, digits);
  return text[0] == '-' ? cat("(", text, ")") : text;
}

}  // namespace chainrule::explain
