#include "explain/functions.h"

#include <algorithm>
#include <type_traits>

#include "chainrule/explain.h"
#include "chainrule/ops.h"
#include "ops/op.h"

namespace chainrule::explain {
namespace {

/// The functions of chainrule/ops.h that are composed there, so that the table of operations lacks them.
/// A name that ops.h does not declare has arity 0.
template <class Call>
Function composed(std::string_view name, Call) {
  using Inputs = std::span<const Tensor>;
  if constexpr (std::is_invocable_r_v<Tensor, Call, Tensor>) {
    return {name, 1, [](Inputs x) -> Tensor { return Call{}(x[0]); }};
  } else if constexpr (std::is_invocable_r_v<Tensor, Call, Tensor, Tensor>) {
    return {name, 2, [](Inputs x) -> Tensor { return Call{}(x[0], x[1]); }};
  } else {
    return {name, 0};
  }
}

#define CHAINRULE_COMPOSED(name) \
  composed(#name, [](const auto&... x) -> decltype(name(x...)) { return name(x...); })

std::vector<Function> composed_functions() {
  return {CHAINRULE_COMPOSED(abs),        CHAINRULE_COMPOSED(atan2),        CHAINRULE_COMPOSED(elu),
          CHAINRULE_COMPOSED(gelu),       CHAINRULE_COMPOSED(hard_sigmoid), CHAINRULE_COMPOSED(hard_swish),
          CHAINRULE_COMPOSED(leaky_relu), CHAINRULE_COMPOSED(log_sigmoid),  CHAINRULE_COMPOSED(maximum),
          CHAINRULE_COMPOSED(minimum),    CHAINRULE_COMPOSED(mish),         CHAINRULE_COMPOSED(reciprocal),
          CHAINRULE_COMPOSED(relu),       CHAINRULE_COMPOSED(rsqrt),        CHAINRULE_COMPOSED(selu),
          CHAINRULE_COMPOSED(silu),       CHAINRULE_COMPOSED(softplus),     CHAINRULE_COMPOSED(softsign),
          CHAINRULE_COMPOSED(square),     CHAINRULE_COMPOSED(tan),          CHAINRULE_COMPOSED(sinh),
          CHAINRULE_COMPOSED(cosh),       CHAINRULE_COMPOSED(asinh),        CHAINRULE_COMPOSED(acosh),
          CHAINRULE_COMPOSED(atanh),      CHAINRULE_COMPOSED(asin),         CHAINRULE_COMPOSED(acos),
          CHAINRULE_COMPOSED(atan),       CHAINRULE_COMPOSED(log1p),        CHAINRULE_COMPOSED(expm1)};
}

#undef CHAINRULE_COMPOSED

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
  for (const Function& function : composed_functions()) {
    if (function.composed) made.push_back(function);
  }
  for (const OpRow* row : op_table()) {
    const auto same = [row](const Function& other) { return other.name == row->info.name; };
    if (is_function(*row) && std::none_of(made.begin(), made.end(), same)) {
      made.push_back({row->info.name, row->info.arity, nullptr, row});
    }
  }
  std::sort(made.begin(), made.end(), [](const Function& a, const Function& b) { return a.name < b.name; });
  return made;
}

}  // namespace

Tensor Function::operator()(std::span<const Tensor> inputs) const {
  return composed ? composed(inputs) : apply_row(*row, nullptr, inputs, Location::current());
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

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const Function& function : functions()) names.emplace_back(function.name);
  return names;
}

}  // namespace chainrule::explain
