#include "explain/markup.h"

#include "core/text.h"

namespace chainrule::explain {
namespace {

std::string colored(std::string_view rules, std::span<const Ink> inks, std::string_view Ink::*color) {
  std::string made;
  for (std::size_t dollar; (dollar = rules.find('$')) != rules.npos;) {
    made += rules.substr(0, dollar);
    rules.remove_prefix(dollar + 1);
    const std::string_view name = rules.substr(0, rules.find_first_of(" ;"));
    for (const Ink& ink : inks) {
      if (ink.name == name) made += ink.*color;
    }
    rules.remove_prefix(name.size());
  }
  return made.append(rules);
}

}  // namespace

std::string themed(std::string_view rules, std::span<const Ink> inks) {
  return cat(colored(rules, inks, &Ink::light), "  @media (prefers-color-scheme: dark) {",
             colored(rules, inks, &Ink::dark), "  }\n");
}

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
