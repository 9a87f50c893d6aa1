// Waiting for other ranks, and finding out which one is at fault if they do not come.
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "core/text.h"
#include "dist/world.h"

namespace chainrule::dist {
namespace {

constexpr int kPing = 3, kPong = 4;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string name(const Origin& origin, std::size_t rank) {
  return cat("rank ", rank, " on host ", origin.host);
}

/// Of this machine: of others nothing is known.
bool is_dead(const Origin& other, const Origin& self) {
  return other.machine == self.machine && kill(static_cast<pid_t>(other.pid), 0) != 0 && errno == ESRCH;
}

}  // namespace

void World::take_turn() const {
  const std::vector<Origin>& all = inside_->origins;
  const Origin& self = all[static_cast<std::size_t>(rank())];
  int before = 0;
  for (int i = 0; i < rank(); ++i) before += is_dead(all[static_cast<std::size_t>(i)], self) ? 0 : 1;
  constexpr auto kFirst = std::chrono::milliseconds(2000), kEach = std::chrono::milliseconds(200);
  if (before > 0) std::this_thread::sleep_for(kFirst + std::min(before, 20) * kEach);
}

double World::Inside::limit() const { return options.timeout * (has_begun ? 1 : 10); }

/// Those of this machine: of others the launcher, or the time limit, tells.
void World::Inside::look_for_the_dead() const {
  const Origin& self = origins[static_cast<std::size_t>(rank)];
  for (std::size_t i = 0; i < origins.size(); ++i) {
    if (!is_dead(origins[i], self)) continue;
    throw RankError(
        605, cat("[dist] ", name(origins[i], i), " is gone: its process ", origins[i].pid,
                 " has ended. The run ends; go on from its last checkpoint, with any number of ranks."));
  }
}

void World::Inside::answer_pings() {
  int is_there = 0;
  MPI_Status status;
  while (MPI_Iprobe(MPI_ANY_SOURCE, kPing, comm, &is_there, &status) == MPI_SUCCESS && is_there != 0) {
    MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, kPing, comm, MPI_STATUS_IGNORE);
    MPI_Send(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, kPong, comm);
  }
}

/// Asks all others; those that wait as well answer.
/// @throws RankError E606  naming those that do not.
void World::Inside::find_the_silent() {
  constexpr double kPatience = 2;  // seconds
  std::vector<bool> has_answered(origins.size());
  has_answered[static_cast<std::size_t>(rank)] = true;
  std::vector<MPI_Request> pings;
  for (int other = 0; other < size; ++other) {
    if (other != rank) MPI_Isend(nullptr, 0, MPI_BYTE, other, kPing, comm, &pings.emplace_back());
  }
  for (const double end = now() + kPatience; now() < end;) {
    answer_pings();
    int is_there = 0;
    MPI_Status status;
    while (MPI_Iprobe(MPI_ANY_SOURCE, kPong, comm, &is_there, &status) == MPI_SUCCESS && is_there != 0) {
      MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, kPong, comm, MPI_STATUS_IGNORE);
      has_answered[static_cast<std::size_t>(status.MPI_SOURCE)] = true;
    }
    look_for_the_dead();
    usleep(1000);
  }
  for (MPI_Request& ping : pings) MPI_Request_free(&ping);
  std::string silent;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    if (!has_answered[i]) silent += cat(silent.empty() ? "" : ", ", name(origins[i], i));
  }
  if (silent.empty()) return;
  throw RankError(606,
                  cat("[dist] ", silent, ": no sign of life for ", limit(),
                      " s. The run ends; go on from its last checkpoint, with any number of ranks. If it was "
                      "only slow, give it longer: --rank-timeout."));
}

void World::Inside::wait(std::vector<MPI_Request>& requests) {
  constexpr int kPollsAtATime = 64;
  constexpr double kLook = 0.05, kSpin = 0.0002, kDoze = 0.01;  // seconds
  const auto is_done = [&] {
    int done = 0;
    check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE),
          "MPI_Testall");
    return done != 0;
  };
  const double begun = now();
  double looked = begun, asked = begun;
  for (;;) {
    for (int i = 0; i < kPollsAtATime; ++i) {
      if (is_done()) return;
    }
    const double time = now();
    if (time - begun > kSpin) sched_yield();  // another rank may want this CPU
    if (time - begun > kDoze) usleep(50);
    if (time - looked < kLook) continue;
    looked = time;
    answer_pings();
    look_for_the_dead();
    if (time - asked < limit()) continue;
    find_the_silent();
    asked = now();
    if (asked - begun < 3 * limit()) continue;
    throw RankError(608,
                    cat("[dist] all ranks wait for one another for ", asked - begun,
                        " s. Do all of them call the same, in the same order? What only one knows, such as a "
                        "signal, goes through Trainer::interrupt."));
  }
}

}  // namespace chainrule::dist
