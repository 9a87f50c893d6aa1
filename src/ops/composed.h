#pragma once

#include <span>
#include <string_view>

#include "ops/op.h"

// The elementwise functions of one tensor that are made of operations. They need no row; this list is for
// what is made from a list of all functions: documentation, accuracy and derivative tests.
namespace chainrule {

struct ComposedFunction {
  std::string_view name;
  std::string_view doc;  // the formula, parameters at their defaults
  Tensor (*call)(const Tensor& x);
  Domain domain = {};
  Ulp ulp = {};
  /// Where the result may be far smaller than what it is made of: why. Its error is then counted in units of
  /// the larger of x and the result.
  std::string_view cancels = {};
};

std::span<const ComposedFunction> composed_functions();

}  // namespace chainrule
