// What is there is not lost by a command that means something else.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

/// A table of six rows, and a run on it.
class Kept : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "t.csv") << "a,b,y\n1,2,3\n2,1,3\n3,3,6\n4,1,5\n5,2,7\n1,2,4\n";
    ASSERT_EQ(tool({"init", "t.toml", "--data", "t.csv"}).code, 0);
    const Outcome trained = tool({"train", "t.toml", "--steps", "3", "--out", "run", "-q"});
    ASSERT_EQ(trained.code, 0) << "a table of a few rows can be trained on as init says: " << trained.err;
  }
  Outcome tool(const std::vector<std::string>& words) const {
    return run_tool(words, {.folder = folder_.string()});
  }
  TemporaryFolder folder_;
};

TEST_F(Kept, FilesThatAreRead) {
  fs::copy(folder_ / "run/model.safetensors", folder_ / "pytorch.safetensors");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"predict", "run", "t.csv", "--out", "t.csv"},
        {"predict", "run", "--data", "t.csv", "--out", "./t.csv"},
        {"predict", "run", "t.csv", "--out", "run/model.safetensors"},
        {"export", "run", "--to", "pytorch", "--out", "run/model.safetensors"},
        {"export", "run/model.safetensors", "--to", "pytorch", "--out", "run/model.safetensors"},
        {"export", "pytorch.safetensors", "--to", "pytorch"},  // the name it takes without --out
        {"init", "t.csv", "--data", "t.csv", "--force"}}) {
    const std::string before = read_file(folder_ / "t.csv") + read_file(folder_ / "run/model.safetensors");
    const Outcome outcome = tool(words);
    EXPECT_EQ(outcome.code, 2) << words[0];
    EXPECT_NE(outcome.err.find(" is what is read, and would be replaced. Write to another file. (E399)\n"),
              std::string::npos)
        << outcome.err;
    EXPECT_EQ(read_file(folder_ / "t.csv") + read_file(folder_ / "run/model.safetensors"), before)
        << words[0];
  }
}

TEST_F(Kept, AModelWhoseCheckpointsAreGone) {
  for (const fs::directory_entry& each : fs::directory_iterator(folder_ / "run")) {
    if (each.path().filename().string().starts_with("checkpoint-")) fs::remove(each.path());
  }
  const std::string before = read_file(folder_ / "run/model.safetensors");
  const Outcome outcome = tool({"train", "--resume", "run", "--steps", "6"});
  EXPECT_EQ(outcome.code, 6);
  EXPECT_NE(outcome.err.find("run has a model, but no checkpoint any more"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(read_file(folder_ / "run/model.safetensors"), before);
}

TEST_F(Kept, SettingsOfARunAreSettings) {
  const Outcome again = tool({"train", "run/run.toml", "--out", "again", "-q"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(read_file(folder_ / "again/model.safetensors"), read_file(folder_ / "run/model.safetensors"));
  EXPECT_EQ(tool({"graph", "run/run.toml"}).code, 0);
}

TEST_F(Kept, AHistoryThatIsDamagedIsNamed) {
  std::ofstream(folder_ / "run/history.jsonl", std::ios::app) << "{x\n";
  const Outcome outcome = tool({"plot", "run", "--terminal"});
  EXPECT_EQ(outcome.code, 6);
  EXPECT_NE(outcome.err.find("run/history.jsonl, line "), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace chainrule::cli
