#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace chainrule::train {
class Team;
}

// Several processes that mpirun or srun started, as one command.
namespace chainrule::cli {

/// Whether this is one of several that says nothing: what is wrong before they have found each other, such as
/// a misspelt option, is wrong on all of them, and the first one says it.
bool is_silent_rank();

/// Runs a command with the ranks there are; null if this process is alone.
///
/// An error of one rank ends all of them: it is told once, and the exit code is that of the error.
/// @param timeout_s  seconds without a sign of life after which a rank is given up.
/// @throws ValueError  if there are several ranks, and the tool was built without MPI (E602).
int run_on_ranks(std::int64_t timeout_s, const std::function<int(train::Team*)>& command);

/// Threads that compute, where nobody says how many: the CPUs that the ranks of a machine share are shared
/// out.
/// @param asked  by --threads; 0: not.
void use_threads_of_rank(std::int64_t asked, train::Team* team);

/// The largest of the ranks' numbers, on all of them.
int largest(int number, train::Team* team);

/// @throws RankError  if the ranks have not the same (E607). @param toml  what is compared.
void require_same_settings(const std::string& toml, train::Team* team);

}  // namespace chainrule::cli
