// The real tool, killed at random instants while it trains: what it resumes ends in the same bits.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;

/// Everything that has state: Adam, batch norm, dropout, augmentation, a schedule, a validation part.
constexpr const char* kRun = R"toml(
seed = 3

[net]
type = "sequential"
layers = ["conv2d(4, 3)", "batch_norm", "relu", "dropout(0.2)", "affine(4)"]

[data]
validation = 0.2
augment = ["shift(1)"]

[optimizer]
rule = "adam"
lr = "cosine(0.01, steps=600)"

[train]
steps = 600
batch_size = 32
report_every = 20
patience = 100
)toml";

constexpr std::int64_t kInterval = 10;  // steps between checkpoints

struct Said {
  std::string text;
  int code = -1;
};
Said shell(const std::string& line) {
  Said said;
  std::FILE* pipe = popen((line + " 2>&1").c_str(), "r");
  char block[4096];
  for (std::size_t got; (got = std::fread(block, 1, sizeof(block), pipe)) > 0;) said.text.append(block, got);
  const int status = pclose(pipe);
  said.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}

/// The number after a text; -1 if it is not there.
std::int64_t number_after(const std::string& text, const std::string& mark) {
  const std::size_t at = text.rfind(mark);
  return at == std::string::npos ? -1 : std::atoll(text.c_str() + at + mark.size());
}

/// The step of the last report that was printed.
std::int64_t last_report(const std::string& text) {
  std::int64_t step = -1;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("{\"step\": ")) step = number_after(line, "{\"step\": ");
  }
  return step;
}

// CHAINRULE_KILLS says how many kills there are to be.
TEST(Kill, WhateverTheInstantTheBitsAreTheSame) {
  const char* asked = std::getenv("CHAINRULE_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 8;
  const TemporaryFolder folder;
  const std::string toml = (folder / "run.toml").string(), whole = (folder / "whole").string();
  std::ofstream(toml) << kRun;
  const std::string train = std::string(CHAINRULE_TOOL) + " train --log-format jsonl --checkpoint-every " +
                            std::to_string(kInterval) + " ";
  const std::string begin = train + toml + " --data " + small_set();
  ASSERT_EQ(shell(begin + " --out " + whole).code, 0);
  const Json expected = Json::parse(read_file(whole + "/result.json"));

  std::mt19937 random(1);
  std::uniform_real_distribution<double> instant(0.02, 0.02 + 0.6 * expected["seconds"].get<double>() + 0.1);
  int killed = 0, runs = 0;
  while (killed < kills) {
    const std::string run = (folder / ("run" + std::to_string(++runs))).string();
    std::int64_t reached = -1;
    for (bool is_done = false; !is_done;) {
      const bool has_begun = std::filesystem::exists(run + "/run.toml");
      const std::string command = (has_begun ? train + " --resume " + run : begin + " --out " + run) +
                                  " --threads " + std::to_string(1 + random() % 3);
      const bool is_killed = killed < kills;
      const Said said =
          shell(is_killed ? "timeout -s KILL " + std::to_string(instant(random)) + " " + command : command);
      is_done = said.code == 0;
      if (!is_done) ++killed;
      ASSERT_TRUE(is_done || said.code == 137 || said.code == -1) << said.code << said.text;
      const std::int64_t resumed = number_after(said.text, "goes on at step ");
      if (resumed >= 0) {
        EXPECT_GE(resumed, reached - kInterval) << said.text;
      }
      reached = std::max(last_report(said.text), reached);
    }
    const Json result = Json::parse(read_file(run + "/result.json"));
    EXPECT_EQ(result["parameters_fnv1a"], expected["parameters_fnv1a"]) << "after run " << runs;
    EXPECT_EQ(result["validation_loss"], expected["validation_loss"]);
    EXPECT_EQ(result["history"].size(), expected["history"].size());
    std::filesystem::remove_all(run);
  }
  std::cout << killed << " kills in " << runs << " runs\n";
}

}  // namespace
}  // namespace chainrule::cli
