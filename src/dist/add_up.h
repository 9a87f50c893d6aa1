#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/thread_pool.h"
#include "dist/schedule.h"
#include "train/shard_tree.h"

namespace chainrule::dist {

/// So many bytes are added up at a time: room for as many is needed beside the numbers themselves.
/// docs/distributed.md has what was measured.
constexpr std::size_t kBucketBytes = std::size_t{1} << 22;

/// Adds numbers up over shards that lie on several ranks, as Team::sum says.
/// @param merges_of  the schedule for so many numbers: merges_of(count).
/// @param exchange  sends and receives at once, and returns when all of it is done:
///     exchange(sends, receives, place), with place(buffer) where a buffer's numbers begin.
template <class T, class Merges, class Exchange>
void add_up(std::int64_t shards, int rank, int ranks, std::span<T> parts, Merges merges_of,
            Exchange exchange) {
  const std::size_t stride = parts.size() / train::subtrees(shards, rank, ranks).size();
  constexpr std::size_t kBucket = kBucketBytes / sizeof(T);
  const auto spare = std::make_unique_for_overwrite<T[]>(std::min(kBucket, stride));
  for (std::size_t begin = 0; begin < stride; begin += kBucket) {
    const auto place = [&](int buffer) {
      return buffer == kSpare ? spare.get()
                              : parts.data() + static_cast<std::size_t>(buffer) * stride + begin;
    };
    const std::vector<Merge>& merges = merges_of(std::min(kBucket, stride - begin));
    for (const Merge& merge : merges) {
      exchange(merge.sends, merge.receives, place);
      T* const to = place(merge.to) + merge.added.begin;
      const T* const from = place(merge.from) + merge.added.begin;
      constexpr std::int64_t kNumbersAThread = 1 << 15;
      parallel_for(static_cast<std::int64_t>(merge.added.size()), kNumbersAThread,
                   [&](std::int64_t first, std::int64_t end) {
                     for (std::int64_t i = first; i < end; ++i) to[i] += from[i];
                   });
    }
    for (auto merge = merges.rbegin(); merge != merges.rend(); ++merge)
      exchange(merge->returns, merge->arrivals, place);
  }
}

}  // namespace chainrule::dist
