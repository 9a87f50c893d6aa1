#include "explain/steps.h"

#include <algorithm>

#include "core/text.h"
#include "explain/formula.h"
#include "explain/number.h"

namespace chainrule::explain {
namespace {

constexpr int kDigits = 8;

const Node& node_at(const Trace& trace, int place) { return trace.nodes[static_cast<std::size_t>(place)]; }

/// "node [3]", "nodes [3] and [5]", each once, in order.
std::string listed(std::vector<int> nodes) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::string text = nodes.size() == 1 ? "node " : "nodes ";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    text += cat(i == 0 ? "" : i + 1 == nodes.size() ? " and " : ", ", "[", nodes[i] + 1, "]");
  }
  return text;
}

Step forward_step(const Trace& trace, int place) {
  const Node& node = node_at(trace, place);
  Step step{place, false, {}, {}};
  if (node.kind == Node::Kind::variable) {
    step.what = cat(node.name, " = ", shown(node.value, kDigits));
    step.why = "A variable: its value is given.";
    return step;
  }
  if (node.kind == Node::Kind::number) {
    step.what = node.name.empty() ? node.formula : cat(node.name, " = ", node.formula);
    step.why = "A number: it does not change, so no gradient goes to it.";
    return step;
  }
  std::vector<int> inputs;
  for (const Input& input : node.inputs) inputs.push_back(input.node);
  step.what = cat(node.name.empty() ? "" : node.name + " = ", node.formula, " = ",
                  with_values(trace, node, kDigits), " = ", shown(node.value, kDigits));
  step.why =
      cat("It needs ", listed(inputs), ", which ", inputs.size() == 1 ? "is" : "are", " known by now.");
  return step;
}

/// "10 from [7] + 5 from [5] = 15"
std::string what_came_back(const Trace& trace, int place) {
  const Node& node = node_at(trace, place);
  std::vector<int> users = node.users;
  std::reverse(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  std::string text;
  for (int user : users) {
    for (const Input& input : node_at(trace, user).inputs) {
      if (input.node != place) continue;
      text += cat(text.empty() ? "" : " + ",
                  text.empty() ? shown(input.product, kDigits) : operand(input.product, kDigits), " from [",
                  user + 1, "]");
    }
  }
  return node.users.size() > 1 ? cat(text, " = ", shown(node.gradient, kDigits)) : text;
}

std::string passed_on(const Trace& trace, int place) {
  const Node& node = node_at(trace, place);
  std::string text;
  for (const Input& input : node.inputs) {
    if (!input.has_gradient) continue;
    text += cat(" To [", input.node + 1, "] goes ", shown(node.gradient, kDigits), " * ",
                derivative(trace, place, input.node), " = ", shown(node.gradient, kDigits), " * ",
                operand(input.local, kDigits), " = ", shown(input.product, kDigits), ".");
  }
  return text;
}

Step backward_step(const Trace& trace, int place) {
  const Node& node = node_at(trace, place);
  const int last = static_cast<int>(trace.nodes.size()) - 1;
  Step step{place, true, {}, {}};
  step.what = cat(derivative(trace, last, place), " = ", shown(node.gradient, kDigits));
  if (place == last) {
    step.why = "The backward pass begins at the result: its derivative by itself is 1.";
  } else if (node.users.size() > 1) {
    step.why = cat("It was used ", node.users.size(),
                   " times, so what comes back is added: ", what_came_back(trace, place), ".");
  } else {
    step.why = cat("It was used once; what came back is ", what_came_back(trace, place), ".");
  }
  step.why += passed_on(trace, place);
  return step;
}

}  // namespace

std::vector<Step> steps(const Trace& trace) {
  std::vector<Step> made;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i)
    made.push_back(forward_step(trace, static_cast<int>(i)));
  for (int place : trace.backward) made.push_back(backward_step(trace, place));
  return made;
}

}  // namespace chainrule::explain
