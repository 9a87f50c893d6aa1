#include "explain/net_repeats.h"

#include <cstddef>
#include <utility>

#include "core/text.h"

namespace chainrule::explain {
namespace {

using Edge = NetNode::Edge;

/// Equal for boxes that are alike but for their names.
std::string likeness(const NetNode& box) {
  std::string text = cat(box.what, "|", box.shape, "|", box.parameters, "|", box.repeats);
  for (const NetNode& inner : box.inside) text += cat("{", likeness(inner), "}");
  for (const Edge& edge : box.edges) text += cat(" ", edge.from, ">", edge.to);
  return text;
}

/// Whether each box takes only what the one before gives.
bool is_chain(const NetNode& group) {
  if (group.edges.size() != group.inside.size() + 1) return false;
  for (std::size_t i = 0; i < group.edges.size(); ++i) {
    const int from = i == 0 ? Edge::kInput : static_cast<int>(i) - 1;
    const int to = i == group.inside.size() ? Edge::kOutput : static_cast<int>(i);
    if (!(group.edges[i] == Edge{from, to})) return false;
  }
  return true;
}

std::vector<Edge> chain_of(std::size_t boxes) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i <= boxes; ++i) {
    edges.push_back(
        {i == 0 ? Edge::kInput : static_cast<int>(i) - 1, i == boxes ? Edge::kOutput : static_cast<int>(i)});
  }
  return edges;
}

struct Repeat {
  std::size_t period = 1, times = 1;
};

/// The longest repeat that begins at a place.
Repeat repeat_at(const std::vector<NetNode>& boxes, const std::vector<std::string>& alike, std::size_t at) {
  Repeat best;
  for (std::size_t period = 1; at + 2 * period <= boxes.size(); ++period) {
    std::size_t end = at + period;
    while (end < boxes.size() && alike[end] == alike[end - period]) ++end;
    const std::size_t times = (end - at) / period;
    bool has_group = false;
    for (std::size_t i = at; i < at + period; ++i)
      has_group = has_group || boxes[i].kind == NetNode::Kind::group;
    const bool counts = times >= (has_group ? 2u : 3u) && (has_group || period > 1);
    if (counts && period * times > best.period * best.times) best = {period, times};
  }
  return best;
}

NetNode joined(std::vector<NetNode>& boxes, std::size_t at, const Repeat& repeat) {
  const std::string last = boxes[at + repeat.period * repeat.times - 1].name;
  NetNode made;
  if (repeat.period == 1) {
    made = std::move(boxes[at]);
  } else {
    made.kind = NetNode::Kind::group;
    made.name = boxes[at].name;
    made.path = boxes[at].path;
    for (std::size_t i = at; i < at + repeat.period; ++i) {
      made.parameters += boxes[i].parameters;
      made.inside.push_back(std::move(boxes[i]));
    }
    made.shape = made.inside.back().shape;
    made.edges = chain_of(made.inside.size());
  }
  made.name += cat(" to ", last);
  made.repeats *= static_cast<std::int64_t>(repeat.times);
  return made;
}

}  // namespace

void collapse_repeats(NetNode& group) {
  for (NetNode& inner : group.inside) collapse_repeats(inner);
  if (group.inside.size() < 2 || !is_chain(group)) return;
  std::vector<std::string> alike;
  for (const NetNode& box : group.inside) alike.push_back(likeness(box));
  std::vector<NetNode> kept;
  for (std::size_t at = 0; at < group.inside.size();) {
    const Repeat repeat = repeat_at(group.inside, alike, at);
    kept.push_back(repeat.times == 1 ? std::move(group.inside[at]) : joined(group.inside, at, repeat));
    at += repeat.period * repeat.times;
  }
  group.inside = std::move(kept);
  group.edges = chain_of(group.inside.size());
}

}  // namespace chainrule::explain
