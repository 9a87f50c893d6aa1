#include "plan/difference.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"
#include "graph/source_lines.h"
#include "ops/op.h"

namespace chainrule {
namespace {

std::size_t first_mismatch(const auto& a, const auto& b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

/// What the words of a leaf say of it; empty if they are of no leaf: an address has higher bits.
std::string leaf_text(std::span<const std::uint64_t> words) {
  const std::uint64_t ndim = words[0] >> 16;
  if (ndim > Shape::kMaxNdim || ndim >= words.size() || (words[0] & 0xff) >= kDTypeCount) return {};
  std::array<std::int64_t, Shape::kMaxNdim> sizes{};
  std::copy_n(words.begin() + 1, ndim, sizes.begin());
  const auto dtype = static_cast<DType>(words[0] & 0xff);
  const auto literal = static_cast<Literal>(words[0] >> 8 & 0xff);
  const char* number = literal == Literal::zero ? " 0" : literal == Literal::one ? " 1" : "";
  return cat(Meta{dtype, Shape(std::span<const std::int64_t>(sizes.data(), ndim))}, number);
}

/// " at train.cpp:41", or nothing.
std::string place_of(const Node& node) {
  const std::string line = line_text(node.origin.where);
  return line.empty() ? "" : cat(" at ", line);
}

constexpr const char* kOtherLeaves = "how many arrays it reads";

/// What stands at a place of the words. They are read in the order in which tracing wrote them.
std::string at_word(std::size_t place, const TraceKey& known, const Trace& trace) {
  std::size_t at = 0, next_input = 0;
  std::int32_t leaves = 0;
  std::vector<std::uint64_t> attributes;
  for (const Node* node : trace.nodes) {
    if (place == at) return kOtherLeaves;
    attributes.clear();
    if (node->op->key != nullptr) node->op->key(node->attributes(), attributes);
    at += 1 + attributes.size();
    if (place < at) return cat("the attributes of ", node->op->info.name, place_of(*node));
    for (std::size_t i = 0; i < node->input_count; ++i) {
      if (trace.inputs[next_input++] != ~leaves) continue;
      const std::size_t size = 1 + static_cast<std::size_t>(trace.leaves[leaves++]->shape.ndim());
      if (place < at + size) {
        const std::string before = leaf_text(std::span(known.words).subspan(at));
        if (before.empty()) return kOtherLeaves;
        return cat("an input of ", node->op->info.name, place_of(*node), ": ",
                   leaf_text(std::span(trace.words).subspan(at)), " instead of ", before);
      }
      at += size;
    }
  }
  return kOtherLeaves;
}

/// The first node that one of two lists marks and the other does not.
std::string at_node(const std::vector<char>& known, const std::vector<char>& now, const Trace& trace) {
  const std::size_t node = first_mismatch(now, known);
  if (node >= now.size() || node >= known.size()) return "whether old values are let go";
  return cat("whether the result of ", trace.nodes[node]->op->info.name, place_of(*trace.nodes[node]),
             " is held: now it is", now[node] ? "" : " not");
}

}  // namespace

std::string difference(const TraceKey& known, const Trace& trace) {
  const std::size_t word = first_mismatch(trace.words, known.words);
  if (word < std::min(trace.words.size(), known.words.size())) return at_word(word, known, trace);
  if (trace.words.size() != known.words.size()) return kOtherLeaves;
  if (trace.inputs != known.inputs) return "which values its operations take";
  return trace.kept != known.kept ? at_node(known.kept, trace.kept, trace)
                                  : at_node(known.held, trace.held, trace);
}

}  // namespace chainrule
