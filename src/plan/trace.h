#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/walk.h"

namespace chainrule {

/// What a stretch of a graph computes, in numbers: equal ones mean equal programs.
struct TraceKey {
  /// For each node its operation, the number of inputs and the attributes; for each leaf, where it is first
  /// used, dtype, shape and literal.
  std::vector<std::uint64_t> words;
  std::vector<std::int32_t> inputs;  ///< Of all nodes, one after the other: node i as i, leaf i as ~i.
  std::vector<char> kept;            ///< By node: whether somebody outside still refers to it.
  /// By node: whether somebody will still refer to it when what was asked for has been let go. Empty where it
  /// will not be.
  std::vector<char> held;

  bool operator==(const TraceKey&) const = default;
  /// Equal keys have equal ones.
  std::uint64_t hash() const;
};

/// A stretch of a graph that is to be computed: what a plan is made from, and found by.
struct Trace : TraceKey {
  std::vector<Node*> nodes;   ///< To be computed, inputs before users.
  std::vector<Node*> leaves;  ///< Their inputs that have values, by first use.

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
  /// Both must live until the last stretch.
  void start(std::span<Node* const> outputs, const NodeIndex* given = nullptr);
  /// The same, where a handle of each output, one for each time it is listed, is let go when they have
  /// values.
  /// @param all  whether what others hold has no history then, so that nothing it was made from is needed.
  void start_with_last_handles(std::span<Node* const> outputs, bool all = false);
  /// The next stretch; false if there is none.
  bool next(Trace& trace, std::size_t max_nodes = kMaxNodes);
  /// Whether that was the last one.
  bool is_done() const { return stack_.empty() && outputs_.empty(); }
  void clear() { stack_.clear(); }

 private:
  void add_leaf(Node* leaf, Trace& trace);
  /// Whether a node need not be computed, or was on the stack.
  bool is_known(const Node* node) const { return is_given(node) || node->traced.stretch == stretch_; }
  void push(Node* node) {
    node->traced.stretch = stretch_;
    const std::span<Node* const> inputs = node->inputs();
    stack_.push_back({node, inputs.data(), inputs.data() + inputs.size()});
  }
  /// Puts the next input of the topmost node on top of it that is not known; false if there is none.
  bool descend() {
    Visit& top = stack_.back();
    for (Node* const* next = top.next_input; next != top.end;) {
      Node* input = *next++;
      if (is_known(input)) continue;
      top.next_input = next;  // while there still is a top: what follows may move the stack
      push(input);
      return true;
    }
    return false;
  }
  void add(Node* node, Trace& trace);
  void find_kept(Trace& trace);
  bool is_given(const Node* node) const {
    if (given_ == nullptr) return node->has_value();
    return node->is_leaf() || given_->find(node) != NodeIndex::kNone;
  }

  std::span<Node* const> outputs_;  // that are not yet visited
  std::span<Node* const> let_go_;   // outputs whose handles do not count
  bool ends_history_ = false;
  const NodeIndex* given_ = nullptr;
  std::uint64_t stretch_ = 0;
  NodeIndex leaves_;  // their numbers in the stretch
  /// In place of recursion: a recurrent net of 10^5 steps would overflow the stack.
  struct Visit {
    Node* node;
    Node* const* next_input;
    Node* const* end;  // of its inputs
  };
  std::vector<Visit> stack_;
};

}  // namespace chainrule
