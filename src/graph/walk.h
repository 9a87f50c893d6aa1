#pragma once

#include <cstdint>
#include <vector>

#include "graph/node.h"

namespace chainrule {

/// A number for each node, by address. Open addressing; never iterated, so that no result depends on its
/// order. Cleared in no time, so that it can be used for one small graph after the other.
class NodeIndex {
 public:
  static constexpr std::int32_t kNone = -1;

  NodeIndex() : slots_(kInitialSlots) {}

  void clear();

  /// The node's number, or kNone.
  std::int32_t find(const Node* node) const {
    for (std::size_t i = hash(node);; ++i) {
      const Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.round != round_) return kNone;
      if (slot.node == node) return slot.number;
    }
  }

  /// Gives a new node its number; a node that has one keeps it. Returns whether it was new.
  bool insert(const Node* node, std::int32_t number) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.round != round_) {
        slot = {node, number, round_};
        ++count_;
        return true;
      }
      if (slot.node == node) return false;
    }
  }

  void assign(const Node* node, std::int32_t number) {
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.node != node || slot.round != round_) continue;
      slot.number = number;
      return;
    }
  }

 private:
  static constexpr std::size_t kInitialSlots = 128;
  struct Slot {
    const Node* node = nullptr;
    std::int32_t number = kNone;
    std::uint32_t round = 0;  // the slot is empty unless this is the index's round
  };

  static std::size_t hash(const Node* node) {
    return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(node) >> 4) * 0x9E3779B97F4A7C15u >>
                                    20);
  }
  void grow();

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
  std::uint32_t round_ = 1;
};

/// The nodes that some outputs need, each once, inputs before users; and the place of each in that order.
/// The order depends on the graph alone.
class NodeOrder {
 public:
  NodeOrder() = default;
  /// `enter(node)` says whether to go to the node's inputs. Iterative: a recurrent net of 10^5 steps would
  /// overflow the stack otherwise.
  template <class Enter>
  NodeOrder(std::span<Node* const> outputs, Enter enter) {
    find(outputs, enter);
  }
  explicit NodeOrder(const Node* output)
      : NodeOrder(std::initializer_list<Node*>{const_cast<Node*>(output)}, [](const Node*) { return true; }) {
  }

  /// The same for an order that is used again.
  template <class Enter>
  void find(std::span<Node* const> outputs, Enter enter) {
    clear();
    for (Node* output : outputs) {
      visit(output, enter);
      while (!stack_.empty()) {
        Visit& top = stack_.back();
        if (top.next_input < top.inputs) {
          visit(top.node->inputs()[top.next_input++], enter);
          continue;
        }
        index_.assign(top.node, static_cast<std::int32_t>(nodes_.size()));
        nodes_.push_back(top.node);
        stack_.pop_back();
      }
    }
  }
  void clear() {
    index_.clear();
    nodes_.clear();
    stack_.clear();
  }

  const std::vector<Node*>& nodes() const { return nodes_; }
  std::size_t size() const { return nodes_.size(); }
  bool contains(const Node* node) const { return index_.find(node) != NodeIndex::kNone; }
  /// The place of a node that it contains.
  std::size_t place(const Node* node) const { return static_cast<std::size_t>(index_.find(node)); }

 private:
  template <class Enter>
  void visit(Node* node, Enter& enter) {
    if (!index_.insert(node, NodeIndex::kNone)) return;
    stack_.push_back({node, 0, enter(node) ? node->input_count : 0u});
  }

  struct Visit {
    Node* node;
    std::uint32_t next_input, inputs;
  };
  NodeIndex index_;
  std::vector<Node*> nodes_;
  std::vector<Visit> stack_;
};

}  // namespace chainrule
