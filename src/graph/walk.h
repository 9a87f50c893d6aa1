#pragma once

#include <cstdint>
#include <vector>

#include "graph/node.h"

namespace chainrule {

/// A number for each node, by address. Open addressing; never iterated, so that no result depends on its
/// order.
class NodeIndex {
 public:
  static constexpr std::int32_t kNone = -1;

  NodeIndex() : slots_(kInitialSlots) {}

  /// The node's number, or kNone.
  std::int32_t find(const Node* node) const {
    for (std::size_t i = hash(node);; ++i) {
      const Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.node == node) return slot.number;
      if (!slot.node) return kNone;
    }
  }

  /// Gives a new node its number; a node that has one keeps it. Returns whether it was new.
  bool insert(const Node* node, std::int32_t number) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.node == node) return false;
      if (slot.node) continue;
      slot = {node, number};
      ++count_;
      return true;
    }
  }

  void assign(const Node* node, std::int32_t number) {
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.node != node) continue;
      slot.number = number;
      return;
    }
  }

 private:
  static constexpr std::size_t kInitialSlots = 128;
  struct Slot {
    const Node* node = nullptr;
    std::int32_t number = kNone;
  };

  static std::size_t hash(const Node* node) {
    return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(node) >> 4) * 0x9E3779B97F4A7C15u >>
                                    20);
  }
  void grow();

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

/// The nodes that `outputs` need, each once, inputs before users. `enter(node)` says whether to go to the
/// node's inputs. The order depends on the graph alone. Iterative: a recurrent net of 10^5 steps would
/// overflow the stack otherwise.
template <class Enter>
std::vector<Node*> topological_order(std::span<Node* const> outputs, NodeIndex& index, Enter enter) {
  struct Visit {
    Node* node;
    std::uint32_t next_input;
  };
  std::vector<Node*> order;
  std::vector<Visit> stack;
  const auto visit = [&](Node* node) {
    if (!index.insert(node, NodeIndex::kNone)) return;
    stack.push_back({node, enter(node) ? 0u : node->input_count});
  };
  for (Node* output : outputs) {
    visit(output);
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (top.next_input < top.node->input_count) {
        visit(top.node->inputs()[top.next_input++]);
        continue;
      }
      index.assign(top.node, static_cast<std::int32_t>(order.size()));
      order.push_back(top.node);
      stack.pop_back();
    }
  }
  return order;
}

}  // namespace chainrule
