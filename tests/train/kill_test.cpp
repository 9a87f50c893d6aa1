// A process that trains is killed at any instant, again and again; what goes on ends in the same bits. How
// often: CHAINRULE_KILLS, 10 if it is not set.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "chainrule/random.h"
#include "temporary_folder.h"
#include "train/hard_run.h"

namespace chainrule::train {
namespace {

/// Trains in another process; returns what it printed, "" if it was killed, and "failed" if it failed by
/// itself.
/// @param after_us  microseconds after which it is killed; negative: never.
std::string train(const std::string& folder, int threads, int workers, std::int64_t after_us) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return "no pipe";
  const std::string thread_text = std::to_string(threads), worker_text = std::to_string(workers);
  const pid_t child = fork();
  if (child == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    execl("/proc/self/exe", "train_tests", "--train", folder.c_str(), thread_text.c_str(),
          worker_text.c_str(), nullptr);
    _exit(127);
  }
  close(pipe_ends[1]);
  if (after_us >= 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(after_us));
    kill(child, SIGKILL);
  }
  std::string text;
  char block[4096];
  for (ssize_t n; (n = read(pipe_ends[0], block, sizeof(block))) > 0;)
    text.append(block, static_cast<std::size_t>(n));
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return "";
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "failed";
}

TEST(Kill, ARunThatIsKilledAtAnyInstantEndsInTheSameBits) {
  const char* given = std::getenv("CHAINRULE_KILLS");
  const int wanted = given != nullptr ? std::atoi(given) : 10;
  std::string expected;
  std::int64_t length_us = 0;
  {
    const TemporaryFolder folder;
    const auto start = std::chrono::steady_clock::now();
    expected = train(folder / "run", 1, 0, -1);
    length_us =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start)
            .count();
  }
  ASSERT_NE(expected, "");
  Random random(5);
  int kills = 0, ends = 0, trials = 0;
  while (kills < wanted && trials++ < 20 * wanted) {
    const TemporaryFolder folder;
    std::string end;
    while (end.empty()) {  // killed until it gets through
      const auto after = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(length_us)));
      end = train(folder / "run", static_cast<int>(1 + random.below(3)), static_cast<int>(random.below(3)),
                  after);
      kills += end.empty();
      if (end.empty() && kills >= wanted) end = train(folder / "run", 2, 1, -1);
    }
    EXPECT_EQ(end, expected) << "after " << kills << " kills";
    ++ends;
  }
  EXPECT_GE(kills, wanted);
  std::cout << kills << " kills in " << ends << " runs of " << length_us / 1000 << " ms\n";
}

}  // namespace
}  // namespace chainrule::train
