#include "chainrule/nn/functional.h"

#include <algorithm>

#include "chainrule/error.h"
#include "core/nearest.h"
#include "core/text.h"

namespace chainrule::nn {
namespace {

/// Reaches the value of any variable, which set_value would make a leaf of.
struct Slots : Variable {
  static Tensor& value_in(Variable& variable) { return (variable.*&Slots::slot_)->value; }
};

void check_fits(std::string_view name, const Tensor& old, const Tensor& value) {
  if (value.shape() == old.shape() && has_gradient(value.dtype()) == has_gradient(old.dtype())) return;
  throw ShapeError(
      42, cat("[functional_call] the value of ", name, " is ", value.shape(), " ", name_of(value.dtype()),
              ", the net's ", old.shape(), " ", name_of(old.dtype()), "."));
}

}  // namespace

WithValues::WithValues(const Layer& net, const NamedTensors& values) {
  const std::vector<Members::Member> members = net.variables();
  std::vector<std::string> names;
  for (const Members::Member& each : members) names.push_back(each.name);
  std::vector<std::pair<Variable, Tensor>> wanted;
  std::vector<std::string> named;
  for (const auto& [name, value] : values) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string close = nearest(name, names);
      throw ValueError(43, cat("[functional_call] no parameter or state \"", name, "\".",
                               close.empty() ? "" : cat(" Did you mean \"", close, "\"?")));
    }
    const Members::Member& member = members[static_cast<std::size_t>(found - names.begin())];
    const Variable& variable =
        member.parameter != nullptr ? static_cast<const Variable&>(*member.parameter) : *member.state;
    check_fits(name, variable.value(), value);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!(wanted[i].first == variable) || wanted[i].second.node() == value.node()) continue;
      throw ValueError(664, cat("[functional_call] ", name, " has two values: it is one parameter with ",
                                named[i], ". Give one of the names, or both the same tensor."));
    }
    named.push_back(name);
    wanted.emplace_back(variable, value);
  }
  for (auto& [variable, value] : wanted) {
    before_.emplace_back(variable, variable.value());
    Slots::value_in(variable) = value;
  }
}

// Backwards: one that was named twice had its own value first.
WithValues::~WithValues() {
  for (auto each = before_.rbegin(); each != before_.rend(); ++each) {
    Slots::value_in(each->first) = each->second;
  }
}

Ports functional_call(const Layer& net, const NamedTensors& values, const Inputs& inputs) {
  const WithValues here(net, values);
  return net.predict_all(inputs);
}

}  // namespace chainrule::nn
