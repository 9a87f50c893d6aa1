// A disk that fills while a run trains, and folders that cannot be written to.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

/// A file system of 300 kB in memory, for as long as it lives.
class SmallDisk {
 public:
  SmallDisk() {
    if (mount("tmpfs", folder_.string().c_str(), "tmpfs", 0, "size=300k") != 0) why_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (why_.empty()) umount2(folder_.string().c_str(), MNT_DETACH);
  }
  const std::string& why_not() const { return why_; }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  TemporaryFolder folder_;
  std::string why_;
};

/// A checkpoint of this net has about 20 kB.
std::vector<std::string> train(const std::vector<std::string>& more) {
  std::vector<std::string> all{"train",        "--data", small_set(),          "--net", "mlp([150, 4])",
                               "--batch-size", "10",     "--checkpoint-every", "50"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(FullDisk, TrainingGoesOnAndTheLastCheckpointStaysWhole) {
  const SmallDisk disk;
  if (!disk.why_not().empty())
    GTEST_SKIP() << "mounting a small disk is not permitted here: " << disk.why_not();
  const std::string run = disk.path("run");
  ASSERT_EQ(run_tool(train({"--steps", "100", "--out", run, "-q"})).code, 0);

  // What is left, but for 8 kB, is taken by something else.
  const auto room = fs::space(run).available;
  ASSERT_GT(room, 8192u);
  std::ofstream(disk.path("other"), std::ios::binary) << std::string(room - 8192, 'x');

  const Outcome full = run_tool({"train", "--resume", run, "--steps", "400", "--json"});
  EXPECT_EQ(full.code, 1);
  EXPECT_EQ(nlohmann::json::parse(full.out).at("steps"), 400) << "the results are printed all the same";
  EXPECT_NE(
      full.err.find("No space left on device. Check that the folder can be written to and has room. (E083) "
                    "Training goes on, and " +
                    run + " is not written to any more: --resume " + run +
                    " goes on from the last checkpoint that it has.\n"),
      std::string::npos)
      << full.err;

  fs::remove(disk.path("other"));
  EXPECT_EQ(run_tool({"info", run}).code, 0) << "nothing is damaged";
  const Outcome again = run_tool({"train", "--resume", run, "--steps", "400", "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(again.out).at("parameters_fnv1a"),
            nlohmann::json::parse(full.out).at("parameters_fnv1a"))
      << "and it comes to the same";
}

/// A model is smaller than a checkpoint with the moments of its parameters.
TEST(FullDisk, AModelThatStillFitsDoesNotMakeARunWhole) {
  const SmallDisk disk;
  if (!disk.why_not().empty())
    GTEST_SKIP() << "mounting a small disk is not permitted here: " << disk.why_not();
  const std::string run = disk.path("run");
  ASSERT_EQ(run_tool(train({"--optimizer", "adam", "--steps", "50", "--out", run, "-q"})).code, 0);
  const auto room = fs::space(run).available;
  const auto left = fs::file_size(run + "/model.safetensors") + 12'000;
  ASSERT_GT(room, left);
  std::ofstream(disk.path("other"), std::ios::binary) << std::string(room - left, 'x');
  const Outcome full = run_tool({"train", "--resume", run, "--steps", "200", "-q"});
  EXPECT_EQ(full.code, 1) << full.err;
}

TEST(FullDisk, AFolderThatCannotBeWrittenToIsSaidBeforeTraining) {
  const SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << "mounting a disk is not permitted here: " << disk.why_not();
  const std::string folder = fs::path(disk.path("x")).parent_path().string();
  ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=300k"), 0);
  const Outcome outcome = run_tool(train({"--steps", "10", "--out", disk.path("run")}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "chainrule: [write] " + disk.path("run") +
                ": Read-only file system. Check that the folder can be written to and has room. (E083)\n");
}

}  // namespace
}  // namespace chainrule::cli
