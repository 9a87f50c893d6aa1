#include "explain/functions.h"

#include <algorithm>

#include "chainrule/explain.h"
#include "core/text.h"
#include "ops/composed.h"
#include "ops/op.h"

namespace chainrule::explain {
namespace {

constexpr const char* kNumbersOnly = "is a function of tensors, and expressions have numbers only";

/// Elementwise operations on one or two numbers that have a derivative and no attributes. Those that have
/// signs are left out: their names are free for variables.
bool is_function(const OpRow& row) {
  for (const char* sign : {"add", "sub", "mul", "div", "neg"}) {
    if (row.info.name == sign) return false;
  }
  return row.info.elementwise && row.info.arity <= 2 && row.attribute_bytes == 0 && row.vjp != nullptr;
}

std::vector<Function> make_functions() {
  std::vector<Function> made;
  for (const ElementwiseFunction& f : elementwise_functions()) made.push_back({f.name, 1, f.call, nullptr});
  for (const OpRow* row : op_table()) {
    if (is_function(*row)) made.push_back({row->info.name, row->info.arity, nullptr, row});
  }
  std::sort(made.begin(), made.end(), [](const Function& a, const Function& b) { return a.name < b.name; });
  return made;
}

}  // namespace

Tensor Function::operator()(std::span<const Tensor> inputs) const {
  return composed ? composed(inputs[0]) : apply_row(*row, nullptr, inputs, Location::current());
}

std::span<const Function> functions() {
  static const std::vector<Function> made = make_functions();
  return made;
}

const Function* find_function(std::string_view name) {
  for (const Function& function : functions()) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::string reason_against(std::string_view name) {
  const OpRow* row = find_op(name);
  if (row != nullptr && row->vjp == nullptr && !row->not_differentiable.empty()) {
    return cat("has no derivative: ", row->not_differentiable);
  }
  if (row != nullptr && row->info.elementwise && row->info.arity <= 2) {
    return "takes settings, which an expression cannot give";
  }
  if (row != nullptr) return kNumbersOnly;
  for (const ComposedFunction& each : composed_functions()) {
    if (each.name == name) return kNumbersOnly;
  }
  return "";
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& function : functions()) names.emplace_back(function.name);
  return names;
}

}  // namespace chainrule::explain
