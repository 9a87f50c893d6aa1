// The trace as aligned tables for a terminal.
#include <algorithm>

#include "chainrule/explain.h"
#include "core/text.h"
#include "explain/formula.h"
#include "explain/number.h"
#include "explain/table.h"

namespace chainrule::explain {
namespace {

std::string number_of(int node) { return cat("[", node + 1, "]"); }

std::string needs(const Node& node) {
  std::string text;
  for (const Input& input : node.inputs) {
    const std::string number = number_of(input.node);
    if (text.find(number) == std::string::npos) text.append(text.empty() ? "" : " ").append(number);
  }
  return text;
}

std::string heading(const Trace& trace) {
  std::string text = trace.expression + "\n";
  for (std::size_t i = 0; i < trace.at.size(); ++i) {
    text += cat(i == 0 ? "at " : ", ", trace.at[i].first, " = ", shown(trace.at[i].second));
  }
  return text + (trace.at.empty() ? "\n" : "\n\n");
}

std::string forward_table(const Trace& trace) {
  Table table({"node", "what", "computed as", ">value", "needs"});
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    const Node& node = trace.nodes[i];
    const bool named = !node.name.empty() && node.kind != Node::Kind::variable;
    table.add({number_of(static_cast<int>(i)), named ? cat(node.name, " = ", node.formula) : node.label(),
               node.kind == Node::Kind::variable ? "given"
               : node.kind == Node::Kind::number ? "a number"
                                                 : with_values(trace, node),
               shown(node.value), needs(node)});
  }
  return "Forward: a node is computed once the nodes that it needs are known.\n\n" + table.to_string();
}

/// One row an arrow: what came back along it, and at the last the sum.
void add_node(Table& table, const Trace& trace, int place) {
  const Node& node = trace.nodes[static_cast<std::size_t>(place)];
  const int last = static_cast<int>(trace.nodes.size()) - 1;
  std::vector<std::vector<std::string>> rows;
  if (place == last) rows.push_back({"", "", derivative(trace, last, last), "by itself"});
  std::vector<int> users = node.users;
  std::reverse(users.begin(), users.end());  // in the order in which they handed it back
  users.erase(std::unique(users.begin(), users.end()), users.end());
  for (int user : users) {
    const Node& taker = trace.nodes[static_cast<std::size_t>(user)];
    for (const Input& input : taker.inputs) {
      if (input.node != place) continue;
      rows.push_back({"", "",
                      cat(rows.empty() ? "" : "+ ", derivative(trace, last, user), " * ",
                          derivative(trace, user, place)),
                      cat(shown(taker.gradient), " * ", operand(input.local))});
      if (node.users.size() > 1) rows.back().back() += cat(" = ", shown(input.product));
    }
  }
  rows.front()[0] = number_of(place);
  rows.front()[1] = node.label();
  rows.back().push_back(shown(node.gradient));
  for (auto& row : rows) table.add(std::move(row));
}

std::string backward_table(const Trace& trace) {
  if (trace.backward.empty()) return "There is nothing to differentiate by.\n";
  Table table({"node", "what", "chain rule", "numbers", cat(">d", trace.result, "/d(node)")});
  for (int place : trace.backward) add_node(table, trace, place);
  return cat(
      "Backward: a node's gradient times the local derivative goes back to each of its inputs;\n"
      "where a node was used more than once, what comes back is added.\n\n",
      table.to_string());
}

/// A derivative, and its central difference if there is one.
std::vector<std::string> row_of(const std::string& name, const Derivative& derivative, bool check) {
  std::vector<std::string> row{name, shown(derivative.value, 10)};
  if (check) {
    const bool agrees = derivative.relative_error <= kCheckTolerance;  // false for NaN
    row.push_back(shown(derivative.numeric, 10));
    row.push_back(shown(derivative.relative_error, 2));
    row.push_back(agrees ? "agrees" : "DIFFERS (a kink, or rounding?)");
  }
  return row;
}

std::string results(const Trace& trace) {
  std::vector<std::string> head{"result", ">value"};
  if (trace.checked) head.insert(head.end(), {">central difference", ">relative error", ""});
  Table table(head);
  table.add({trace.result, shown(trace.value(), 10)});
  for (const Derivative& each : trace.gradient) {
    table.add(row_of(cat("d", trace.result, "/d", each.name), each, trace.checked));
  }
  for (std::size_t i = 0; i < trace.hessian.size(); ++i) {
    for (const Derivative& each : trace.hessian[i]) {
      const std::string name = each.name == trace.gradient[i].name
                                   ? cat("d2", trace.result, "/d", each.name, "2")
                                   : cat("d2", trace.result, "/d", trace.gradient[i].name, "d", each.name);
      table.add(row_of(name, each, trace.checked));
    }
  }
  return table.to_string();
}

}  // namespace

std::string to_text(const Trace& trace) {
  std::string text =
      heading(trace) + forward_table(trace) + "\n" + backward_table(trace) + "\n" + results(trace);
  for (const std::string& note : trace.notes) text += "\n" + note + "\n";
  return text;
}

}  // namespace chainrule::explain
