// chainrule train: the order of the rows, averages of the weights, a learning rate that falls on a plateau.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chainrule/io.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

class Averages : public testing::Test {
 protected:
  Averages() {
    std::string text = "x,z,y\n";
    for (int i = 0; i < 100; ++i) {
      const int x = i * 37 % 100, z = i * 61 % 100;
      text += std::to_string(x) + "," + std::to_string(z) + "," + std::to_string(2 * x - z + i % 7) + "\n";
    }
    io::replace_file(folder_ / "y.csv", text);
  }

  Json train(const Words& more) const {
    Words words{"train", "--json", "-q"};
    if (more[0] != "--resume") {
      words.insert(words.end(),
                   {"--data", folder_ / "y.csv", "--target", "y", "--net", "mlp([8, 1])", "--optimizer",
                    "adam", "--lr", "0.05", "--batch-size", "10", "--validation", "0.2"});
    }
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? Json::parse(outcome.out) : Json();
  }
  static std::vector<double> column(const Json& run, const char* name) {
    std::vector<double> all;
    for (const Json& report : run["history"]) all.push_back(report[name]);
    return all;
  }
  std::vector<double> rates(const std::string& run) const {
    std::vector<double> all;
    for (const std::string& line : lines_of(read_file(folder_ / (run + "/history.jsonl"))))
      all.push_back(Json::parse(line)["lr"]);
    return all;
  }

  TemporaryFolder folder_;
};

// All that the net can learn is how often each class comes: the loss ends at their entropy.
TEST_F(Averages, OrderBalancedDrawsEachClassEquallyOften) {
  std::string text = "x,kind\n";
  for (int i = 0; i < 200; ++i) text += i % 10 == 0 ? "1,rare\n" : "1,usual\n";
  const std::string csv = folder_ / "kind.csv";
  io::replace_file(csv, text);
  const auto loss = [&](const char* order) {
    const Outcome outcome =
        run_tool({"train", "--json", "-q", "--data", csv, "--target", "kind", "--net", "affine(2)",
                  "--epochs", "40", "--lr", "0.2", "--data.scale", "none", "--train.order", order});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out)["final_loss"].get<double>();
  };
  EXPECT_NEAR(loss("with_replacement"), 0.325, 0.1);  // -0.9 ln 0.9 - 0.1 ln 0.1
  EXPECT_NEAR(loss("balanced"), 0.693, 0.02);         // ln 2
}

TEST_F(Averages, AreMeasuredAndSaved) {
  const Json plain = train({"--epochs", "6"});
  for (const char* setting : {"train.average_decay=0.9", "train.average_from=3"}) {
    const Json run = train({"--epochs", "6", "--set", setting});
    EXPECT_EQ(column(run, "loss"), column(plain, "loss")) << "training has its own weights";
    EXPECT_EQ(column(run, "validation_loss")[1] == column(plain, "validation_loss")[1],
              std::string(setting) == "train.average_from=3")
        << "which has not begun";
    EXPECT_NE(run["validation_loss"], plain["validation_loss"]);
    EXPECT_EQ(run["validation_loss"], run["history"].back()["validation_loss"]);
    EXPECT_NE(run["parameters_fnv1a"], plain["parameters_fnv1a"]);
  }
  EXPECT_EQ(train({"--epochs", "6", "--set", "train.average_from=6"})["parameters_fnv1a"],
            plain["parameters_fnv1a"])
      << "the mean of the last alone";
}

TEST_F(Averages, AModelHasTheBestOfWhatWasMeasured) {
  const Json run = train({"--epochs", "12", "--lr", "0.5", "--set", "train.average_decay=0.8", "--patience",
                          "3", "--out", folder_ / "best"});
  const std::vector<double> losses = column(run, "validation_loss");
  EXPECT_EQ(run["validation_loss"], *std::min_element(losses.begin(), losses.end()));
  const Outcome outcome = run_tool({"eval", folder_ / "best/model.safetensors", "--json"});
  EXPECT_EQ(Json::parse(outcome.out)["loss"], run["test_loss"]) << outcome.err;
}

TEST_F(Averages, ResumedToTheSameBits) {
  const std::vector<Words> all{
      {"--set", "train.average_decay=0.9"},
      {"--set", "train.average_decay=0.9", "--shards", "2"},
      {"--set", "train.average_from=2", "--patience", "5"},
      {"--set", "train.average_from=3", "--set", "train.plateau_patience=1", "--patience", "4", "--lr",
       "0.5"},
  };
  for (const Words& settings : all) {
    const auto with = [&](Words words) {
      words.insert(words.end(), settings.begin(), settings.end());
      return words;
    };
    const Json whole = train(with({"--epochs", "8"}));
    train(with({"--epochs", "4", "--out", folder_ / "run", "--force", "--checkpoint-every", "3"}));
    const Json resumed = train({"--resume", folder_ / "run", "--epochs", "8"});
    EXPECT_EQ(resumed["parameters_fnv1a"], whole["parameters_fnv1a"]) << settings[1];
    EXPECT_EQ(resumed["history"], whole["history"]) << settings[1];
  }
  const Outcome other = run_tool({"train", "--resume", folder_ / "run", "--train.average_from", "5"});
  EXPECT_NE(other.err.find("--train.average_from 5 contradicts the run in "), std::string::npos) << other.err;
}

// A rate that changes no weight leaves the loss where it is.
TEST_F(Averages, ARateFallsOnAPlateau) {
  train({"--epochs", "8", "--optimizer", "sgd", "--lr", "1e-30", "--set", "train.plateau_patience=2", "--set",
         "train.plateau_factor=0.5", "--set", "train.plateau_smallest=0.2", "--out", folder_ / "flat"});
  EXPECT_EQ(rates("flat"), (std::vector<double>{1e-30, 1e-30, 1e-30, 5e-31, 5e-31, 2.5e-31, 2.5e-31, 2e-31}));
  const Outcome next = run_tool({"explain", folder_ / "flat", "--batch", "--parameter", "affine2.bias[0]"});
  EXPECT_NE(next.out.find("value - 2e-31 * gradient"), std::string::npos) << next.out << next.err;
}

TEST_F(Averages, ARateThatFellFallsInATraceToo) {
  const Words settings{"--lr", "2", "--set", "train.plateau_patience=1", "--out", folder_ / "fell"};
  const auto with = [&](Words words) {
    words.insert(words.end(), settings.begin(), settings.end());
    return words;
  };
  train(with({"--epochs", "5"}));
  ASSERT_LT(rates("fell")[3], 2);
  const std::string trace = folder_ / "trace.npz";
  ASSERT_EQ(run_tool({"export", folder_ / "fell", "--steps", "32", "--out", trace}).code, 0);
  train(with({"--steps", "31", "--force"}));
  EXPECT_EQ(io::read_npz(trace)["step31/affine1.weight"].to_vector(),
            io::read_safetensors(folder_ / "fell/model.safetensors").tensors["affine1.weight"].to_vector());
}

TEST_F(Averages, ASweepTriesThem) {
  const Outcome outcome =
      run_tool({"sweep", "--data", folder_ / "y.csv", "--target", "y", "--net", "mlp([8, 1])", "--epochs",
                "3", "--json", "-q", "--vary", "train.average_decay=0,0.9", "--vary",
                "train.plateau_patience=0,1", "--set", "train.plateau_factor=0.5"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::vector<double> scores;
  for (const Json& trial : Json::parse(outcome.out)) scores.push_back(trial["score"]);
  ASSERT_EQ(scores.size(), 4u) << outcome.out;
  EXPECT_NE(scores.front(), scores.back()) << outcome.out;
}

TEST_F(Averages, OneOfMoreStepsThanThereAreIsTold) {
  const auto said = [&](const char* decay) {
    return run_tool({"train", "--data", folder_ / "y.csv", "--target", "y", "--net", "mlp([8, 1])", "-q",
                     "--steps", "20", "--train.average_decay", decay})
        .err;
  };
  EXPECT_EQ(said("0.9"), "");
  EXPECT_EQ(said("0.999"),
            "chainrule: warning: train.average_decay 0.999 averages about 1000 steps, and the run has 20: "
            "what the net "
            "learns late hardly counts. Take a smaller one, or train for longer.\n");
}

TEST_F(Averages, ADryRunRefusesWhatARunDoes) {
  const Outcome outcome =
      run_tool({"train", "--data", folder_ / "y.csv", "--target", "y", "--net", "mlp([8, 1])", "--dry-run",
                "--epochs", "3", "--train.average_from", "3.5"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "chainrule: [train] nothing would be averaged: train.average_from is 3.5 epochs, and the run "
            "ends after 3. Let "
            "the average begin earlier, or train for longer. (E636)\n");
}

}  // namespace
}  // namespace chainrule::cli
