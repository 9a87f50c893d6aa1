#include "plan/trace.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>

#include "ops/op.h"

namespace chainrule {
namespace {

std::atomic<std::uint64_t> stretches{0};  // that were ever traced

/// A hash in four chains, as the steps of one would wait for each other.
class Hash {
 public:
  template <class T>
  void add(const std::vector<T>& numbers) {
    const std::size_t bytes = numbers.size() * sizeof(T);
    const auto* from = reinterpret_cast<const std::byte*>(numbers.data());
    std::size_t at = 0;
    for (; at + sizeof(chains_) <= bytes; at += sizeof(chains_)) mix(from + at, sizeof(chains_));
    if (at < bytes) mix(from + at, bytes - at);
  }

  std::uint64_t result() const {
    std::uint64_t hash = 0x9E3779B97F4A7C15u;
    for (const std::uint64_t chain : chains_) hash = mixed(hash, chain);
    return hash ^ hash >> 32;
  }

 private:
  static std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
    return (std::rotl(hash, 23) ^ word) * 0xD6E8FEB86659FD93u;
  }
  void mix(const std::byte* from, std::size_t bytes) {
    std::array<std::uint64_t, 4> words{};
    std::memcpy(words.data(), from, bytes);
    for (std::size_t i = 0; i < words.size(); ++i) chains_[i] = mixed(chains_[i], words[i]);
  }

  std::array<std::uint64_t, 4> chains_{1, 2, 3, 4};
};

}  // namespace

std::uint64_t TraceKey::hash() const {
  Hash hash;
  hash.add(words);
  hash.add(inputs);
  hash.add(kept);
  hash.add(held);
  return hash.result();
}

void Trace::clear() {
  nodes.clear();
  leaves.clear();
  words.clear();
  inputs.clear();
  kept.clear();
  held.clear();
}

void Tracer::start(std::span<Node* const> outputs, const NodeIndex* given) {
  outputs_ = outputs;
  let_go_ = {};
  ends_history_ = false;
  given_ = given;
  stack_.clear();
}

void Tracer::start_with_last_handles(std::span<Node* const> outputs, bool all) {
  start(outputs);
  let_go_ = outputs;
  ends_history_ = all;
}

/// Adds a leaf that is met for the first time.
void Tracer::add_leaf(Node* leaf, Trace& trace) {
  trace.leaves.push_back(leaf);
  trace.words.push_back(std::uint64_t{leaf->shape.ndim() + 0u} << 16 |
                        static_cast<std::uint64_t>(leaf->literal) << 8 |
                        static_cast<std::uint64_t>(leaf->dtype));
  trace.words.insert(trace.words.end(), leaf->shape.begin(), leaf->shape.end());
}

/// Adds a node whose inputs have been visited.
void Tracer::add(Node* node, Trace& trace) {
  // The number of inputs, where it is not always the same, stands above the bits of an address.
  trace.words.push_back(reinterpret_cast<std::uintptr_t>(node->op) ^ std::uint64_t{node->input_count} << 48);
  if (node->op->key != nullptr) node->op->key(node->attributes(), trace.words);
  for (Node* input : node->inputs()) {
    std::int32_t number = input->traced.number;
    if (input->traced.stretch == stretch_) {
      ++input->traced.uses;
    } else {  // a leaf, or what an earlier stretch computed
      const std::int32_t next = ~static_cast<std::int32_t>(trace.leaves.size());
      number = leaves_.insert(input, next);
      if (number == next) add_leaf(input, trace);
    }
    trace.inputs.push_back(number);
  }
  node->traced = {stretch_, static_cast<std::int32_t>(trace.nodes.size()), 0};
  trace.nodes.push_back(node);
}

void Tracer::find_kept(Trace& trace) {
  const auto find = [&trace](std::vector<char>& found) {
    found.resize(trace.nodes.size());
    std::transform(trace.nodes.begin(), trace.nodes.end(), found.begin(),
                   [](const Node* node) { return node->refs.count() > node->traced.uses; });
  };
  find(trace.kept);
  if (let_go_.empty()) return;
  if (ends_history_) return trace.held.assign(trace.nodes.size(), 0);
  for (Node* node : let_go_) {
    const auto number = static_cast<std::size_t>(node->traced.number);
    const bool is_here = number < trace.nodes.size() && trace.nodes[number] == node;
    if (is_here) ++node->traced.uses;
  }
  find(trace.held);
}

bool Tracer::next(Trace& trace, std::size_t max_nodes) {
  trace.clear();
  leaves_.clear();
  stretch_ = ++stretches;
  while (trace.nodes.size() < max_nodes) {
    if (stack_.empty()) {
      if (outputs_.empty()) break;
      if (!is_known(outputs_.front())) push(outputs_.front());
      outputs_ = outputs_.subspan(1);
    } else if (!descend()) {
      add(stack_.back().node, trace);
      stack_.pop_back();
    }
  }
  if (trace.nodes.empty()) return false;
  find_kept(trace);
  return true;
}

}  // namespace chainrule
