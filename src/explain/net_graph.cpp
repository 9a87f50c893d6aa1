// A net's graph: which layers run inside which, and what goes from one to the other.
#include "chainrule/explain/graph.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/text.h"
#include "explain/layer_runs.h"
#include "explain/net_repeats.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule::explain {
namespace {

using Edge = NetNode::Edge;

/// A run and those inside it.
struct Tree {
  LayerRun run;
  std::vector<Tree> inside;
};

/// Builds trees from runs as they end: those inside end just before.
class TreeRecorder : public nn::Observer {
 public:
  void ran(const nn::Layer& layer, const std::string* path, const nn::Inputs& inputs,
           const nn::Ports& outputs) override {
    flat_.ran(layer, path, inputs, outputs);
    Tree tree{std::move(flat_.runs.back()), {}};
    flat_.runs.clear();
    auto first = ended_.end();
    while (first != ended_.begin() && lies_in(std::prev(first)->run, tree.run)) --first;
    tree.inside.assign(std::make_move_iterator(first), std::make_move_iterator(ended_.end()));
    ended_.erase(first, ended_.end());
    ended_.push_back(std::move(tree));
  }
  Tree take() { return std::move(ended_.back()); }

 private:
  /// A layer without a name of its own has the path of that which holds it.
  static bool lies_in(const LayerRun& inner, const LayerRun& outer) {
    if (inner.path == outer.path) return inner.layer != outer.layer;
    return outer.path.empty() || (inner.path.size() > outer.path.size() &&
                                  inner.path[outer.path.size()] == '.' && inner.path.starts_with(outer.path));
  }

  Recorder flat_;
  std::vector<Tree> ended_;
};

std::int64_t parameters_of(const nn::Layer& layer) {
  std::int64_t count = 0;
  for (const auto& [name, parameter] : layer.parameters()) count += parameter.value().numel();
  return count;
}

/// What goes on between the layers that run inside one: finds where each takes its inputs from.
class Wiring {
 public:
  explicit Wiring(NetNode& group) : group_(group) {}

  /// From here on a tensor is what this box gives.
  void gives(const std::vector<Tensor>& tensors, int box) {
    for (const Tensor& tensor : tensors) {
      if (!tensor.is_empty()) made_by_[tensor.node()] = box;
    }
  }
  void takes(const std::vector<Tensor>& tensors, int box) {
    for (const Tensor& tensor : tensors) {
      if (!tensor.is_empty()) connect(source_of(tensor.node()), box);
    }
  }
  int joins() const { return joins_; }

 private:
  static constexpr int kNothing = -3;  // numbers of its own, such as parameters

  void connect(int from, int to) {
    const Edge edge{from, to};
    if (from == kNothing || std::find(group_.edges.begin(), group_.edges.end(), edge) != group_.edges.end())
      return;
    group_.edges.push_back(edge);
  }

  /// The box whose output a node is made of; where it is made of several, a join of them.
  int source_of(Node* root) {
    const NodeOrder graph(std::span(&root, 1), [&](const Node* node) { return !made_by_.contains(node); });
    std::vector<int> source(graph.size(), kNothing);
    for (const std::int32_t number : graph.numbers()) {
      const Node* node = graph.node(number);
      const auto known = made_by_.find(node);
      int& own = source[static_cast<std::size_t>(number)];
      if (known != made_by_.end()) {
        own = known->second;
        continue;
      }
      std::vector<int> from;
      for (const std::int32_t input : graph.inputs(number)) {
        const int one = source[static_cast<std::size_t>(input)];
        if (one != kNothing && std::find(from.begin(), from.end(), one) == from.end()) from.push_back(one);
      }
      own = from.empty() ? kNothing : from.size() == 1 ? from[0] : join(*node, from);
    }
    return source[static_cast<std::size_t>(graph.number(root))];
  }

  int join(const Node& node, const std::vector<int>& from) {
    NetNode made;
    made.kind = NetNode::Kind::join;
    made.name = made.what = node.op->info.name;
    made.shape = node.shape;
    group_.inside.push_back(std::move(made));
    const int box = static_cast<int>(group_.inside.size()) - 1;
    for (const int one : from) connect(one, box);
    made_by_[&node] = box;
    ++joins_;
    return box;
  }

  NetNode& group_;
  std::map<const Node*, int> made_by_;
  int joins_ = 0;
};

constexpr int kLater = 1 << 20;  // stands for a box that has no place yet

NetNode box_of(const Tree& tree, const std::string& outer) {
  NetNode box;
  const LayerRun& run = tree.run;
  box.path = run.path;
  box.name = run.path.empty()                                      ? std::string(run.layer->kind())
             : !outer.empty() && run.path.starts_with(outer + ".") ? run.path.substr(outer.size() + 1)
                                                                   : run.path;
  box.what = run.layer->describe();
  box.shape = run.outputs[0].shape();
  box.parameters = parameters_of(*run.layer);
  if (tree.inside.empty()) return box;

  NetNode group = box;
  group.kind = NetNode::Kind::group;
  group.what = run.layer->kind();
  Wiring wiring(group);
  wiring.gives(run.inputs, Edge::kInput);
  for (const Tree& child : tree.inside) {
    std::vector<NetNode>& inside = group.inside;
    NetNode inner = box_of(child, run.path);
    // Joins of its inputs come before it.
    const int place = static_cast<int>(inside.size());
    wiring.takes(child.run.inputs, place + kLater);
    const int at = static_cast<int>(inside.size());
    for (Edge& edge : group.edges) {
      if (edge.to == place + kLater) edge.to = at;
    }
    inside.push_back(std::move(inner));
    wiring.gives(child.run.outputs, at);
  }
  wiring.takes({run.outputs[0]}, Edge::kOutput);
  // What mixes its layers in many operations, as a gate does, is seen better as one box.
  if (wiring.joins() > 2 * static_cast<int>(tree.inside.size()) + 2) return box;
  if (group.inside.size() == 1 && group.inside[0].kind == NetNode::Kind::group &&
      group.inside[0].path == group.path) {
    NetNode inner = std::move(group.inside[0]);
    group.edges = std::move(inner.edges);
    group.inside = std::move(inner.inside);
  }
  return group;
}

}  // namespace

NetGraph graph_of(const nn::Layer& net, const nn::Inputs& inputs, const NetGraphOptions& options) {
  TreeRecorder recorder;
  nn::Pass pass = nn::Pass::training(0, 0);  // where what is random is seen; nothing is computed
  pass.observer = &recorder;
  net.run(inputs, pass);
  NetGraph graph{inputs[0].shape(), box_of(recorder.take(), "")};
  if (options.collapse) collapse_repeats(graph.net);
  return graph;
}

std::string graph_svg(const nn::Layer& net, const nn::Inputs& inputs) {
  return to_svg(graph_of(net, inputs));
}

}  // namespace chainrule::explain
