#pragma once

#include <sstream>
#include <string>
#include <type_traits>

namespace chainrule {

/// One part of a message. Not a number is "nan": the sign that the machine gives it means nothing.
template <class Part>
void write_part(std::ostream& out, const Part& part) {
  if constexpr (std::is_floating_point_v<Part>) {
    if (part != part) {
      out << "nan";
      return;
    }
  }
  out << part;
}

/// The arguments written one after another, as `std::ostream` writes them: for messages, never for hot paths.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (write_part(out, parts), ...);
  return std::move(out).str();
}

}  // namespace chainrule
