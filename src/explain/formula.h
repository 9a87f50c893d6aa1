#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/explain.h"

namespace chainrule::explain {

/// An operation as one writes it: "w * 2", "exp(x)". The operands must have the parentheses that they need.
std::string written(const std::string& op, std::span<const std::string> operands);

/// The formula of nodes.back() in terms of the nodes before it: unnamed ones are spelt out if they are short,
/// and are "[5]" otherwise. `strength` has the precedence of each node's label before it, and gets that of
/// its own.
std::string formula_of(const std::vector<Node>& nodes, std::vector<int>& strength);

/// The formula with the inputs' values: "3 * 2".
std::string with_values(const Trace& trace, const Node& node, int digits = 8);

/// A node's name in a derivative: its name if it is short, else its number: "z", "[5]".
std::string symbol(const Trace& trace, int node);

/// "dz/d[5]", the derivative of one node by another.
std::string derivative(const Trace& trace, int of, int by);

}  // namespace chainrule::explain
