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

/// What is written of a graph: without what stands behind marks.
std::vector<bool> find_written(const NodeOrder& order, const std::vector<Node*>& roots) {
  std::vector<bool> is_written(order.size());
  const auto at = [](std::int32_t number) { return static_cast<std::size_t>(number); };
  for (const Node* root : roots) is_written[at(order.number(root))] = true;
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::int32_t number = order.numbers()[i];
    if (!is_written[at(number)]) continue;
    const auto inputs = order.inputs(number);
    const Node* node = order.node(number);
    const std::size_t first = node->op != nullptr && is_mark(*node->op) ? 1 : 0;
    for (std::size_t k = first; k < inputs.size(); ++k) is_written[at(inputs[k])] = true;
  }
  return is_written;
}

}  // namespace

Tensors with_loops_unrolled(const Tensors& outputs) {
  std::vector<Node*> roots;
  for (const Tensor& output : outputs) roots.push_back(output.node());
  const NodeOrder order(std::span<Node* const>(roots), [](const Node*) { return true; });
  const std::vector<bool> is_written = find_written(order, roots);
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
    if (is_loop(node) && is_written[static_cast<std::size_t>(number)]) {
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
