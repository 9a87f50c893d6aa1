#include "dist/schedule.h"

#include <algorithm>

#include "train/shard_tree.h"

namespace chainrule::dist {
namespace {

using train::Range;

Segment common(Segment a, Segment b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

/// Which rank holds which segment of a node's sum, in their order.
struct Piece {
  int rank = 0;
  Segment segment;
};
struct Held {
  std::vector<Piece> pieces;
  int buffer = kSpare;  // of the rank that is asked about; none if it has no part in the node

  Segment of(int rank) const {
    for (const Piece& piece : pieces) {
      if (piece.rank == rank) return piece.segment;
    }
    return {};
  }
};

class Scheduler {
 public:
  Scheduler(std::int64_t shards, int rank, int ranks, std::size_t count)
      : shards_(shards), rank_(rank), ranks_(ranks), count_(count) {}

  Held walk(Range node) {
    const int first = rank_of(node.begin), last = rank_of(node.end - 1);
    if (first == last) return {{{first, {0, count_}}}, first == rank_ ? parts_++ : kSpare};
    const Held left = walk({node.begin, train::middle(node)});
    const Held right = walk({train::middle(node), node.end});
    return merge(left, right);
  }
  std::vector<Merge> merges;

 private:
  int rank_of(std::int64_t shard) const {
    int rank = static_cast<int>(shard * ranks_ / shards_);
    while (train::part_of(shards_, rank, ranks_).end <= shard) ++rank;
    while (train::part_of(shards_, rank, ranks_).begin > shard) --rank;
    return rank;
  }

  /// The ranks of both halves in turn, so that most of what a rank adds up lies on it already.
  std::vector<Piece> owners(const Held& left, const Held& right) const {
    std::vector<Piece> owners;
    std::vector<bool> seen(static_cast<std::size_t>(ranks_));
    for (std::size_t i = 0; i < std::max(left.pieces.size(), right.pieces.size()); ++i) {
      for (const Held* half : {&left, &right}) {
        if (i >= half->pieces.size()) continue;
        const int rank = half->pieces[i].rank;
        if (!seen[static_cast<std::size_t>(rank)]) owners.push_back({rank, {}});
        seen[static_cast<std::size_t>(rank)] = true;
      }
    }
    for (std::size_t i = 0; i < owners.size(); ++i)
      owners[i].segment = {count_ * i / owners.size(), count_ * (i + 1) / owners.size()};
    return owners;
  }

  Held merge(const Held& left, const Held& right) {
    Held sum{owners(left, right), left.buffer != kSpare ? left.buffer : right.buffer};
    if (sum.buffer == kSpare) return sum;
    Merge merge;
    merge.added = sum.of(rank_);
    merge.to = sum.buffer;
    merge.from = left.buffer != kSpare ? right.buffer : kSpare;
    add_up_transfers(sum, left, left.buffer != kSpare ? merge.to : merge.from, merge);
    add_up_transfers(sum, right, left.buffer != kSpare ? merge.from : merge.to, merge);
    add_returns(sum, left, right, merge);
    merges.push_back(std::move(merge));
    return sum;
  }

  /// @param buffer  where this rank keeps its numbers of that half.
  void add_up_transfers(const Held& sum, const Held& half, int buffer, Merge& merge) const {
    const Segment mine = half.of(rank_);
    for (const Piece& owner : sum.pieces) {
      const Segment segment = common(mine, owner.segment);
      if (owner.rank != rank_ && segment.size() > 0)
        merge.sends.push_back({owner.rank, half.buffer, segment});
    }
    for (const Piece& piece : half.pieces) {
      const Segment segment = common(piece.segment, merge.added);
      if (piece.rank != rank_ && segment.size() > 0) merge.receives.push_back({piece.rank, buffer, segment});
    }
  }

  /// What an owner sends to a rank that had pieces of one half or of both: no number twice.
  static std::vector<Segment> wanted(Segment owned, Segment of_left, Segment of_right) {
    Segment a = common(owned, of_left), b = common(owned, of_right);
    std::vector<Segment> all;
    if (a.size() > 0 && b.size() > 0 && a.begin <= b.end && b.begin <= a.end) {
      all.push_back({std::min(a.begin, b.begin), std::max(a.end, b.end)});
    } else {
      for (const Segment& one : {a, b}) {
        if (one.size() > 0) all.push_back(one);
      }
    }
    return all;
  }

  void add_returns(const Held& sum, const Held& left, const Held& right, Merge& merge) const {
    const int both = rank_in_both(left, right);
    const auto add_to = [&](int rank, Segment of_left, Segment of_right) {
      if (rank == rank_) return;
      for (const Segment& segment : wanted(merge.added, of_left, of_right))
        merge.returns.push_back({rank, 0, segment});
    };
    for (const Piece& piece : left.pieces)
      add_to(piece.rank, piece.segment, piece.rank == both ? right.of(both) : Segment{});
    for (const Piece& piece : right.pieces) {
      if (piece.rank != both) add_to(piece.rank, {}, piece.segment);
    }
    const Segment of_left = left.of(rank_), of_right = right.of(rank_);
    for (const Piece& owner : sum.pieces) {
      if (owner.rank == rank_) continue;
      for (const Segment& segment : wanted(owner.segment, of_left, of_right))
        merge.arrivals.push_back({owner.rank, 0, segment});
    }
  }

  /// Ranks have shards in a row, so that one at most has parts in both halves: the last of the left one. -1
  /// for none.
  static int rank_in_both(const Held& left, const Held& right) {
    const auto is_lower = [](const Piece& a, const Piece& b) { return a.rank < b.rank; };
    const int last = std::max_element(left.pieces.begin(), left.pieces.end(), is_lower)->rank;
    const int first = std::min_element(right.pieces.begin(), right.pieces.end(), is_lower)->rank;
    return first == last ? first : -1;
  }

  std::int64_t shards_;
  int rank_, ranks_;
  std::size_t count_;
  int parts_ = 0;
};

}  // namespace

std::vector<Merge> schedule(std::int64_t shards, int rank, int ranks, std::size_t count) {
  Scheduler scheduler(shards, rank, ranks, count);
  scheduler.walk({0, shards});
  return std::move(scheduler.merges);
}

}  // namespace chainrule::dist
