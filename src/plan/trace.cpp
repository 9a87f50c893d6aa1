#include "plan/trace.h"

#include <array>
#include <atomic>
#include <bit>

#include "ops/op.h"

namespace chainrule {
namespace {

std::atomic<std::uint64_t> stretches{0};  // that were ever traced

// In four chains, as the steps of one would wait for each other.
std::uint64_t hash_of(std::span<const std::uint64_t> words) {
  constexpr std::size_t kChains = 4;
  std::array<std::uint64_t, kChains> chains{1, 2, 3, 4};
  const auto mixed = [](std::uint64_t hash, std::uint64_t word) {
    return (std::rotl(hash, 23) ^ word) * 0xD6E8FEB86659FD93u;
  };
  for (; words.size() >= kChains; words = words.subspan(kChains)) {
    for (std::size_t i = 0; i < kChains; ++i) chains[i] = mixed(chains[i], words[i]);
  }
  std::uint64_t hash = 0x9E3779B97F4A7C15u;
  for (const std::uint64_t chain : chains) hash = mixed(hash, chain);
  for (const std::uint64_t word : words) hash = mixed(hash, word);
  return hash ^ hash >> 32;
}

}  // namespace

void Trace::clear() {
  nodes.clear();
  leaves.clear();
  inputs.clear();
  kept.clear();
  held.clear();
  key.clear();
}

void Tracer::start(std::span<Node* const> outputs, const NodeIndex* given) {
  outputs_ = outputs;
  let_go_ = {};
  given_ = given;
  stack_.clear();
}

void Tracer::start_with_last_handles(std::span<Node* const> outputs) {
  start(outputs);
  let_go_ = outputs;
}

/// The number of a leaf, which may be new.
std::int32_t Tracer::number_of_leaf(Node* leaf, Trace& trace) {
  const std::int32_t next = ~static_cast<std::int32_t>(trace.leaves.size());
  const std::int32_t number = leaves_.insert(leaf, next);
  if (number != next) return number;
  trace.leaves.push_back(leaf);
  trace.key.push_back(std::uint64_t{leaf->shape.ndim() + 0u} << 16 |
                      static_cast<std::uint64_t>(leaf->literal) << 8 |
                      static_cast<std::uint64_t>(leaf->dtype));
  for (const std::int64_t size : leaf->shape.sizes()) trace.key.push_back(static_cast<std::uint64_t>(size));
  return number;
}

/// Adds a node whose inputs have been visited.
void Tracer::add(Node* node, Trace& trace) {
  trace.key.push_back(std::bit_cast<std::uint64_t>(node->op));
  if (node->op->key != nullptr) node->op->key(node->attributes(), trace.key);
  for (Node* input : node->inputs()) {
    // What an earlier stretch computed is a leaf of this one.
    const bool is_leaf = input->traced.stretch != stretch_;
    const std::int32_t number = is_leaf ? number_of_leaf(input, trace) : input->traced.number;
    if (!is_leaf) ++input->traced.uses;
    trace.key.push_back(static_cast<std::uint64_t>(number));
    trace.inputs.push_back(number);
  }
  node->traced = {stretch_, static_cast<std::int32_t>(trace.nodes.size()), 0};
  trace.nodes.push_back(node);
}

void Tracer::find_kept(Trace& trace) {
  const auto is_here = [&](const Node* node) {
    const auto number = static_cast<std::size_t>(node->traced.number);
    return node->traced.stretch == stretch_ && number < trace.nodes.size() && trace.nodes[number] == node;
  };
  for (Node* node : let_go_) {
    if (is_here(node)) ++node->traced.uses;
  }
  for (const Node* node : trace.nodes) trace.held.push_back(node->refs.count() > node->traced.uses);
  trace.kept = trace.held;
  for (const Node* node : let_go_) {
    if (is_here(node)) trace.kept[static_cast<std::size_t>(node->traced.number)] = true;
  }
  const auto add_bits = [&](const std::vector<char>& bits) {
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (i % 64 == 0) trace.key.push_back(0);  // sixty-four to a word
      trace.key.back() |= static_cast<std::uint64_t>(bits[i]) << i % 64;
    }
  };
  add_bits(trace.kept);
  if (!let_go_.empty()) add_bits(trace.held);
  trace.key.push_back(let_go_.empty());
}

bool Tracer::next(Trace& trace, std::size_t max_nodes) {
  trace.clear();
  leaves_.clear();
  stretch_ = ++stretches;
  do {
    if (stack_.empty()) {
      if (outputs_.empty()) break;
      visit(outputs_.front());
      outputs_ = outputs_.subspan(1);
      continue;
    }
    Visit& top = stack_.back();
    if (top.next_input < top.node->inputs().data() + top.node->input_count) {
      visit(*top.next_input++);
    } else {
      add(top.node, trace);
      stack_.pop_back();
    }
  } while (trace.nodes.size() < max_nodes);
  if (trace.nodes.empty()) return false;
  find_kept(trace);
  trace.hash = hash_of(trace.key);
  return true;
}

}  // namespace chainrule
