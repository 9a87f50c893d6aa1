#include "explain/markup.h"

namespace chainrule::explain {

std::string escaped(std::string_view text) {
  std::string made;
  for (char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      default:
        made += c;
    }
  }
  return made;
}

std::string sign_of(const std::string& op) {
  if (op == "*") return "\u00D7";
  if (op == "-" || op == "neg") return "\u2212";
  return op;
}

}  // namespace chainrule::explain
