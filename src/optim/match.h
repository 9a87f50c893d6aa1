#pragma once

#include <string_view>

#include "chainrule/optim.h"

namespace chainrule::optim {

/// Whether a text is as a pattern says, where * stands for any text.
constexpr bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (matches(pattern.substr(star + 1), text.substr(at))) return true;
  }
  return false;
}

/// What holds for a parameter of this name.
Group group_of(const Options& options, std::string_view name);

}  // namespace chainrule::optim
