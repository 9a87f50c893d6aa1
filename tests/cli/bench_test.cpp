// chainrule bench: what it reports and that it checks itself. No time is looked at.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;

TEST(Bench, ReportsTheChosenWorkloads) {
  const Outcome outcome =
      run_tool({"bench", "xor", "scalar", "--threads", "1", "--seconds", "0.01", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json results = Json::parse(outcome.out);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["name"], "xor");
  EXPECT_EQ(results[1]["name"], "scalar");
  for (const Json& result : results) {
    EXPECT_EQ(result["threads"], 1);
    EXPECT_GT(result["seconds_per_step"], 0);
    EXPECT_GE(result["spread"], 0);
    EXPECT_LE(result["error"], 1e-3);
  }
  EXPECT_EQ(results[0]["flops"], 2 * 4 * (6 * 2 + 3 * 3)) << "multiply-adds by hand";
  EXPECT_GT(results[0]["fraction_of_peak"], 0);
}

TEST(Bench, PrintsATable) {
  const Outcome outcome = run_tool({"bench", "scalar", "--seconds", "0.01"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find(" GB/s, measured just now"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\nscalar "), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("xor"), std::string::npos) << outcome.out;
}

TEST(Bench, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run_tool({"bench", "resnet"}).code, 2);
  EXPECT_EQ(run_tool({"bench", "xor", "--seconds", "0"}).code, 2);
}

// Convolution, pooling, dropout, Adam: f32 beside f64.
TEST(Bench, ConvolutionalNetsGiveTheirAnswers) {
  const Outcome outcome =
      run_tool({"bench", "simple-conv-net", "deep-conv-net", "--seconds", "0.01", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
}

}  // namespace
}  // namespace chainrule::cli
