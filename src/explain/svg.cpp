// The trace as the books draw it: values above the arrows, gradients below.
#include <algorithm>
#include <cmath>

#include "chainrule/explain.h"
#include "core/text.h"
#include "explain/layout.h"
#include "explain/markup.h"
#include "explain/number.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kMostNodes = 150;
constexpr int kDigits = 6;
constexpr double kCharacter = 8.5;  // of the monospace font at 14 pixels
constexpr double kCircle = 44;
constexpr double kApart = 3;  // each of an arrow's two lines from its middle

constexpr Ink kInks[] = {{"ink", "#111827", "#e5e7eb"},  {"soft", "#6b7280", "#9ca3af"},
                         {"paper", "#fff", "#1f2937"},   {"name", "#4f46e5", "#a5b4fc"},
                         {"fill", "#eef2ff", "#272b55"}, {"gradient", "#c2410c", "#fb923c"}};
constexpr const char* kStyle = R"(
  text { font: 14px "DejaVu Sans Mono", Menlo, Consolas, monospace; text-anchor: middle; fill: $ink; }
  .ground { fill: $paper; }
  .shape { fill: $paper; stroke: $ink; stroke-width: 1.6; }
  .variable { fill: $fill; stroke: $name; }
  .sign { font-size: 17px; }
  .constant { fill: $soft; }
  .number { font-size: 10px; fill: $soft; }
  .name { font-style: italic; font-weight: bold; fill: $name; }
  .arrow { fill: none; stroke: $ink; stroke-width: 1.4; }
  .back { stroke: $gradient; }
  .tip { fill: $ink; }
  .back-tip { fill: $gradient; }
  .gradient { fill: $gradient; font-weight: bold; }
)";

/// A coordinate, to a tenth of a pixel.
std::string px(double value) { return shown(std::round(value * 10) / 10, 9); }

std::string text_at(double x, double y, std::string_view kind, std::string_view text) {
  return cat("<text class=\"", kind, "\" x=\"", px(x), "\" y=\"", px(y), "\">", escaped(text), "</text>");
}

double text_width(std::string_view text) { return kCharacter * static_cast<double>(text.size()); }

/// The step of the page at which a node hands its gradient on: the forward steps come before.
std::size_t backward_step(const Trace& trace, int node) {
  const auto place = std::find(trace.backward.begin(), trace.backward.end(), node) - trace.backward.begin();
  return trace.nodes.size() + 1 + static_cast<std::size_t>(place);
}

bool is_last(const Trace& trace, const Node& node) { return &node == &trace.nodes.back(); }

/// A binding's name stands below its node; that of the result, behind its arrow.
std::string name_below(const Trace& trace, const Node& node) {
  return node.kind == Node::Kind::operation && !is_last(trace, node) ? node.name : "";
}

/// Below a node that is used more than once: the sum of what comes back.
std::string sum_below(const Node& node) {
  return node.has_gradient && node.users.size() > 1 ? cat("sum ", shown(node.gradient, kDigits)) : "";
}

Box size_of(const Trace& trace, const Node& node) {
  Box box;
  const bool is_operation = node.kind == Node::Kind::operation;
  const std::size_t arrows = std::max({node.inputs.size(), node.users.size(), std::size_t{1}});
  box.height = std::max(is_operation ? kCircle : 28.0, 15.0 * static_cast<double>(arrows) + 8);
  const std::string& word = is_operation ? node.op : node.label();
  box.width = node.op.size() == 1 || node.op == "neg" ? kCircle : text_width(word) * 1.1 + 20;
  const std::string name = name_below(trace, node), sum = sum_below(node);
  box.room_width = std::max({box.width, text_width(name), text_width(sum)});
  // The same above as below, so that the node stays in the middle.
  box.room_height = box.height + std::max(30.0, (name.empty() ? 0.0 : 36.0) + (sum.empty() ? 0.0 : 36.0));
  return box;
}

std::string draw_node(const Trace& trace, std::size_t place, const Box& box) {
  const Node& node = trace.nodes[place];
  const bool is_operation = node.kind == Node::Kind::operation;
  const bool is_variable = node.kind == Node::Kind::variable;
  const auto [x, y] = box.at;
  std::string text = cat("<g class=\"node\" data-node=\"", place + 1, "\">");
  if (is_operation || is_variable) {
    text +=
        cat("<rect class=\"shape", is_variable ? " variable" : "", "\" x=\"", px(x - box.width / 2),
            "\" y=\"", px(y - box.height / 2), "\" width=\"", px(box.width), "\" height=\"", px(box.height),
            "\" rx=\"", px(is_operation ? std::min(box.width, box.height) / 2 : 5), "\"/>");
  }
  text += text_at(x, y + 5.5,
                  is_operation  ? "sign"
                  : is_variable ? "name"
                                : "constant",
                  is_operation ? sign_of(node.op) : node.label());
  text += text_at(x, y - box.height / 2 - 5, "number", cat("[", place + 1, "]"));
  double below = y + box.height / 2 + 15;
  if (const std::string name = name_below(trace, node); !name.empty()) {
    text += text_at(x, below, "name", name);
    below += 16;
  }
  text += "</g>\n";
  if (const std::string sum = sum_below(node); !sum.empty()) {
    text += cat("<g data-step=\"", backward_step(trace, static_cast<int>(place)), "\">",
                text_at(x, below, "gradient", sum), "</g>\n");
  }
  return text;
}

/// Level at each point.
std::string curve(std::vector<Point> points, double dy, bool backwards) {
  if (backwards) std::reverse(points.begin(), points.end());
  std::string path = cat("M", px(points[0].x), " ", px(points[0].y + dy));
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point& a = points[i - 1];
    const Point& b = points[i];
    if (a.y == b.y) {
      path += cat(" L", px(b.x), " ", px(b.y + dy));
      continue;
    }
    // Moved aside as well, so that the two lines of a steep arrow stay apart.
    const double middle = (a.x + b.x) / 2 + ((b.y > a.y) == (b.x > a.x) ? -dy : dy);
    path += cat(" C", px(middle), " ", px(a.y + dy), " ", px(middle), " ", px(b.y + dy), " ", px(b.x), " ",
                px(b.y + dy));
  }
  return path;
}

/// data-step says from which step on the page shows it: forward those of the nodes in order, then backward.
std::string draw_arrow(const Trace& trace, const Arrow& arrow) {
  const Node& from = trace.nodes[static_cast<std::size_t>(arrow.from)];
  const int taker = arrow.to < 0 ? arrow.from : arrow.to;
  const bool has_gradient =
      arrow.to < 0 ? from.has_gradient
                   : trace.nodes[static_cast<std::size_t>(arrow.to)].inputs[arrow.input].has_gradient;
  std::string text =
      cat("<g data-step=\"", arrow.from + 1, "\"><path class=\"arrow\" marker-end=\"url(#ahead)\" d=\"",
          curve(arrow.points, has_gradient ? -kApart : 0, false), "\"/>",
          text_at(arrow.label.x, arrow.label.y - 8, "value", shown(from.value, kDigits)), "</g>\n");
  if (!has_gradient) return text;
  const double gradient = arrow.to < 0
                              ? from.gradient
                              : trace.nodes[static_cast<std::size_t>(arrow.to)].inputs[arrow.input].product;
  return text + cat("<g data-step=\"", backward_step(trace, taker),
                    "\"><path class=\"arrow back\" marker-end=\"url(#behind)\" d=\"",
                    curve(arrow.points, kApart, true), "\"/>",
                    text_at(arrow.label.x, arrow.label.y + 18, "gradient", shown(gradient, kDigits)),
                    "</g>\n");
}

std::string marker(std::string_view id, std::string_view kind) {
  return cat("<marker id=\"", id,
             "\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerUnits=\"userSpaceOnUse\" "
             "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0.5 L8 4 L0 7.5 z\" class=\"",
             kind, "\"/></marker>");
}

std::vector<std::vector<double>> label_widths(const Trace& trace) {
  const auto width = [](double value, double gradient) {
    return std::max({text_width(shown(value, kDigits)), text_width(shown(gradient, kDigits)), 24.0}) + 8;
  };
  std::vector<std::vector<double>> widths;
  for (const Node& node : trace.nodes) {
    std::vector<double>& row = widths.emplace_back();
    for (const Input& input : node.inputs) {
      row.push_back(width(trace.nodes[static_cast<std::size_t>(input.node)].value, input.product));
    }
  }
  widths.push_back({width(trace.value(), 1)});
  return widths;
}

}  // namespace

std::string to_svg(const Trace& trace) {
  if (trace.nodes.size() > kMostNodes) {
    throw ValueError(98,
                     cat("[explain] a graph of ", trace.nodes.size(), " nodes is too large for a picture (",
                         kMostNodes, " at most). Take text, json or dot."));
  }
  std::vector<Box> boxes;
  for (const Node& node : trace.nodes) boxes.push_back(size_of(trace, node));
  const Layout layout = lay_out(trace, std::move(boxes), label_widths(trace));
  const double width = layout.width + text_width(trace.result);
  std::string text = cat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", px(width), " ", px(layout.height),
      "\" width=\"", px(width), "\" height=\"", px(layout.height), "\">\n<title>", escaped(trace.expression),
      "</title>\n<defs><style>", themed(kStyle, kInks), "</style>", marker("ahead", "tip"),
      marker("behind", "back-tip"), "</defs>\n", "<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n");
  for (const Arrow& arrow : layout.arrows) text += draw_arrow(trace, arrow);
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) text += draw_node(trace, i, layout.boxes[i]);
  const auto end =
      std::find_if(layout.arrows.begin(), layout.arrows.end(), [](const Arrow& a) { return a.to < 0; });
  text += text_at(end->points.back().x + 8 + text_width(trace.result) / 2, end->points.back().y + 5, "name",
                  trace.result);
  return text + "</svg>\n";
}

}  // namespace chainrule::explain
