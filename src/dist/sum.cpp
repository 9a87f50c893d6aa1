// Sums over shards that lie on several ranks.
#include <algorithm>

#include "core/thread_pool.h"
#include "dist/world.h"
#include "train/shard_tree.h"

namespace chainrule::dist {
namespace {

constexpr int kSum = 2;

/// So many bytes are added up at a time: room for as many is needed beside the numbers themselves.
/// docs/distributed.md has what was measured.
constexpr std::size_t kBucketBytes = std::size_t{1} << 22;

template <class T>
MPI_Datatype type_of() {
  return sizeof(T) == 4 ? MPI_FLOAT : MPI_DOUBLE;
}

}  // namespace

template <class T>
void World::Inside::sum_bucket(const std::vector<Merge>& merges, T* parts, std::size_t stride,
                               std::size_t count) {
  spare_.resize(std::max(spare_.size(), count * sizeof(T) / sizeof(float)));
  T* const spare = reinterpret_cast<T*>(spare_.data());
  std::vector<MPI_Request> requests;
  const auto place = [&](int buffer) {
    return buffer == kSpare ? spare : parts + static_cast<std::size_t>(buffer) * stride;
  };
  const auto exchange = [&](const std::vector<Transfer>& sends, const std::vector<Transfer>& receives) {
    requests.clear();
    for (const Transfer& t : receives) {
      check(MPI_Irecv(place(t.buffer) + t.segment.begin, static_cast<int>(t.segment.size()), type_of<T>(),
                      t.peer, kSum, comm, &requests.emplace_back()),
            "MPI_Irecv");
    }
    for (const Transfer& t : sends) {
      check(MPI_Isend(place(t.buffer) + t.segment.begin, static_cast<int>(t.segment.size()), type_of<T>(),
                      t.peer, kSum, comm, &requests.emplace_back()),
            "MPI_Isend");
    }
    wait(requests);
  };
  for (const Merge& merge : merges) {
    exchange(merge.sends, merge.receives);
    T* const to = place(merge.to);
    const T* const from = place(merge.from);
    constexpr std::int64_t kNumbersAThread = 1 << 15;
    parallel_for(static_cast<std::int64_t>(merge.added.size()), kNumbersAThread,
                 [&](std::int64_t begin, std::int64_t end) {
                   const auto first = static_cast<std::int64_t>(merge.added.begin);
                   for (std::int64_t i = first + begin; i < first + end; ++i) to[i] += from[i];
                 });
  }
  for (auto merge = merges.rbegin(); merge != merges.rend(); ++merge)
    exchange(merge->returns, merge->arrivals);
}

template <class T>
void World::Inside::sum(std::int64_t shards, std::span<T> parts) {
  if (size == 1) return;
  const std::size_t count = parts.size() / train::subtrees(shards, rank, size).size();
  constexpr std::size_t kBucket = kBucketBytes / sizeof(T);
  for (std::size_t begin = 0; begin < count; begin += kBucket) {
    const std::size_t length = std::min(kBucket, count - begin);
    auto [known, is_new] = schedules_.try_emplace({shards, length});
    if (is_new) known->second = schedule(shards, rank, size, length);
    sum_bucket(known->second, parts.data() + begin, count, length);
  }
  has_begun = true;
}

void World::sum(std::int64_t shards, std::span<float> parts) { inside_->sum(shards, parts); }
void World::sum(std::int64_t shards, std::span<double> parts) { inside_->sum(shards, parts); }

}  // namespace chainrule::dist
