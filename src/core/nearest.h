#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule {

/// The candidate with the fewest changed letters (Levenshtein), or "" if none is near: for "Did you mean".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace chainrule
