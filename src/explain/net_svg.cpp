// A net's graph as a picture.
#include <algorithm>
#include <cmath>

#include "chainrule/explain/graph.h"
#include "core/text.h"
#include "explain/markup.h"
#include "explain/net_layout.h"
#include "explain/net_words.h"
#include "explain/number.h"

namespace chainrule::explain {
namespace {

constexpr double kCharacter = 7.3;  // of the monospace font at 12 pixels
constexpr std::size_t kMost = 38;   // characters of a line
constexpr double kEnd = 46;         // for the words before the first box and after the last

constexpr Ink kInks[] = {{"ink", "#111827", "#e5e7eb"},    {"soft", "#6b7280", "#9ca3af"},
                         {"paper", "#fff", "#1f2937"},     {"ground", "#fff", "#111827"},
                         {"line", "#9ca3af", "#6b7280"},   {"group", "#f3f4f6", "#172033"},
                         {"learns", "#4f46e5", "#a5b4fc"}, {"fill", "#eef2ff", "#272b55"}};
constexpr const char* kStyle = R"(
  text { font: 12px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: $soft; text-anchor: middle; }
  .name { fill: $ink; font-weight: bold; } .what { fill: $ink; }
  .ground { fill: $ground; } .box { fill: $paper; stroke: $line; stroke-width: 1.3; }
  .learns { fill: $fill; stroke: $learns; } .join { fill: $paper; stroke: $ink; stroke-width: 1.3; }
  .group { fill: $group; fill-opacity: .65; stroke: $line; stroke-dasharray: 5 3; }
  .head { text-anchor: start; paint-order: stroke; stroke: $group; stroke-width: 5px; }
  .arrow { fill: none; stroke: $ink; stroke-width: 1.3; } .tip { fill: $ink; } .sign { fill: $ink; font-size: 15px; }
)";

std::string px(double value) { return shown(std::round(value * 10) / 10, 9); }

double text_width(const std::string& text) { return kCharacter * static_cast<double>(text.size()); }

std::string head_of(const NetNode& group) {
  std::string text = cut(group.name, kMost);
  if (group.repeats > 1) text += cat(" \u00D7", group.repeats);
  return text;
}
std::string rest_of_head(const NetNode& group) {
  std::string text = group.what == group.name ? "" : group.what;
  const std::string parameters = parameters_text(group);
  if (!parameters.empty()) text += cat(text.empty() ? "" : ", ", parameters);
  return text;
}

/// Of a layer: name, what it is unless that is said by the name, shape, parameters.
std::vector<std::string> lines_of(const NetGraph& graph, const NetNode& box) {
  std::vector<std::string> lines{cut(box.name, kMost), cut(box.what, kMost), shape_text(graph, box.shape)};
  if (box.parameters > 0) lines.push_back(parameters_text(box));
  return lines;
}

Point size_of(const NetNode& box, const void* more) {
  const NetGraph& graph = *static_cast<const NetGraph*>(more);
  if (box.kind == NetNode::Kind::join) {
    const std::string sign = join_text(box);
    return {box.what == "add" || box.what == "mul" ? 26 : text_width(sign) + 20, 26};
  }
  if (box.kind == NetNode::Kind::group) {
    return {text_width(head_of(box) + "  " + rest_of_head(box)) + 24, 0};
  }
  double width = 0;
  const std::vector<std::string> lines = lines_of(graph, box);
  for (const std::string& line : lines) width = std::max(width, text_width(line));
  return {width + 24, 15.0 * static_cast<double>(lines.size()) + 12};
}

std::string text_at(double x, double y, std::string_view kind, std::string_view text) {
  return cat("<text class=\"", kind, "\" x=\"", px(x), "\" y=\"", px(y), "\">", escaped(text), "</text>");
}

std::string rect(std::string_view kind, double x, double y, const NetBox& box, double round) {
  return cat("<rect class=\"", kind, "\" x=\"", px(x), "\" y=\"", px(y), "\" width=\"", px(box.width),
             "\" height=\"", px(box.height), "\" rx=\"", px(round), "\"/>");
}

/// Upright at each point.
std::string arrow(const std::vector<Point>& points, double x, double y, bool has_tip) {
  std::string path = cat("M", px(points[0].x + x), " ", px(points[0].y + y));
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point &a = points[i - 1], &b = points[i];
    if (std::abs(a.x - b.x) < 0.05) {
      path += cat(" L", px(b.x + x), " ", px(b.y + y));
      continue;
    }
    const double middle = (a.y + b.y) / 2 + y;
    path += cat(" C", px(a.x + x), " ", px(middle), " ", px(b.x + x), " ", px(middle), " ", px(b.x + x), " ",
                px(b.y + y));
  }
  return cat("<path class=\"arrow\"", has_tip ? " marker-end=\"url(#tip)\"" : "", " d=\"", path, "\"/>\n");
}

std::string draw(const NetGraph& graph, const NetBox& box, double x, double y) {
  const NetNode& node = *box.node;
  std::string text =
      cat("<g><title>", escaped(cat(node.path.empty() ? node.name : node.path, ": ", node.what)), "</title>");
  if (node.kind == NetNode::Kind::join) {
    const std::string sign = join_text(node);
    return text + rect("join", x, y, box, 13) +
           text_at(x + box.width / 2, y + 18, sign == node.what ? "what" : "sign", sign) + "</g>\n";
  }
  if (node.kind == NetNode::Kind::layer) {
    text += rect(node.parameters > 0 ? "box learns" : "box", x, y, box, 6);
    const std::vector<std::string> lines = lines_of(graph, node);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      text += text_at(x + box.width / 2, y + 18 + 15.0 * static_cast<double>(i),
                      i == 0   ? "name"
                      : i == 1 ? "what"
                               : "facts",
                      lines[i]);
    }
    return text + "</g>\n";
  }
  text += rect("group", x, y, box, 10) + "</g>\n";
  for (std::size_t i = 0; i < node.edges.size(); ++i) {
    text += arrow(box.arrows[i], x, y, node.edges[i].to != NetNode::Edge::kOutput);
  }
  const std::string head = head_of(node), rest = rest_of_head(node);
  if (10 + text_width(head + "  " + rest) < box.in - 8) {  // else the name stands there
    text += arrow({{box.in, 0}, {box.in, kGroupPort}}, x, y, false);
  }
  for (const NetBox& inner : box.inside) text += draw(graph, inner, x + inner.x, y + inner.y);
  const std::size_t marks = node.repeats > 1 ? 1 : 0;  // the sign has two bytes
  return text + text_at(x + 10, y + 18, "head name", head) +
         text_at(x + 10 + text_width(head) - kCharacter * static_cast<double>(marks) + 2 * kCharacter, y + 18,
                 "head", rest) +
         "\n";
}

}  // namespace

std::string to_svg(const NetGraph& graph) {
  const NetBox box = lay_out(graph.net, size_of, &graph);
  const std::string input = cat("input ", shape_text(graph, graph.input));
  const std::string output = cat("output ", shape_text(graph, graph.net.shape));
  const double around =
      std::max({0.0, text_width(input) / 2 - box.in, text_width(output) / 2 - box.out}) + 12;
  const double width = box.width + 2 * around, height = box.height + 2 * kEnd + 8;
  return cat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", px(width), " ", px(height), "\" width=\"",
      px(width), "\" height=\"", px(height), "\">\n<title>", escaped(graph.net.name),
      "</title>\n<defs><style>", themed(kStyle, kInks),
      "</style><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerUnits=\"userSpaceOnUse\" "
      "markerWidth=\"9\" markerHeight=\"9\" orient=\"auto\"><path class=\"tip\" d=\"M0 0.5 L8 4 L0 7.5 "
      "z\"/></marker></defs>\n<rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
      draw(graph, box, around, kEnd), text_at(around + box.in, 18, "what", input),
      arrow({{box.in, 24}, {box.in, kEnd}}, around, 0, true),
      arrow({{box.out, kEnd + box.height}, {box.out, kEnd + box.height + kEnd - 20}}, around, 0, true),
      text_at(around + box.out, kEnd + box.height + kEnd - 4, "what", output), "</svg>\n");
}

}  // namespace chainrule::explain
