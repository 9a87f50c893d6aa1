#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace chainrule::dist {

/// Whether ranks can be started; a test without says which package it misses.
inline bool has_mpirun() { return std::system("mpirun --version >/dev/null 2>&1") == 0; }

#define CHAINRULE_NEEDS_MPIRUN \
  if (!has_mpirun()) GTEST_SKIP() << "mpirun is missing: scripts/install-deps.sh dist (openmpi-bin)"

struct Ran {
  int code = 0;
  std::string text;  // of stdout and stderr
};

/// In containers, as root, with fewer CPUs than ranks. MPI keeps some memory to its end, which is no leak of
/// ours.
inline Ran mpirun(int ranks, const std::string& command, const std::string& options = "") {
  const std::string line =
      "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
      "OMPI_MCA_btl_vader_single_copy_mechanism=none "
      "OMPI_MCA_rmaps_base_oversubscribe=1 ASAN_OPTIONS=detect_leaks=0 mpirun --bind-to none " +
      options + " -n " + std::to_string(ranks) + " " + command + " 2>&1";
  Ran ran;
  std::FILE* const pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  std::array<char, 4096> block;
  for (std::size_t n; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;)
    ran.text.append(block.data(), n);
  const int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

/// This program, training.
inline Ran train_on(int ranks, int threads, const std::string& settings = "") {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  return mpirun(ranks, self + " --train " + std::to_string(threads) + " " + settings);
}

}  // namespace chainrule::dist
