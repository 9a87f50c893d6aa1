#pragma once

#include <mpi.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/dist.h"
#include "dist/schedule.h"

namespace chainrule::dist {

/// What a rank tells the others of itself.
struct Origin {
  char host[64] = {};
  std::uint64_t machine =
      0;  ///< a number of the machine and its processes' names: equal where a pid says something
  std::uint64_t cpus = 0;  ///< of the CPUs that it may use
  std::int64_t pid = 0;
};

struct World::Inside {
  explicit Inside(const Options& chosen, const void* communicator);
  ~Inside();

  void send(int to, std::string_view text);
  std::string receive(int from);
  /// Until all are done. @throws RankError  (E604, E605, E606)
  void wait(std::vector<MPI_Request>& requests);
  template <class T>
  void sum(std::int64_t shards, std::span<T> parts);

  Options options;
  MPI_Comm comm = MPI_COMM_NULL;
  bool owns_mpi = false;
  bool has_begun = false;  // the first step
  int rank = 0, size = 1;
  std::vector<Origin> origins;

 private:
  void look_for_the_dead() const;
  void answer_pings();
  void find_the_silent();
  double limit() const;

  std::map<std::pair<std::int64_t, std::size_t>, std::vector<Merge>> schedules_;
};

/// @throws RankError  if a call of MPI did not succeed (E604).
void check(int result, const char* call);

}  // namespace chainrule::dist
