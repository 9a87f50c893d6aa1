// The rate that lr-find suggests trains well, of few rows too, whose losses fall and rise by chance.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Words = std::vector<std::string>;

nlohmann::json result_of(const char* command, const Words& settings, const Words& more) {
  Words arguments{command, "--json"};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = run_tool(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return nlohmann::json::parse(outcome.out, nullptr, false);
}

/// For several first weights and orders of rows.
void expect_to_train_well(const Words& settings, const std::string& steps, double accuracy) {
  for (const char* seed : {"1", "2", "3", "4"}) {
    const auto found = result_of("lr-find", settings, {"--seed", seed});
    const double rate = found.at("suggestion");
    EXPECT_GT(rate, 1e-4) << "a first tiny rate, where nothing but chance moves the loss; seed " << seed;
    const auto trained =
        result_of("train", settings, {"--seed", seed, "--lr", std::to_string(rate), "--steps", steps});
    EXPECT_GT(trained.at("test_accuracy"), accuracy) << "with lr " << rate << ", seed " << seed;
  }
}

TEST(LrFind, SuggestsWhatTrainsASmallSet) {
  expect_to_train_well({"--data", small_set(), "--net", "mlp([16, 4])", "--batch-size", "10"}, "600", 0.9);
  expect_to_train_well(
      {"--data", small_set(), "--net", "mlp([16, 4])", "--batch-size", "10", "--optimizer", "adam"}, "600",
      0.9);
}

TEST(LrFind, SuggestsWhatTrainsDigits) { expect_to_train_well({}, "1200", 0.85); }

TEST(LrFind, SuggestsWhatTrainsIris) {
  const char* data = std::getenv("CHAINRULE_DATA_DIR");
  const std::string iris = std::string(data != nullptr ? data : "") + "/tables/iris.csv";
  if (!std::filesystem::exists(iris))
    GTEST_SKIP() << "CHAINRULE_DATA_DIR names no folder with tables/iris.csv";
  expect_to_train_well({"--data", iris, "--target", "species", "--net", "mlp([16, 3])", "--batch-size", "16"},
                       "600", 0.8);
}

}  // namespace
}  // namespace chainrule::cli
