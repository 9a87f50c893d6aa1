// Loops of recurrent layers as a graph of each step: ONNX has them for weights and inputs of another form.
#include <algorithm>

#include "graph/walk.h"
#include "nn/recurrence.h"
#include "onnx/traced.h"

namespace chainrule::onnx {
namespace {

bool is_loop(const Node* node) { return node->op != nullptr && node->op->info.name == "recurrence"; }

/// The attribute of the operation is its kind.
nn::CellKind kind_of(const Node* node) {
  std::vector<std::uint64_t> words;
  node->op->key(node->attributes(), words);
  return static_cast<nn::CellKind>(words.at(0));
}

}  // namespace

Tensors with_loops_unrolled(const Tensors& outputs) {
  std::vector<Node*> roots;
  for (const Tensor& output : outputs) roots.push_back(output.node());
  const NodeOrder order(std::span<Node* const>(roots), [](const Node*) { return true; });
  std::vector<Tensor> made(order.size());
  for (const std::int32_t number : order.numbers()) {
    Node* node = order.node(number);
    Tensors inputs;
    bool is_changed = false;
    const auto numbers = order.inputs(number);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      inputs.push_back(made[static_cast<std::size_t>(numbers[i])]);
      is_changed = is_changed || inputs.back().node() != node->inputs()[i];
    }
    Tensor& result = made[static_cast<std::size_t>(number)];
    const OriginScope origin(node->origin);
    if (is_loop(node)) {
      result = nn::recurrence_graph(kind_of(node), {inputs[0], inputs[1], inputs[2], inputs[3]});
    } else if (is_changed) {
      result = apply_row(*node->op, node->attributes(), inputs, node->origin.where);
    } else {
      result = Tensor::of(node);
    }
  }
  Tensors unrolled;
  for (const Tensor& output : outputs)
    unrolled.push_back(made[static_cast<std::size_t>(order.number(output.node()))]);
  return unrolled;
}

}  // namespace chainrule::onnx
