// A net's graph for Graphviz, and as an indented list.
#include "chainrule/explain/graph.h"
#include "core/text.h"
#include "explain/markup.h"
#include "explain/net_words.h"
#include "explain/table.h"

namespace chainrule::explain {
namespace {

using Edge = NetNode::Edge;

/// Writes boxes with numbers as names; a group's edges end at the first and begin at the last box inside.
class DotWriter {
 public:
  explicit DotWriter(const NetGraph& graph) : graph_(graph) {}

  std::string write() {
    text_ =
        "digraph net {\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
        "  graph [fontname=\"sans-serif\", style=rounded];\n";
    const int input = pill(cat("input ", shape_text(graph_, graph_.input)));
    std::vector<int> ends{input};
    draw(graph_.net, {input}, ends, "  ");
    const int output = pill(cat("output ", shape_text(graph_, graph_.net.shape)));
    for (const int end : ends) arrow(end, output);
    return text_ + "}\n";
  }

 private:
  int pill(const std::string& label) {
    text_ += cat("  n", ++count_, " [label=\"", escaped_quotes(label), "\", shape=plaintext];\n");
    return count_;
  }
  void arrow(int from, int to) { text_ += cat("  n", from, " -> n", to, ";\n"); }

  static std::string escaped_quotes(const std::string& label) {
    std::string made;
    for (const char c : label) made.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
    return made;
  }

  std::string label_of(const NetNode& box) const {
    if (box.kind == NetNode::Kind::join) return escaped_quotes(join_text(box));
    std::string label = escaped_quotes(box.name);
    if (box.repeats > 1) label += cat(" (x", box.repeats, ")");
    if (!box.what.empty()) label += cat("\\n", escaped_quotes(box.what));
    if (box.kind == NetNode::Kind::layer) label += cat("\\n", shape_text(graph_, box.shape));
    if (box.parameters > 0) label += cat("\\n", parameters_text(box));
    return label;
  }

  /// @param ends  what the box's output comes from.
  void draw(const NetNode& box, const std::vector<int>& from, std::vector<int>& ends,
            const std::string& indent) {
    if (box.kind != NetNode::Kind::group) {
      const int own = ++count_;
      text_ += cat(indent, "n", own, " [label=\"", label_of(box), "\"",
                   box.kind == NetNode::Kind::join ? ", shape=circle" : "", "];\n");
      for (const int each : from) arrow(each, own);
      ends = {own};
      return;
    }
    text_ +=
        cat(indent, "subgraph cluster_", ++clusters_, " {\n", indent, "  label=\"", label_of(box), "\";\n");
    std::vector<std::vector<int>> ends_inside(box.inside.size());
    for (std::size_t i = 0; i < box.inside.size(); ++i) {
      draw(box.inside[i], sources(box, static_cast<int>(i), from, ends_inside), ends_inside[i],
           indent + "  ");
    }
    text_ += indent + "}\n";
    ends = sources(box, Edge::kOutput, from, ends_inside);
  }

  static std::vector<int> sources(const NetNode& group, int to, const std::vector<int>& input,
                                  const std::vector<std::vector<int>>& ends) {
    std::vector<int> found;
    for (const Edge& edge : group.edges) {
      if (edge.to != to) continue;
      const std::vector<int>& from =
          edge.from == Edge::kInput ? input : ends[static_cast<std::size_t>(edge.from)];
      found.insert(found.end(), from.begin(), from.end());
    }
    return found;
  }

  const NetGraph& graph_;
  std::string text_;
  int count_ = 0, clusters_ = 0;
};

/// Where a box takes its inputs from, if that is not just the box before.
std::string taken_from(const NetNode& group, int place) {
  std::string text;
  bool is_plain = true;
  for (const Edge& edge : group.edges) {
    if (edge.to != place) continue;
    is_plain = is_plain && text.empty() && edge.from == place - 1;
    text +=
        cat(text.empty() ? "" : " + ",
            edge.from == Edge::kInput ? "the input" : group.inside[static_cast<std::size_t>(edge.from)].name);
  }
  return is_plain ? "" : "from " + text;
}

void list(Table& table, const NetGraph& graph, const NetNode& box, const std::string& from,
          const std::string& indent) {
  const std::string times = box.repeats > 1 ? cat(" x", box.repeats) : "";
  table.add({indent + cut(box.name, 40) + times, cut(box.what, 40), shape_text(graph, box.shape),
             box.parameters > 0 ? grouped(box.parameters * box.repeats) : "", from});
  for (std::size_t i = 0; i < box.inside.size(); ++i) {
    list(table, graph, box.inside[i], taken_from(box, static_cast<int>(i)), indent + "  ");
  }
}

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string shape_text(const NetGraph& graph, const Shape& shape) {
  std::string text = "(";
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    const bool is_rows = axis == 0 && graph.input.ndim() > 0 && shape[0] == graph.input[0];
    text += axis == 0 ? "" : ", ";
    text += is_rows ? "N" : std::to_string(shape[axis]);
  }
  return text + (shape.ndim() == 1 ? ",)" : ")");
}

std::string parameters_text(const NetNode& box) {
  if (box.parameters == 0) return "";
  return cat(box.repeats > 1 ? cat(box.repeats, " x ") : std::string(), grouped(box.parameters),
             " parameters");
}

std::string join_text(const NetNode& box) {
  return box.what == "add" ? "+" : box.what == "mul" ? "\u00D7" : box.what;
}

std::string cut(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

std::string to_dot(const NetGraph& graph) { return DotWriter(graph).write(); }

std::string to_text(const NetGraph& graph) {
  Table table({"layer", "what", "output", ">parameters", ""});
  table.add({"(input)", "", shape_text(graph, graph.input)});
  list(table, graph, graph.net, "", "");
  return table.to_string();
}

}  // namespace chainrule::explain
