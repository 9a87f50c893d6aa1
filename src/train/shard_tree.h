#pragma once

#include <cstdint>
#include <vector>

// How the shards of a batch are shared out, and in which order what they give is added up. All of it depends
// on the number of shards; the number of ranks only says who does it.
namespace chainrule::train {

/// Whole numbers from begin on, before end.
struct Range {
  std::int64_t begin = 0, end = 0;
  constexpr std::int64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

/// One of so many contiguous parts of `whole`, nearly equal.
constexpr Range part_of(std::int64_t whole, std::int64_t index, std::int64_t parts) {
  return {whole * index / parts, whole * (index + 1) / parts};
}

/// The tree over shards: a node is a range of them, and has the sum of its two halves. This is where it is
/// cut.
constexpr std::int64_t middle(Range node) { return node.begin + (node.size() + 1) / 2; }

/// The largest subtrees of a node that lie within `mine`, from left to right.
inline void add_subtrees(Range node, Range mine, std::vector<Range>& found) {
  if (node.begin >= mine.end || node.end <= mine.begin) return;
  if (node.begin >= mine.begin && node.end <= mine.end) return found.push_back(node);
  add_subtrees({node.begin, middle(node)}, mine, found);
  add_subtrees({middle(node), node.end}, mine, found);
}

/// Those of a rank.
inline std::vector<Range> subtrees(std::int64_t shards, std::int64_t rank, std::int64_t ranks) {
  std::vector<Range> found;
  add_subtrees({0, shards}, part_of(shards, rank, ranks), found);
  return found;
}

}  // namespace chainrule::train
