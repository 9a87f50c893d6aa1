#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/tensor.h"

namespace chainrule {
struct OpRow;
}

namespace chainrule::explain {

/// A function that an expression may call: an elementwise operation of the table, or one made of others.
struct Function {
  std::string_view name;
  int arity = 1;
  Tensor (*composed)(const Tensor& x) = nullptr;
  const OpRow* row = nullptr;  // if it is not composed

  /// The node. The library draws composed functions as several; explain as one.
  Tensor operator()(std::span<const Tensor> inputs) const;
};

/// The functions in alphabetical order.
std::span<const Function> functions();
/// The function of that name, or null.
const Function* find_function(std::string_view name);
/// Why expressions do not have an operation or function of the library's, as "has no derivative: ..."; "" for
/// a name that the library does not know either.
std::string reason_against(std::string_view name);

}  // namespace chainrule::explain
