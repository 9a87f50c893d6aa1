// The trace as a graph for Graphviz.
#include "chainrule/explain.h"
#include "core/text.h"
#include "explain/markup.h"
#include "explain/number.h"

namespace chainrule::explain {
namespace {

constexpr int kDigits = 6;

std::string gradient_text(double value) {
  return cat("<br/><font color=\"#c2410c\">", shown(value, kDigits), "</font>");
}

}  // namespace

std::string to_dot(const Trace& trace) {
  std::string text = cat("// ", trace.result, ": values above, gradients below.\n",
                         "digraph explain {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n"
                         "  edge [fontname=\"monospace\"];\n");
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    const Node& node = trace.nodes[i];
    const bool is_operation = node.kind == Node::Kind::operation;
    text += cat("  n", i + 1, " [label=\"", is_operation ? sign_of(node.op) : node.label(), "\", shape=",
                is_operation        ? (node.op.size() == 1 ? "circle" : "oval")
                : node.name.empty() ? "plaintext"
                                    : "box");
    if (is_operation && !node.name.empty()) text += cat(", xlabel=\"", node.name, "\"");
    text += "];\n";
  }
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    for (const Input& input : trace.nodes[i].inputs) {
      text += cat("  n", input.node + 1, " -> n", i + 1, " [label=<",
                  shown(trace.nodes[static_cast<std::size_t>(input.node)].value, kDigits),
                  input.has_gradient ? gradient_text(input.product) : "", ">];\n");
    }
  }
  const Node& last = trace.nodes.back();
  text += cat("  result [label=\"", trace.result, "\", shape=plaintext];\n  n", trace.nodes.size(),
              " -> result [label=<", shown(last.value, kDigits),
              last.has_gradient ? gradient_text(last.gradient) : "", ">];\n}\n");
  return text;
}

}  // namespace chainrule::explain
