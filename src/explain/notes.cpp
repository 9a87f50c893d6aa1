#include "explain/notes.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "explain/formula.h"
#include "explain/number.h"

namespace chainrule::explain {
namespace {

const Node& node_at(const Trace& trace, int place) { return trace.nodes[static_cast<std::size_t>(place)]; }

bool has_finite_inputs(const Trace& trace, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](const Input& input) { return std::isfinite(node_at(trace, input.node).value); });
}

std::string reason(const Trace& trace, const Node& node) {
  if (node.op == "/" && node_at(trace, node.inputs[1].node).value == 0)
    return "nothing can be divided by zero";
  if (std::isnan(node.value)) return "it is not defined there";
  const bool zero = node_at(trace, node.inputs[0].node).value == 0;
  return zero ? "it has no finite value there" : "it is too large for f64, which ends at 1.8e308";
}

}  // namespace

void add_notes(Trace& trace) {
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    const Node& node = trace.nodes[i];
    if (std::isfinite(node.value) || !has_finite_inputs(trace, node)) continue;
    trace.notes.push_back(cat("[", i + 1, "] ", with_values(trace, node), " is ", shown(node.value), ": ",
                              reason(trace, node), ". What uses it is not finite either, or has lost it."));
  }
  for (int place : trace.backward) {
    const Node& node = node_at(trace, place);
    if (!std::isfinite(node.gradient) || !std::isfinite(node.value) || !has_finite_inputs(trace, node))
      continue;
    for (const Input& input : node.inputs) {
      if (std::isfinite(input.product)) continue;
      trace.notes.push_back(cat("The gradient that [", place + 1, "] ", node.label(), " passes on to [",
                                input.node + 1, "] is ", shown(input.product), ": the local derivative ",
                                derivative(trace, place, input.node), " is ", shown(input.local), " at ",
                                symbol(trace, input.node), " = ", shown(node_at(trace, input.node).value),
                                "."));
    }
  }
}

}  // namespace chainrule::explain
