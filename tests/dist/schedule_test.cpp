// Who sends what to whom: every rank's part is played here, one after another, without MPI.
#include "dist/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "chainrule/random.h"
#include "train/shard_tree.h"

namespace chainrule::dist {
namespace {

using Numbers = std::vector<float>;

/// What each shard gives: numbers whose sum depends on the order.
Numbers of_shard(std::int64_t shard, std::size_t count) {
  Random random(static_cast<std::uint64_t>(shard) + 1);
  Numbers numbers(count);
  for (float& number : numbers)
    number = static_cast<float>(random.normal() * std::exp2(random.uniform(0, 20)));
  return numbers;
}

Numbers tree_sum(train::Range node, std::size_t count) {
  if (node.size() == 1) return of_shard(node.begin, count);
  Numbers left = tree_sum({node.begin, train::middle(node)}, count);
  const Numbers right = tree_sum({train::middle(node), node.end}, count);
  for (std::size_t i = 0; i < count; ++i) left[i] += right[i];
  return left;
}

struct Rank {
  std::vector<Numbers> parts;
  Numbers spare;
  std::vector<Merge> merges;
  std::size_t at = 0;  // of merges, up and then down
  bool has_sent = false;
  Numbers& buffer(int which) { return which == kSpare ? spare : parts[static_cast<std::size_t>(which)]; }
};

/// Messages under way, by sender and receiver, in their order.
using Mail = std::map<std::pair<int, int>, std::vector<Numbers>>;

/// As MPI does: sends what it can, receives what is there. Whether the rank got a step further.
bool advance(Rank& rank, int self, Mail& mail) {
  const std::size_t merges = rank.merges.size();
  if (rank.at == 2 * merges) return false;
  const bool goes_up = rank.at < merges;
  Merge& merge = rank.merges[goes_up ? rank.at : 2 * merges - 1 - rank.at];
  const auto& sends = goes_up ? merge.sends : merge.returns;
  const auto& receives = goes_up ? merge.receives : merge.arrivals;
  for (const Transfer& t : sends) {
    if (rank.has_sent) break;
    const Numbers& from = rank.buffer(t.buffer);
    mail[{self, t.peer}].emplace_back(from.begin() + static_cast<std::ptrdiff_t>(t.segment.begin),
                                      from.begin() + static_cast<std::ptrdiff_t>(t.segment.end));
  }
  rank.has_sent = true;
  std::map<int, std::size_t> needed;
  for (const Transfer& t : receives) ++needed[t.peer];
  for (const auto& [peer, count] : needed) {
    if (mail[{peer, self}].size() < count) return false;
  }
  for (const Transfer& t : receives) {
    auto& waiting = mail[{t.peer, self}];
    EXPECT_EQ(waiting.front().size(), t.segment.size());
    std::copy(waiting.front().begin(), waiting.front().end(),
              rank.buffer(t.buffer).begin() + static_cast<std::ptrdiff_t>(t.segment.begin));
    waiting.erase(waiting.begin());
  }
  if (goes_up) {
    for (std::size_t i = merge.added.begin; i < merge.added.end; ++i)
      rank.buffer(merge.to)[i] += rank.buffer(merge.from)[i];
  }
  ++rank.at;
  rank.has_sent = false;
  return true;
}

TEST(Schedule, AnyNumberOfRanksAddsUpInTheOrderOfTheTree) {
  for (const auto& [shards, count] :
       {std::tuple{1, 5}, {2, 1}, {8, 37}, {6, 4}, {7, 100}, {13, 64}, {32, 3}}) {
    const Numbers expected = tree_sum({0, shards}, static_cast<std::size_t>(count));
    for (int ranks = 1; ranks <= shards; ++ranks) {
      std::vector<Rank> all(static_cast<std::size_t>(ranks));
      for (int r = 0; r < ranks; ++r) {
        Rank& rank = all[static_cast<std::size_t>(r)];
        for (const train::Range node : train::subtrees(shards, r, ranks))
          rank.parts.push_back(tree_sum(node, static_cast<std::size_t>(count)));
        rank.spare.resize(static_cast<std::size_t>(count));
        rank.merges = schedule(shards, r, ranks, static_cast<std::size_t>(count));
      }
      Mail mail;
      for (bool moves = true; moves;) {
        moves = false;
        for (int r = ranks - 1; r >= 0; --r) moves |= advance(all[static_cast<std::size_t>(r)], r, mail);
      }
      for (int r = 0; r < ranks; ++r) {
        const Rank& rank = all[static_cast<std::size_t>(r)];
        EXPECT_EQ(rank.at, 2 * rank.merges.size())
            << "waits for ever: " << shards << " " << ranks << " " << r;
        EXPECT_EQ(rank.parts[0], expected) << shards << " shards, rank " << r << " of " << ranks;
      }
      for (const auto& [pair, waiting] : mail) EXPECT_TRUE(waiting.empty());
    }
  }
}

// Rabenseifner's bound: a rank sends n (1 - 1/ranks) numbers to add up, and as many on the way back.
TEST(Schedule, PowersOfTwoSendWhatIsNeededAndNoMore) {
  for (const int ranks : {2, 4, 8, 64}) {
    for (const int rank : {0, 1, ranks - 1}) {
      std::size_t up = 0, down = 0, messages = 0;
      for (const Merge& merge : schedule(ranks, rank, ranks, 6400)) {
        for (const Transfer& t : merge.sends) up += t.segment.size();
        for (const Transfer& t : merge.returns) down += t.segment.size();
        messages += merge.sends.size();
      }
      EXPECT_EQ(up, 6400 - 6400 / static_cast<std::size_t>(ranks));
      EXPECT_EQ(down, up);
      EXPECT_EQ(1u << messages, static_cast<unsigned>(ranks));
    }
  }
}

}  // namespace
}  // namespace chainrule::dist
