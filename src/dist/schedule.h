#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Who sends what to whom to add numbers up by the tree over shards, without a call to MPI: a function of the
// numbers of shards and ranks, which tests and predictions run as well.
namespace chainrule::dist {

/// Numbers from begin on, before end, of those that are added up.
struct Segment {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end > begin ? end - begin : 0; }
};

constexpr int kSpare = -1;  ///< a buffer that is no part's

struct Transfer {
  int peer = 0;
  int buffer = 0;  ///< which part it is sent from or received into
  Segment segment;
};

/// What a rank does at a node of the tree whose two halves lie on more than one rank.
struct Merge {
  std::vector<Transfer> sends, receives;  ///< of halves' sums, to those who add them
  int to = 0, from = 0;                   ///< parts: to += from
  Segment added;
  std::vector<Transfer> returns, arrivals;  ///< of the whole sum, on the way back: all in part 0
};

/// Those of a rank, from the leaves to the root; on the way back in the opposite order. Of each node its
/// ranks have as many segments of the sum, each added up by one of them: with ranks and shards that are
/// powers of two that is recursive halving, and then doubling.
/// @param count  numbers.
std::vector<Merge> schedule(std::int64_t shards, int rank, int ranks, std::size_t count);

}  // namespace chainrule::dist
