#pragma once

#include <string>

#include "chainrule/explain/graph.h"

namespace chainrule::explain {

/// "(N, 8, 24, 24)": the first axis as N where it is that of the input.
std::string shape_text(const NetGraph& graph, const Shape& shape);
/// "1,234 parameters", "4 x 1,234 parameters", or "".
std::string parameters_text(const NetNode& box);
/// 1234567 as "1,234,567".
std::string grouped(std::int64_t number);
/// A join's sign: "+", or its name.
std::string join_text(const NetNode& box);
/// Text of at most so many characters.
std::string cut(const std::string& text, std::size_t most);

}  // namespace chainrule::explain
