#pragma once

#include <string>
#include <vector>

#include "chainrule/explain.h"

namespace chainrule::explain {

/// A moment of the two passes: a node gets its value, or its gradient.
struct Step {
  int node = 0;
  bool backward = false;
  std::string what;  // "x = w * 2 + b"
  std::string why;   // one or more sentences
};

/// Every step: the nodes in order, then backwards those that have a gradient.
std::vector<Step> steps(const Trace& trace);

}  // namespace chainrule::explain
