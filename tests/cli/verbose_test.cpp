// CHAINRULE_VERBOSE: what plans say of themselves.
#include <gtest/gtest.h>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

TEST(Verbose, NamesEachPlanThatIsMadeAndFound) {
  const Outcome outcome = run_tool({"train", "--steps", "5"}, {.verbose = "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(" instructions, arena "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find(" In layer affine1."), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find(".cpp:"), std::string::npos) << "the tool's own lines tell its users nothing";
  // The first step makes the plan, the other four find it.
  EXPECT_GE(count(outcome.err, " hit."), 4) << outcome.err;
}

TEST(Verbose, TimesInstructions) {
  const Outcome outcome = run_tool({"train", "--steps", "2"}, {.verbose = "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(" us "), std::string::npos);
  EXPECT_NE(outcome.err.find("GFLOP/s"), std::string::npos);
  EXPECT_NE(outcome.err.find("matmul("), std::string::npos);
  // Both biases go down in one instruction.
  EXPECT_NE(outcome.err.find("\nchainrule:     and { "), std::string::npos) << outcome.err;
}

TEST(Verbose, TellsOfPlansThatTheProgramMade) {
  const Outcome outcome = run_tool({"bench", "xor-plan", "--seconds", "0.01"}, {.verbose = "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::size_t made = outcome.err.rfind(" made: ");
  ASSERT_NE(made, std::string::npos) << outcome.err;
  const std::string name =
      outcome.err.substr(outcome.err.rfind('\n', made) + 1, 24);  // chainrule: plan 1c87b57a
  EXPECT_GE(count(outcome.err, name + " hit."), 100);
}

TEST(Verbose, IsSilentByItself) {
  const Outcome outcome = run_tool({"train", "--steps", "2"});
  EXPECT_EQ(outcome.err.find("chainrule: plan"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace chainrule::cli
