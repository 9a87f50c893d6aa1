// Warnings of trainings that do not learn, and none where one does.
#include <gtest/gtest.h>

#include <fstream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Words = std::vector<std::string>;

Words with(Words first, const Words& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// Twenty steps an epoch, in four classes.
Words small(const Words& more) { return with({"train", "--data", small_set(), "--batch-size", "10"}, more); }

TEST(Symptoms, AccuracyAtChanceForALearningRateOfNearlyNothing) {
  const Outcome outcome = run_tool(small({"--steps", "300", "--lr", "1e-9"}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(count(outcome.err, "chainrule: warning: test.accuracy is 0."), 1u) << outcome.err;
  EXPECT_NE(
      outcome.err.find("after 100 steps, about chance: always naming the most frequent class has 0.2500. The "
                       "loss has not moved: the learning rate, 1e-09, is likely too small. Try what "
                       "chainrule lr-find says.\n"),
      std::string::npos)
      << outcome.err;
}

/// Nothing is above 0 that relu gets from log_softmax.
TEST(Symptoms, UnitsThatAreDead) {
  const Outcome outcome = run_tool(small(
      {"--steps", "200", "--net", "sequential([affine(8), log_softmax, relu, affine(4)])", "--lr", "0.01"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err,
                  "chainrule: warning: after 100 steps these are dead, of no row of a batch does a "
                  "gradient come back through them: 8 of 8 units of relu1."),
            1u)
      << outcome.err;
}

/// Where units are dead that is the cause: no other is guessed.
TEST(Symptoms, OneCauseIsNamed) {
  const Outcome outcome =
      run_tool(small({"--steps", "200", "--net",
                      "sequential([affine(8, weight_init=constant(value=-1)), relu, affine(4)])"}));
  EXPECT_EQ(count(outcome.err, "chainrule: warning: "), 1u) << outcome.err;
  EXPECT_EQ(count(outcome.err, "8 of 8 units of relu1"), 1u) << outcome.err;
}

/// Whatever the first batches were.
TEST(Symptoms, ATableOfWhichNothingIsLearnt) {
  const TemporaryFolder folder;
  std::ofstream file(folder / "t.csv");
  file << "a,y\n";
  for (int i = 0; i < 500; ++i) file << i % 17 << "," << (i * i) % 23 << "\n";
  file.close();
  for (int seed = 1; seed <= 12; ++seed) {
    const Outcome outcome =
        run_tool({"train", "--data", (folder / "t.csv").string(), "--target", "y", "--net", "mlp([8, 1])",
                  "--lr", "1e-9", "--epochs", "20", "--batch-size", "8", "--seed", std::to_string(seed)});
    EXPECT_EQ(count(outcome.err, "no better than always the mean. The loss has not moved"), 1u)
        << "seed " << seed << ": " << outcome.err;
  }
}

TEST(Symptoms, ALossThatGrows) {
  const Outcome outcome = run_tool(small({"--steps", "300", "--net", "mlp([8, 4])", "--lr", "1000"}));
  EXPECT_EQ(count(outcome.err, "chainrule: warning: the loss grows: "), 1u) << outcome.err;
  EXPECT_NE(outcome.err.find("The learning rate, 1e+03, is too large, as a rule: try --lr 100, or limit the "
                             "gradients: --set optimizer.clip_norm=1.\n"),
            std::string::npos)
      << outcome.err;
}

TEST(Symptoms, QuietMeansQuiet) {
  EXPECT_EQ(run_tool(small({"--steps", "300", "--lr", "1e-9", "-q"})).err, "");
}

TEST(Symptoms, NoneWhereItLearns) {
  for (const Words& more : {Words{"--net", "mlp([16, 4])", "--optimizer", "adam", "--lr", "0.01"},
                            Words{"--net", "sequential([conv2d(4, 3), relu, affine(4)])", "--lr", "0.1"}}) {
    const Outcome outcome = run_tool(small(with({"--steps", "200"}, more)));
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_EQ(run_tool({"train", "--steps", "1200"}).err, "");  // the books' run, in its first two epochs
}

}  // namespace
}  // namespace chainrule::cli
