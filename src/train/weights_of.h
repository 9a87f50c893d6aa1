#pragma once

#include "chainrule/named_tensors.h"
#include "chainrule/nn/layer.h"

namespace chainrule::train {

/// Handles on parameters and states of layers, by path.
inline NamedTensors take_weights(const nn::Layer& net) {
  NamedTensors all;
  for (const auto& [name, parameter] : net.parameters()) all.add(name, parameter.value());
  for (const auto& [name, state] : net.states()) all.add(name, state.value());
  return all;
}

/// Puts them in; nothing if there are none.
inline void put_weights(const nn::Layer& net, const NamedTensors& all) {
  if (all.empty()) return;
  for (auto& [name, parameter] : net.parameters()) nn::Parameter(parameter).set_value(all[name]);
  for (auto& [name, state] : net.states()) nn::State(state).set_value(all[name]);
}

}  // namespace chainrule::train
