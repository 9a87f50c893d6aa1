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

  /// Gives a new node its number; a node that has one keeps it. Returns the number it has.
  std::int32_t insert(const Node* node, std::int32_t number) {
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.round != round_) return fill(slot, node, number);
      if (slot.node == node) return slot.number;
    }
  }

  /// Gives a node its number, whether it had one or not.
  void assign(const Node* node, std::int32_t number) {
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.round == round_ && slot.node != node) continue;
      if (slot.round == round_) {
        slot.number = number;
      } else {
        fill(slot, node, number);
      }
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
  std::int32_t fill(Slot& slot, const Node* node, std::int32_t number) {
    slot = {node, number, round_};
    if (2 * ++count_ > slots_.size()) grow();
    return number;
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
      std::int32_t place = visit(output, enter);
      while (!stack_.empty()) {
        Visit& top = stack_.back();
        if (place != kOpen) input_places_[top.first_input + top.known++] = place;
        if (top.known < top.node->input_count) {
          place = visit(top.node->inputs()[top.known], enter);
        } else {
          place = add(top.node, top.first_input);
          index_.assign(top.node, place);
          stack_.pop_back();
        }
      }
    }
  }
  void clear() {
    index_.clear();
    nodes_.clear();
    first_inputs_.clear();
    input_count_ = 0;
    stack_.clear();
  }

  const std::vector<Node*>& nodes() const { return nodes_; }
  std::size_t size() const { return nodes_.size(); }
  /// The places of the inputs of a node that was entered.
  std::span<const std::int32_t> inputs(std::size_t place) const {
    return {input_places_.data() + first_inputs_[place], nodes_[place]->input_count};
  }
  bool contains(const Node* node) const { return index_.find(node) != NodeIndex::kNone; }
  /// The place of a node that it contains.
  std::size_t place(const Node* node) const { return static_cast<std::size_t>(index_.find(node)); }

 private:
  static constexpr std::int32_t kOpen = -2;  // a node that waits for its inputs on the stack

  /// The node's place, or kOpen.
  template <class Enter>
  std::int32_t visit(Node* node, Enter& enter) {
    const auto next = static_cast<std::int32_t>(nodes_.size());
    const std::int32_t place = index_.insert(node, next);
    if (place != next) return place;
    if (node->input_count == 0 || !enter(node)) return add(node, input_count_);
    stack_.push_back({node, input_count_, 0});
    input_count_ += node->input_count;
    if (input_count_ > input_places_.size()) input_places_.resize(2 * input_count_);
    return kOpen;
  }

  /// Gives the node the next place.
  std::int32_t add(Node* node, std::size_t first_input) {
    nodes_.push_back(node);
    first_inputs_.push_back(first_input);
    return static_cast<std::int32_t>(nodes_.size()) - 1;
  }

  /// A node whose inputs are being visited: so many have their places.
  struct Visit {
    Node* node;
    std::size_t first_input;
    std::uint32_t known;
  };
  NodeIndex index_;
  std::vector<Node*> nodes_;
  std::vector<std::size_t> first_inputs_;   // by place: where its inputs' places begin
  std::vector<std::int32_t> input_places_;  // has room for more than
  std::size_t input_count_ = 0;
  std::vector<Visit> stack_;
};

}  // namespace chainrule
