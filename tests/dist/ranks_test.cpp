// Real ranks, started by mpirun.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/chainrule.h"
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
