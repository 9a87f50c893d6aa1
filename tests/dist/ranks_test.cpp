// Real ranks, started by mpirun.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "cli/one_process.h"
#include "dist/mpirun.h"
#include "dist/small_run.h"
#include "message_of.h"
#include "set_environment.h"
#include "temporary_folder.h"

namespace chainrule::dist {
namespace {

std::string alone(std::int64_t shards) {
  std::string all;
  for (const char* net : {"two_layer", "lenet", "gpt"}) all += train_small({.net = net, .shards = shards});
  return all;
}

TEST(Ranks, AnyNumberOfThemEndsInTheBitsOfOneProcess) {
  CHAINRULE_NEEDS_MPIRUN;
  const std::string expected = alone(8);
  for (const auto& [ranks, threads] : {std::pair{1, 1}, {2, 2}, {3, 1}, {8, 1}}) {
    const Ran ran = train_on(ranks, threads);
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.text, expected) << ranks << " ranks of " << threads << " threads";
  }
}

// Of 230 rows the tenth batch of 25 has 5: fewer than shards, and than ranks.
TEST(Ranks, BatchNormOverAllShardsIsTheSameForAnyNumberOfThem) {
  CHAINRULE_NEEDS_MPIRUN;
  const std::string expected = train_small({.net = "lenet", .sync_batch_norm = true, .batch_size = 25});
  EXPECT_NE(expected, train_small({.net = "lenet", .batch_size = 25}));
  for (const auto& [ranks, threads] : {std::pair{1, 1}, {2, 2}, {3, 1}, {8, 1}}) {
    const Ran ran = train_on(ranks, threads, "net=lenet sync=1 batch=25");
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.text, expected) << ranks << " ranks of " << threads << " threads";
  }
}

TEST(Ranks, OneThatDiesEndsAllAndTheRunGoesOnWithOtherRanks) {
  CHAINRULE_NEEDS_MPIRUN;
  const TemporaryFolder folder;
  const std::string in_folder = "net=lenet folder=" + folder.string() + "/run";
  const Ran killed = train_on(4, 1, in_folder + " die_at=7");
  EXPECT_NE(killed.code, 0);
  EXPECT_NE(killed.text.find("[dist] rank 1 on host "), std::string::npos) << killed.text;
  EXPECT_NE(killed.text.find(" is gone: its process "), std::string::npos) << killed.text;
  EXPECT_EQ(killed.text.find("rank 1 on host"), killed.text.rfind("rank 1 on host"))
      << "once: " << killed.text;
  const Ran resumed = train_on(3, 2, in_folder);
  EXPECT_EQ(resumed.text, train_small({.net = "lenet"}));
}

TEST(Ranks, OneThatIsSilentIsNamed) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(3, 1, "net=two_layer timeout=1 stop_at=3");
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.text.find("[dist] rank 1 on host "), std::string::npos) << ran.text;
  EXPECT_NE(ran.text.find(": no sign of life for 1 s."), std::string::npos) << ran.text;
}

/// 100,000 rows of 400 numbers, 160 MB.
void write_large(const std::string& path) {
  constexpr std::int64_t kRows = 100000, kNumbers = 400;
  std::vector<float> x(static_cast<std::size_t>(kRows * kNumbers));
  std::vector<std::int64_t> t(static_cast<std::size_t>(kRows));
  std::uint32_t state = 1;
  for (float& number : x) {
    state = state * 1664525 + 1013904223;
    number = static_cast<float>(state >> 16) / 65536 - 0.5f;
  }
  for (std::size_t row = 0; row < t.size(); ++row)
    t[row] = (x[row * kNumbers] > 0) + 2 * (x[row * kNumbers + 1] > 0);
  io::write_npz(path, {{"x", from_data(std::span<const float>(x), {kRows, kNumbers})},
                       {"t", from_data(std::span<const std::int64_t>(t), {kRows})}});
}

// A quarter of the data is all the memory that a rank gets (that of the process, libraries and stacks
// included).
TEST(Ranks, DataFourTimesAsLargeAsMemory) {
  CHAINRULE_NEEDS_MPIRUN;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes more memory than the limit";
#endif
  const TemporaryFolder folder;
  const std::string file = folder.string() + "/large.npz";
  write_large(file);
  const std::string expected = train_small({.net = "file", .file = file});
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto limited = [&](int ranks, const std::string& settings) {
    return mpirun(ranks, "sh -c 'ulimit -d 40000; exec " + self + " --train 1 net=file file=" + file + " " +
                             settings + "'");
  };
  for (const int ranks : {1, 3}) EXPECT_EQ(limited(ranks, "disk=1").text, expected) << ranks;
  EXPECT_NE(limited(1, "disk=0").code, 0) << "the limit is none";
}

TEST(Ranks, ThoseThatWaitForOneAnother) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(2, 1, "net=two_layer timeout=0.1 ask_at=3");
  EXPECT_EQ(ran.code, 7);
  EXPECT_TRUE(std::regex_search(
      ran.text,
      std::regex("(^|\n)\\[dist\\] all ranks wait for one another for [0-9.]+ s\\. Do all of them call "
                 "the same, in the same order\\? What only one knows, such as a signal, goes through "
                 "Trainer::interrupt\\. \\(E608\\)\n")))
      << ran.text;
}

TEST(Ranks, ACallOfMpiThatFails) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(2, 1, "net=two_layer fail_at=3");
  EXPECT_EQ(ran.code, 7);
  const std::string line =
      "[dist] MPI_Isend failed: MPI_ERR_RANK: invalid rank. See what mpirun says. (E604)\n";
  EXPECT_NE(ran.text.find(line), std::string::npos) << ran.text;
}

TEST(Ranks, AToolWithoutMpi) {
  const SetEnvironment scope("OMPI_COMM_WORLD_SIZE", "4");
  EXPECT_EQ(
      message_of(cli::require_one_process),
      "[train] 4 ranks were started, but this chainrule was built without MPI. Install libopenmpi-dev, and "
      "build it again. (E602)");
}

TEST(Ranks, AnErrorOfOneEndsAll) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(3, 1, "net=two_layer throw_at=3");
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.text.find("rank 1 has had enough"), std::string::npos) << ran.text;
}

TEST(Ranks, OtherSettingsAreRefused) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(2, 1, "net=two_layer lr=0.1");
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.text.find("differs from rank 0 on host "), std::string::npos) << ran.text;
  EXPECT_NE(ran.text.find("\n  optimizer.lr is 0.05 on rank 0, 0.1 on rank 1\n"), std::string::npos)
      << ran.text;
}

TEST(Ranks, OtherParametersAreNoticed) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(3, 1, "net=two_layer steps=120 spoil_at=30");
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.text.find("[train] rank 1 on host "), std::string::npos) << ran.text;
  EXPECT_NE(ran.text.find("\n  state.parameters is "), std::string::npos) << ran.text;
}

TEST(Ranks, WhatInterruptsOneEndsAllAtTheSameStep) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(3, 1, "net=two_layer interrupt_at=8");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.text, train_small({.steps = 9}));
}

TEST(Ranks, MoreThanShards) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = train_on(3, 1, "net=two_layer shards=2");
  EXPECT_NE(
      ran.text.find("[train] 3 ranks share 2 shards. Need at least one each: fewer ranks, or more shards, as "
                    "--shards 3. The number of shards decides a run's bits, the number of ranks does not. "
                    "(E600)"),
      std::string::npos)
      << ran.text;
}

TEST(Ranks, AProgramThatWasStartedAloneIsAWorldOfOne) {
  World world;
  EXPECT_EQ(world.size(), 1);
  EXPECT_EQ(world.rank(), 0);
  EXPECT_EQ(world.same_cpus(), 1);
  EXPECT_EQ(world.gather("word"), std::vector<std::string>{"word"});
  EXPECT_EQ(train_small({.team = &world}), train_small({}));
}

}  // namespace
}  // namespace chainrule::dist
