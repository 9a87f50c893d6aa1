#pragma once

#include <string_view>

#include "chainrule/op.h"

namespace chainrule::c_export {

/// How an operation on single elements is written in C: "{0} + {1}".
struct Formula {
  std::string_view op;
  std::string_view text;
  std::string_view function = "";  // of ours that it calls
};
/// Null for an operation of another kind.
const Formula* formula_of(const OpRow& row);

}  // namespace chainrule::c_export
