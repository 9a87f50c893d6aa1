#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule {

/// The candidate with the fewest changed letters (Levenshtein); else one with the same letters in another
/// order, or one that begins or ends with the word; "" if none is near. For "Did you mean".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace chainrule
