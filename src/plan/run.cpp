#include "plan/run.h"

#include <vector>

#include "graph/walk.h"

namespace chainrule {

void run(std::span<Node* const> outputs, Kernels kernels) {
  NodeIndex index;
  const std::vector<Node*> order =
      topological_order(outputs, index, [](const Node* node) { return !node->has_value(); });
  for (Node* node : order) {
    if (!node->has_value()) run_node(*node, kernels);
  }
}

void evaluate(std::span<const Tensor> tensors) {
  std::vector<Node*> nodes;
  nodes.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    static_cast<void>(tensor.shape());  // throws for an empty tensor
    nodes.push_back(tensor.node());
  }
  run(nodes, is_eager() ? Kernels::reference : Kernels::fast);
}

}  // namespace chainrule
