#include "plan/trace.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "ops/op.h"

namespace chainrule {
namespace {

constexpr std::int32_t kUnknown = std::numeric_limits<std::int32_t>::min();

std::uint64_t hash_of(std::span<const std::uint64_t> words) {
  std::uint64_t hash = 0x9E3779B97F4A7C15u;
  for (const std::uint64_t word : words) hash = (std::rotl(hash, 23) ^ word) * 0xD6E8FEB86659FD93u;
  return hash ^ hash >> 32;
}

}  // namespace

void Trace::clear() {
  nodes.clear();
  leaves.clear();
  inputs.clear();
  kept.clear();
  key.clear();
}

void Tracer::start(std::span<Node* const> outputs, const NodeIndex* given) {
  given_ = given;
  order_.find(outputs, [this](const Node* node) { return !is_given(node); });
  numbers_.assign(order_.size(), kUnknown);
  at_ = 0;
}

std::int32_t Tracer::number_of(Node* node, Trace& trace) {
  const std::size_t place = order_.place(node);
  std::int32_t& number = numbers_[place];
  if (number == kUnknown) {
    numbered_.push_back(place);
    number = ~static_cast<std::int32_t>(trace.leaves.size());
    trace.leaves.push_back(node);
    trace.key.push_back(std::uint64_t{node->shape.ndim() + 0u} << 16 |
                        static_cast<std::uint64_t>(node->literal) << 8 |
                        static_cast<std::uint64_t>(node->dtype));
    for (const std::int64_t size : node->shape.sizes()) {
      trace.key.push_back(static_cast<std::uint64_t>(size));
    }
  } else if (number >= 0) {
    ++uses_[static_cast<std::size_t>(number)];
  }
  return number;
}

void Tracer::add_node(std::size_t place, Trace& trace) {
  Node* node = order_.nodes()[place];
  trace.key.push_back(std::bit_cast<std::uint64_t>(node->op));
  if (node->op->key != nullptr) node->op->key(node->attributes(), trace.key);
  for (Node* input : node->inputs()) {
    const std::int32_t number = number_of(input, trace);
    trace.key.push_back(static_cast<std::uint64_t>(number));
    trace.inputs.push_back(number);
  }
  numbers_[place] = static_cast<std::int32_t>(trace.nodes.size());
  numbered_.push_back(place);
  trace.nodes.push_back(node);
  uses_.push_back(0);
}

bool Tracer::next(Trace& trace, std::size_t max_nodes) {
  trace.clear();
  uses_.clear();
  numbered_.clear();
  const std::vector<Node*>& order = order_.nodes();
  for (; at_ < order.size() && trace.nodes.size() < max_nodes; ++at_) {
    if (!is_given(order[at_])) add_node(at_, trace);
  }
  if (trace.nodes.empty()) return false;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    trace.kept.push_back(trace.nodes[i]->refs.count() > uses_[i]);
  }
  // Sixty-four to a word.
  for (std::size_t i = 0; i < trace.kept.size(); i += 64) {
    std::uint64_t word = 0;
    for (std::size_t j = i; j < std::min(i + 64, trace.kept.size()); ++j) {
      word |= std::uint64_t{trace.kept[j] != 0} << (j - i);
    }
    trace.key.push_back(word);
  }
  trace.hash = hash_of(trace.key);
  for (const std::size_t place : numbered_) numbers_[place] = kUnknown;
  return true;
}

}  // namespace chainrule
