// Several processes that mpirun or srun started, as one command.
#include "ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "chainrule/error.h"
#include "chainrule/threads.h"
#include "chainrule/train/team.h"
#include "exit_code.h"
#include "one_process.h"
#include "options.h"
#include "output.h"
#include "train/configuration.h"
#ifdef CHAINRULE_HAS_MPI
#include "chainrule/dist.h"
#endif

namespace chainrule::cli {

#ifdef CHAINRULE_HAS_MPI
namespace {

/// Several ranks may know of an error: one of them tells it, and ends the others.
[[noreturn]] void give_up(dist::World& world, const std::string& message, int code) {
  world.take_turn();
  silence(false);
  complain(world.rank() == 0 || code == kRanks ? message
                                               : fmt::format("{}: {}", world.name_of(world.rank()), message));
  world.abort(code);
}

}  // namespace

bool is_silent_rank() { return dist::World::is_launched() && dist::World::launched_rank() > 0; }

int run_on_ranks(std::int64_t timeout_s, const std::function<int(train::Team*)>& command) {
  if (!dist::World::is_launched()) return command(nullptr);
  dist::World world({.timeout = static_cast<double>(timeout_s)});
  if (world.size() == 1) return command(nullptr);
  try {
    return command(&world);
  } catch (const Error& error) {
    give_up(world, error.what(), exit_code_of(error));
  } catch (const std::bad_alloc&) {
    give_up(world, "out of memory; try a smaller --batch-size.", kFailed);
  } catch (const std::exception& error) {
    give_up(world, error.what(), kFailed);
  }
}

namespace {
int same_cpus(train::Team& team) {
  const auto* world = dynamic_cast<const dist::World*>(&team);
  return world != nullptr ? world->same_cpus() : 1;
}
}  // namespace
#else
bool is_silent_rank() { return false; }

int run_on_ranks(std::int64_t, const std::function<int(train::Team*)>& command) {
  require_one_process();
  return command(nullptr);
}

namespace {
int same_cpus(train::Team&) { return 1; }
}  // namespace
#endif

void use_threads_of_rank(std::int64_t asked, train::Team* team) {
  if (team == nullptr) return use_threads(asked);
  const bool is_said =
      std::getenv("CHAINRULE_NUM_THREADS") != nullptr || std::getenv("OMP_NUM_THREADS") != nullptr;
  if (asked > 0) {
    set_num_threads(static_cast<int>(asked));
  } else if (!is_said) {
    set_num_threads(std::max(1, num_threads() / same_cpus(*team)));
  }
}

int largest(int number, train::Team* team) {
  if (team == nullptr) return number;
  for (const std::string& text : team->gather(std::to_string(number)))
    number = std::max(number, std::stoi(text));
  return number;
}

void require_same_settings(const std::string& toml, train::Team* team) {
  if (team != nullptr) train::require_same(*team, toml);
}

}  // namespace chainrule::cli
