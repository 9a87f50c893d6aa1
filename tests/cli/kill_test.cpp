// The real tool, killed at random instants while it trains: what it resumes ends in the same bits.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <sstream>
#include <thread>

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
constexpr std::int64_t kSteps = 600, kReportEvery = 20;

struct Said {
  std::string text;
  int code = -1;  // -1: killed
};

std::size_t reports_in(const std::string& text) { return count(text, "{\"step\": "); }

/// Runs the tool. It is killed a while after so many reports were printed, if it has not come to its end
/// before.
struct Kill {
  std::size_t reports = 0;
  std::chrono::duration<double> after{};
};
Said run(const std::vector<std::string>& words, const std::string& log, std::optional<Kill> kill_at) {
  std::ofstream(log).close();  // of the run before
  const pid_t child = fork();
  if (child == 0) {
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, 1), dup2(file, 2);
    std::vector<char*> arguments{const_cast<char*>(CHAINRULE_TOOL)};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(CHAINRULE_TOOL, arguments.data());
    _exit(127);
  }
  int status = 0;
  pid_t ended = 0;
  while (kill_at && ended == 0 && reports_in(read_file(log)) < kill_at->reports) {
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    ended = waitpid(child, &status, WNOHANG);
  }
  if (kill_at && ended == 0) {
    std::this_thread::sleep_for(kill_at->after);
    kill(child, SIGKILL);
  }
  if (ended == 0) waitpid(child, &status, 0);
  return {read_file(log), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
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
  const std::string log = (folder / "log").string();
  const auto words = [&](std::vector<std::string> first, int threads) {
    for (const std::string& word :
         {std::string("--log-format"), std::string("jsonl"), std::string("--checkpoint-every"),
          std::to_string(kInterval), std::string("--threads"), std::to_string(threads)})
      first.push_back(word);
    return first;
  };
  const auto begin = [&](const std::string& out) {
    return std::vector<std::string>{"train", toml, "--data", small_set(), "--out", out};
  };
  ASSERT_EQ(run(words(begin(whole), 1), log, std::nullopt).code, 0);
  const Json expected = Json::parse(read_file(whole + "/result.json"));
  const double between_reports = expected["seconds"].get<double>() / (kSteps / kReportEvery);

  // One of five kills comes while the tool starts; the others within three reports of where it goes on.
  std::mt19937 random(1);
  std::uniform_real_distribution<double> part(0, 1);
  int killed = 0, runs = 0;
  std::int64_t gone = 0;  // steps that were done when it was killed
  while (killed < kills) {
    const std::string folder_of_run = (folder / ("run" + std::to_string(++runs))).string();
    std::int64_t reached = -1;
    for (bool is_done = false; !is_done;) {
      const bool has_begun = std::filesystem::exists(folder_of_run + "/run.toml");
      std::optional<Kill> kill_at;
      if (killed < kills && random() % 5 == 0) {
        kill_at = Kill{0, std::chrono::duration<double>(0.03 * part(random))};
      } else if (killed < kills) {
        kill_at = Kill{1 + random() % 3, std::chrono::duration<double>(between_reports * 2 * part(random))};
      }
      const Said said = run(words(has_begun ? std::vector<std::string>{"train", "--resume", folder_of_run}
                                            : begin(folder_of_run),
                                  static_cast<int>(1 + random() % 3)),
                            log, kill_at);
      is_done = said.code == 0;
      ASSERT_TRUE(is_done || said.code == -1) << said.code << said.text;
      const std::int64_t resumed = number_after(said.text, "goes on at step ");
      if (resumed >= 0) {
        EXPECT_GE(resumed, reached - kInterval) << said.text;
      }
      reached = std::max(last_report(said.text), reached);
      if (!is_done) ++killed, gone += std::max<std::int64_t>(reached, 0);
    }
    const Json result = Json::parse(read_file(folder_of_run + "/result.json"));
    EXPECT_EQ(result["parameters_fnv1a"], expected["parameters_fnv1a"]) << "after run " << runs;
    EXPECT_EQ(result["validation_loss"], expected["validation_loss"]);
    EXPECT_EQ(result["history"].size(), expected["history"].size());
    std::filesystem::remove_all(folder_of_run);
  }
  EXPECT_GT(gone, killed * kReportEvery) << "kills come while it trains, not while it starts";
  std::cout << killed << " kills in " << runs << " runs\n";
}

}  // namespace
}  // namespace chainrule::cli
