#pragma once

#include <cstdint>
#include <utility>
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
      const Slot& slot = slots_[i & mask_];
      if (slot.round != round_) return kNone;
      if (slot.node == node) return slot.number;
    }
  }

  /// Gives a new node its number; a node that has one keeps it. Returns the number it has.
  std::int32_t insert(const Node* node, std::int32_t number) {
    for (std::size_t i = hash(node);; ++i) {
      Slot& slot = slots_[i & mask_];
      if (slot.round != round_) return fill(slot, node, number);
      if (slot.node == node) return slot.number;
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
    if (2 * ++count_ > mask_) grow();
    return number;
  }
  void grow();

  std::vector<Slot> slots_;
  std::size_t mask_ = kInitialSlots - 1;  // the number of slots, a power of two, less one
  std::size_t count_ = 0;
  std::uint32_t round_ = 1;
};

/// The nodes that some outputs need, each once. They are numbered as they are found; the order, inputs before
/// users, depends on the graph alone.
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
        if (top.next_input == top.end) {
          order_.push_back(top.number);
          stack_.pop_back();
        } else {
          const std::uint32_t place = top.next_place++;
          const std::int32_t number = visit(*top.next_input++, enter);
          inputs_[place] = number;
        }
      }
    }
  }
  void clear() {
    index_.clear();
    found_.clear();
    order_.clear();
    inputs_used_ = 0;
    stack_.clear();
  }

  std::size_t size() const { return found_.size(); }
  Node* node(std::int32_t number) const { return found_[number].node; }
  /// The same as a handle: a handle is the address of its node.
  const Tensor& tensor(std::int32_t number) const {
    static_assert(sizeof(Tensor) == sizeof(Node*));
    return reinterpret_cast<const Tensor&>(found_[number].node);
  }
  /// The numbers of all nodes, inputs before users.
  std::span<const std::int32_t> numbers() const { return order_; }
  /// The numbers of a node's inputs; none of a node that was not entered.
  std::span<const std::int32_t> inputs(std::int32_t number) const {
    const Found& found = found_[number];
    return {inputs_.data() + found.first_input, found.input_count};
  }
  /// The node's number, or NodeIndex::kNone.
  std::int32_t number(const Node* node) const { return index_.find(node); }

 private:
  /// The node's number, which may be new.
  template <class Enter>
  std::int32_t visit(Node* node, Enter& enter) {
    const auto next = static_cast<std::int32_t>(found_.size());
    const std::int32_t number = index_.insert(node, next);
    if (number != next) return number;
    const std::span<Node* const> inputs = node->inputs();
    if (inputs.empty() || !enter(node)) {
      found_.push_back({node, 0, 0});
      order_.push_back(number);
    } else {
      const std::uint32_t first = std::exchange(inputs_used_, inputs_used_ + node->input_count);
      if (inputs_used_ > inputs_.size()) inputs_.resize(2 * std::size_t{inputs_used_});
      found_.push_back({node, first, node->input_count});
      stack_.push_back({number, first, inputs.data(), inputs.data() + inputs.size()});
    }
    return number;
  }

  struct Found {
    Node* node;
    std::uint32_t first_input, input_count;  // in inputs_
  };
  /// A node whose inputs are being visited.
  struct Visit {
    std::int32_t number;
    std::uint32_t next_place;  // in inputs_
    Node* const* next_input;
    Node* const* end;
  };
  NodeIndex index_;
  std::vector<Found> found_;  // by number
  std::vector<std::int32_t> order_;
  std::vector<std::int32_t> inputs_;  // numbers; more room than is used
  std::uint32_t inputs_used_ = 0;
  std::vector<Visit> stack_;
};

}  // namespace chainrule
