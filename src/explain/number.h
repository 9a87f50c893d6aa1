#pragma once

#include <string>

namespace chainrule::explain {

/// A number for people: at most `digits` significant ones, without trailing zeros; "inf", "-inf", "nan".
std::string shown(double value, int digits = 8);

/// The same as an operand: in parentheses if it is negative.
std::string operand(double value, int digits = 8);

}  // namespace chainrule::explain
