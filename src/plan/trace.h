#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/walk.h"

namespace chainrule {

/// A stretch of a graph that is to be computed, in numbers: what a plan is made from, and found by.
struct Trace {
  std::vector<Node*> nodes;          ///< To be computed, inputs before users.
  std::vector<Node*> leaves;         ///< Their inputs that have values, by first use.
  std::vector<std::int32_t> inputs;  ///< Of all nodes, one after the other: node i as i, leaf i as ~i.
  std::vector<char> kept;            ///< By node: whether somebody outside still refers to it.

  /// For each node its operation, whether it is kept, its attributes and the numbers of its inputs; for each
  /// leaf, where it is first used, dtype, shape and literal. Equal keys mean equal programs.
  std::vector<std::uint64_t> key;
  std::uint64_t hash = 0;

  void clear();
};

/// Cuts what is to be computed into stretches and traces one after the other. A node of an earlier stretch
/// has its value by then, and is a leaf.
class Tracer {
 public:
  /// Nodes of a stretch, at most: a chain of a million nodes makes many plans, but all the same ones.
  static constexpr std::size_t kMaxNodes = 2048;

  /// Everything that has no value yet is to be computed; or, with `given`, everything but leaves and the
  /// nodes in there.
  void start(std::span<Node* const> outputs, const NodeIndex* given = nullptr);
  /// The next stretch; false if there is none.
  bool next(Trace& trace, std::size_t max_nodes = kMaxNodes);
  void clear() { order_.clear(); }

 private:
  void add_node(std::size_t place, Trace& trace);
  std::int32_t number_of(Node* node, Trace& trace);
  bool is_given(const Node* node) const {
    if (given_ == nullptr) return node->has_value();
    return node->is_leaf() || given_->find(node) != NodeIndex::kNone;
  }

  NodeOrder order_;
  const NodeIndex* given_ = nullptr;
  std::size_t at_ = 0;
  std::vector<std::int32_t> numbers_;  // by place in the order; kUnknown outside of the stretch
  std::vector<std::uint32_t> uses_;    // by node of the stretch
  std::vector<std::size_t> numbered_;  // places in the order of the stretch's nodes and leaves
};

}  // namespace chainrule
