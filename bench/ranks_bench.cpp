// What adding up over ranks costs, measured; and what it would cost with more of them, predicted.
//
//     mpirun -n 4 bench_ranks                      seconds for sums of some sizes
//     bench_ranks ALPHA BETA GAMMA [STEP BYTES [EAGER]]
//                                                  from seconds a message, a byte and a number that is added:
//                                                  ranks up to 1024, for gradients of so many bytes and a
//                                                  step that takes so many seconds on one rank
//
// The prediction plays the messages of every rank with the schedule that the library uses. A rank that sends
// is busy for beta a byte; a message arrives alpha later. One of more than EAGER bytes is announced first,
// and sent when the receiver has answered: 3 alpha (Open MPI by TCP: 65536 bytes).
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "chainrule/dist.h"
#include "dist/schedule.h"
#include "train/shard_tree.h"

namespace {

using namespace chainrule;
using namespace chainrule::dist;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int measure() {
  World world;
  if (world.rank() == 0)
    std::printf("%d ranks\n%12s %12s %12s\n", world.size(), "bytes", "seconds", "bytes/s");
  for (std::size_t count = 1; count <= (std::size_t{1} << 24); count *= 16) {
    const std::size_t parts = train::subtrees(world.size(), world.rank(), world.size()).size();
    std::vector<float> numbers(count * parts, 1.0f);
    std::vector<double> times;
    for (int i = 0; i < (count > 1'000'000 ? 9 : 51); ++i) {
      world.barrier();
      const double begin = now();
      world.sum(world.size(), numbers);
      times.push_back(now() - begin);
      std::fill(numbers.begin(), numbers.end(), 1.0f);
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    const double median = times[times.size() / 2], bytes = static_cast<double>(4 * count);
    if (world.rank() == 0) std::printf("%12.0f %12.3g %12.3g\n", bytes, median, bytes / median);
  }
  return 0;
}

struct Costs {
  double alpha = 0, beta = 0, gamma = 0, eager = HUGE_VAL;
};

struct Played {
  std::vector<Merge> merges;
  std::size_t at = 0;
  bool has_sent = false;
  double clock = 0;
};

using Arrivals = std::map<std::pair<int, int>, std::vector<double>>;

bool advance(Played& rank, int self, const Costs& costs, Arrivals& mail) {
  const std::size_t merges = rank.merges.size();
  if (rank.at == 2 * merges) return false;
  const bool goes_up = rank.at < merges;
  const Merge& merge = rank.merges[goes_up ? rank.at : 2 * merges - 1 - rank.at];
  if (!rank.has_sent) {
    for (const Transfer& t : goes_up ? merge.sends : merge.returns) {
      const double bytes = 4 * static_cast<double>(t.segment.size());
      rank.clock += costs.beta * bytes;
      mail[{self, t.peer}].push_back(rank.clock + costs.alpha * (bytes > costs.eager ? 3 : 1));
    }
    rank.has_sent = true;
  }
  std::map<int, std::size_t> needed;
  for (const Transfer& t : goes_up ? merge.receives : merge.arrivals) ++needed[t.peer];
  for (const auto& [peer, count] : needed) {
    if (mail[{peer, self}].size() < count) return false;
  }
  for (const auto& [peer, count] : needed) {
    std::vector<double>& times = mail[{peer, self}];
    rank.clock = std::max(rank.clock, times[count - 1]);
    times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(count));
  }
  if (goes_up) rank.clock += costs.gamma * static_cast<double>(merge.added.size());
  ++rank.at;
  rank.has_sent = false;
  return true;
}

/// Seconds until the last rank has the sum.
double predicted(int ranks, std::size_t count, const Costs& costs) {
  std::vector<Played> all(static_cast<std::size_t>(ranks));
  for (int r = 0; r < ranks; ++r) all[static_cast<std::size_t>(r)].merges = schedule(ranks, r, ranks, count);
  Arrivals mail;
  for (bool moves = true; moves;) {
    moves = false;
    for (int r = 0; r < ranks; ++r) {
      while (advance(all[static_cast<std::size_t>(r)], r, costs, mail)) moves = true;
    }
  }
  double last = 0;
  for (const Played& rank : all) last = std::max(last, rank.clock);
  return last;
}

int predict(int argc, char** argv) {
  const Costs costs{std::atof(argv[1]), std::atof(argv[2]), std::atof(argv[3]),
                    argc > 6 ? std::atof(argv[6]) : HUGE_VAL};
  const double step = argc > 5 ? std::atof(argv[4]) : 1, bytes = argc > 5 ? std::atof(argv[5]) : 4e6;
  constexpr std::size_t kBucket = std::size_t{1} << 20;  // numbers, as src/dist/sum.cpp has it
  const auto count = static_cast<std::size_t>(bytes / 4);
  std::printf("%6s %14s %14s %10s\n", "ranks", "sum seconds", "step seconds", "speed-up");
  for (const int ranks : {1, 2, 4, 8, 16, 32, 64, 100, 128, 256, 512, 1000, 1024}) {
    double sum = 0;
    if (ranks > 1) {
      if (count >= kBucket) sum += static_cast<double>(count / kBucket) * predicted(ranks, kBucket, costs);
      if (count % kBucket != 0) sum += predicted(ranks, count % kBucket, costs);
    }
    const double whole = step / ranks + sum;
    std::printf("%6d %14.3g %14.3g %10.1f\n", ranks, sum, whole, step / whole);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return argc >= 4 ? predict(argc, argv) : measure(); }
