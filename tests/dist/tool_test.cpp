// The real tool on several ranks.
#ifdef CHAINRULE_TOOL
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "chainrule/io.h"
#include "dist/mpirun.h"
#include "kernels/simd/dispatch.h"
#include "temporary_folder.h"

namespace chainrule::dist {
namespace {

/// Trains on a small table.
class Tool : public testing::Test {
 protected:
  Tool() {
    std::string rows = "x,y,sum\n";
    for (int i = 0; i < 60; ++i) {
      const int x = i * 7 % 11, y = i * 5 % 13;
      rows += std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(x + y) + "\n";
    }
    io::replace_file(folder_ / "sums.csv", rows);
  }
  std::string train(const std::string& arguments) const {
    return CHAINRULE_TOOL " train --data " + (folder_ / "sums.csv").string() +
           " --target sum --net 'mlp([8, 1])' --batch-size 20 --optimizer momentum --lr 0.01 " + arguments;
  }
  TemporaryFolder folder_;
};

/// "parameters_fnv1a": "906f99489a366a68"
std::string fingerprint(const std::string& text) {
  const std::size_t at = text.find("\"parameters_fnv1a\"");
  return at == std::string::npos ? text : text.substr(at, 38);
}

TEST_F(Tool, RanksEndInTheBitsOfOne) {
  CHAINRULE_NEEDS_MPIRUN;
  const std::string run = train("--steps 60 --shards 4 --json -q");
  const Ran alone = mpirun(1, run), three = mpirun(3, run);
  EXPECT_EQ(alone.code, 0);
  EXPECT_EQ(three.code, 0) << three.text;
  EXPECT_EQ(fingerprint(three.text), fingerprint(alone.text));
}

TEST_F(Tool, BatchNormOverAllShardsAndDataOnDisk) {
  CHAINRULE_NEEDS_MPIRUN;
  std::string run =
      train("--steps 60 --shards 4 --json -q --set train.sync_batch_norm=true --set data.on_disk=");
  const std::string net = "mlp([8, 1])";
  run.replace(run.find(net), net.size(), "sequential([affine(8), batch_norm, relu, affine(1)])");
  const Ran memory = mpirun(1, run + "false"), disk = mpirun(3, run + "true");
  EXPECT_EQ(memory.code, 0) << memory.text;
  EXPECT_EQ(fingerprint(disk.text), fingerprint(memory.text)) << disk.text;
  io::replace_file(folder_ / "play.txt", "to be or not to be");
  const Ran text =
      mpirun(1, CHAINRULE_TOOL " train --set data.on_disk=true --data " + (folder_ / "play.txt").string());
  EXPECT_NE(text.text.find(
                "/play.txt: data.on_disk is for .csv, .npz and IDX files; a text is read into memory. Leave "
                "it out. (E612)"),
            std::string::npos)
      << text.text;
}

TEST_F(Tool, TheFirstRankAloneSpeaksAndWrites) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = mpirun(2, train("--steps 20 --shards 2 --out " + folder_.string() + "/run"));
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.text.find(", 2 ranks for 2 shards"), std::string::npos) << ran.text;
  EXPECT_EQ(ran.text.find("saved in"), ran.text.rfind("saved in")) << ran.text;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/result.json"));
}

TEST_F(Tool, WhatIsWrongOnAllIsSaidOnce) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = mpirun(2, train("--stepps 20"));
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.text.find("Did you mean --steps?"), std::string::npos) << ran.text;
  EXPECT_EQ(ran.text.find("--stepps"), ran.text.rfind("--stepps")) << ran.text;
}

TEST_F(Tool, ButtonsThatWouldReachOneRankAreRefused) {
  CHAINRULE_NEEDS_MPIRUN;
  const Ran ran = mpirun(2, train("--steps 20 --shards 2 --serve --serve-control"));
  EXPECT_EQ(ran.code, 2) << ran.text;
  EXPECT_NE(ran.text.find(
                "[train] --serve-control: what the page changes would reach one of the ranks alone. Leave it "
                "out, or train with one rank. (E398)"),
            std::string::npos)
      << ran.text;
}

TEST_F(Tool, RanksWithOtherSettingsAreRefused) {
  CHAINRULE_NEEDS_MPIRUN;
  const std::string one = train("--steps 20 --shards 2"), other = train("--steps 20 --shards 2 --seed 2");
  const Ran ran = mpirun(1, one + " : -n 1 " + other);
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.text.find("\n  options.seed is 1 on rank 0, 2 on rank 1\n"), std::string::npos) << ran.text;
}

TEST_F(Tool, RanksWithOtherDataAreRefused) {
  CHAINRULE_NEEDS_MPIRUN;
  const std::string rows = io::read_file(folder_ / "sums.csv");
  // Ranks that are given the same path on machines of their own may have other files there.
  const auto on = [&](const std::string& folder, const std::string& text) {
    std::filesystem::create_directories(folder_ / folder);
    io::replace_file(folder_ / folder / "sums.csv", text);
    return "sh -c 'cd " + (folder_ / folder).string() +
           " && exec " CHAINRULE_TOOL " train --data sums.csv --target sum --steps 20 --shards 2'";
  };
  for (const std::size_t place :
       {rows.size() - 2, rows.find('\n') + 5, rows.find('x')}) {  // numbers, and a name
    std::string changed = rows;
    changed[place] = changed[place] == 'x' ? 'z' : changed[place] == '1' ? '2' : '1';
    const Ran ran = mpirun(1, on("here", rows) + " : -n 1 " + on("there", changed));
    EXPECT_EQ(ran.code, 7) << ran.text;
    EXPECT_NE(ran.text.find("\n  data.checksum is "), std::string::npos) << ran.text;
  }
}

TEST_F(Tool, RanksThatRoundInOtherWaysAreRefused) {
  CHAINRULE_NEEDS_MPIRUN;
  if (!kernels::fuses_multiply_add()) GTEST_SKIP() << "needs a CPU with fused multiply-add";
  const std::string run = train("--steps 20 --shards 2");
  const Ran ran = mpirun(1, run + " : -n 1 -x CHAINRULE_SIMD=sse4 " + run);
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.text.find("\n  program.multiply_add is fused on rank 0, apart on rank 1\n"),
            std::string::npos)
      << ran.text;
}

}  // namespace
}  // namespace chainrule::dist
#endif
