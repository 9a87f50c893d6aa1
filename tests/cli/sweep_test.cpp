// sweep and lr-find: the real tool tries settings out.
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// 200 rows of y = 2 a - b, which two numbers can learn.
class Sweep : public testing::Test {
 protected:
  Sweep() {
    std::ofstream file(csv);
    file << "a,b,y\n";
    for (int i = 0; i < 200; ++i) file << i % 17 << "," << i % 11 << "," << 2 * (i % 17) - i % 11 << "\n";
  }
  Words words(const Words& more) const {
    Words all{"sweep",    "--data",   csv,  "--target",    "y",  "--net",
              "mlp([1])", "--epochs", "30", "--optimizer", "sgd"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  const TemporaryFolder folder;
  const std::string csv = folder / "line.csv";
};

TEST_F(Sweep, AGridFindsTheRateThatLearns) {
  const std::string out = folder / "s1";
  const Outcome outcome = run_tool(words({"--vary", "lr=1e-6,0.05,100", "--out", out, "--json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json trials = Json::parse(outcome.out);
  ASSERT_EQ(trials.size(), 3u);
  EXPECT_EQ(trials[0]["settings"]["optimizer.lr"], 0.05);
  EXPECT_EQ(trials[1]["settings"]["optimizer.lr"], 1e-6);
  EXPECT_NE(trials[2]["error"].get<std::string>().find("(E080)"), std::string::npos);  // 100 diverges
  EXPECT_EQ(read_file(out + "/sweep.json"), outcome.out);
  EXPECT_EQ(read_file(out + "/sweep.csv").substr(0, 32), "score,budget,optimizer.lr,error\n");
  // Its settings train the same net as the trial: measured on the same rows, the same bits.
  const Outcome best = run_tool({"train", out + "/best.toml", "--json"});
  ASSERT_EQ(best.code, 0) << best.err;
  EXPECT_EQ(Json::parse(best.out)["validation_loss"], trials[0]["score"]);
}

TEST_F(Sweep, TheSameForAnyNumberOfJobs) {
  std::string first;
  for (const char* jobs : {"1", "3"}) {
    const Outcome outcome =
        run_tool(words({"--vary", "lr=1e-3..0.1 log", "--vary", "train.batch_size=4..64", "--search",
                        "random", "--points", "6", "--metric", "r2", "--jobs", jobs, "--json"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    if (first.empty()) first = outcome.out;
    EXPECT_EQ(outcome.out, first);
  }
  const Json trials = Json::parse(first);
  ASSERT_EQ(trials.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_TRUE(trials[i]["settings"]["train.batch_size"].is_number_integer()) << trials[i];
    if (i == 0) continue;
    EXPECT_GE(trials[i - 1]["score"], trials[i]["score"]);  // r2: the larger the better
  }
}

TEST_F(Sweep, HalvingGivesTheBestMoreEpochs) {
  const Outcome outcome = run_tool(words({"--vary", "lr=1e-4..0.1 log", "--search", "halving", "--points",
                                          "9", "--largest-budget", "9", "--json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::vector<double> budgets;
  for (const Json& trial : Json::parse(outcome.out)) budgets.push_back(trial["budget"]);
  EXPECT_EQ(budgets, (std::vector<double>{9, 3, 3, 1, 1, 1, 1, 1, 1}));
}

TEST_F(Sweep, SaysWhatIsWrongBeforeItRuns) {
  const struct {
    Words more;
    std::string message;
  } all[] = {
      {{"--vary", "lr"},
       "[sweep] --vary 'lr': need KEY=VALUES, such as lr=0.1,0.01 or 'lr=1e-4..0.1 log' or 'net=mlp([32, "
       "10]), "
       "mlp([64, 10])'. (E350)"},
      {{"--vary", "lrr=1"}, "[config] --vary lrr: unknown setting 'lrr'. Did you mean lr? (E226)"},
      {{"--vary", "lr=1", "--metric", "accuracy"},
       "[sweep] the runs do not measure 'accuracy'; they measure loss, rmse, r2. Choose by one of these, or "
       "add it "
       "to metrics. (E351)"},
      {{"--vary", "lr=0.1..1"},
       "[sweep] a grid runs all values, and a range (..) has too many. List them, as in --vary lr=0.1,0.01, "
       "or "
       "draw some: --search random. (E350)"},
  };
  for (const auto& wrong : all) {
    const Outcome outcome = run_tool(words(wrong.more));
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err, "chainrule: " + wrong.message + "\n");
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(Sweep, CtrlCKeepsWhatHasEnded) {
  const std::string out = folder / "s2";
  const Outcome outcome =
      run_tool(words({"--vary", "train.steps=10,1000000000", "--jobs", "1", "--out", out}),
               {.signal = SIGINT, .signal_when = "train.steps=10"});
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  const Json trials = Json::parse(read_file(out + "/sweep.json"));
  EXPECT_TRUE(trials[0]["score"].is_number());
  EXPECT_EQ(trials[1]["error"], "[sweep] interrupted. (E352)");
}

TEST_F(Sweep, LrFindNamesARateThatLearns) {
  Words find = words({});
  find[0] = "lr-find";
  find.push_back("--json");
  const Outcome outcome = run_tool(find);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json curve = Json::parse(outcome.out);
  EXPECT_EQ(curve["rates"].size(), curve["smoothed"].size());
  const double rate = curve["suggestion"];
  EXPECT_GT(rate, 1e-4);
  EXPECT_LT(rate, 1);
  find.pop_back();
  EXPECT_NE(run_tool(find).out.find("<- falls fastest"), std::string::npos);
}

}  // namespace
}  // namespace chainrule::cli
