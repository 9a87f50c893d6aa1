#pragma once

#include <span>
#include <string>
#include <string_view>

namespace chainrule::explain {

/// The text with the characters escaped that mean something in XML and HTML.
std::string escaped(std::string_view text);

/// A colour of a picture, by its name in the rules: on a light page, and on a dark one.
struct Ink {
  std::string_view name, light, dark;
};
/// Style rules that say `$name` for a colour, for light pages and for dark ones. Programs that draw pictures
/// outside of a page know no variables of CSS, and no dark pages: they see the light colours.
std::string themed(std::string_view rules, std::span<const Ink> inks);

/// The sign that a picture shows for an operation: a multiplication sign for "*".
std::string sign_of(const std::string& op);

}  // namespace chainrule::explain
