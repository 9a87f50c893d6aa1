#pragma once

#include <string>
#include <string_view>

namespace chainrule::explain {

/// The text with the characters escaped that mean something in XML and HTML.
std::string escaped(std::string_view text);

/// The sign that a picture shows for an operation: a multiplication sign for "*".
std::string sign_of(const std::string& op);

}  // namespace chainrule::explain
