// Sums over shards that lie on several ranks.
#include "dist/add_up.h"
#include "dist/world.h"

namespace chainrule::dist {
namespace {

constexpr int kSum = 2;

template <class T>
MPI_Datatype type_of() {
  return sizeof(T) == 4 ? MPI_FLOAT : MPI_DOUBLE;
}

}  // namespace

template <class T>
void World::Inside::sum(std::int64_t shards, std::span<T> parts) {
  if (size == 1) return;
  const auto merges_of = [&](std::size_t count) -> const std::vector<Merge>& {
    auto [known, is_new] = schedules_.try_emplace({shards, count});
    if (is_new) known->second = schedule(shards, rank, size, count);
    return known->second;
  };
  std::vector<MPI_Request> requests;
  const auto exchange = [&](const std::vector<Transfer>& sends, const std::vector<Transfer>& receives,
                            const auto& place) {
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
  add_up(shards, rank, size, parts, merges_of, exchange);
  has_begun = true;
}

void World::sum(std::int64_t shards, std::span<float> parts) { inside_->sum(shards, parts); }
void World::sum(std::int64_t shards, std::span<double> parts) { inside_->sum(shards, parts); }

}  // namespace chainrule::dist
