#pragma once

#include <sstream>
#include <string>

namespace chainrule {

/// The arguments written one after another, as `std::ostream` writes them: for messages, never for hot paths.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

}  // namespace chainrule
