// chainrule check and chainrule data.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Words check(const Words& more) {
  Words all{"check", "--data", small_set(), "--hidden", "6"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(Check, GradientsAgree) {
  const Outcome outcome = run_tool(check({}));
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("\nW1        (30, 6) "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\nThey agree.\n"), std::string::npos);
}

TEST(Check, AWrongGradientIsFoundInEachParameter) {
  for (const std::string broken : {"W1", "b1", "W2", "b2"}) {
    const Outcome outcome = run_tool(check({"--break", broken, "--json"}));
    EXPECT_EQ(outcome.code, 3) << broken;
    const Json document = Json::parse(outcome.out);
    EXPECT_EQ(document["passed"], false);
    ASSERT_EQ(document["parameters"].size(), 4u);
    for (const Json& parameter : document["parameters"]) {
      EXPECT_EQ(parameter["passed"], parameter["name"] != broken) << parameter;
    }
  }
}

// With h as large as the inputs of the hidden units, every unit is near the kink, and nothing is left to
// compare: that must not pass.
TEST(Check, NothingComparedIsNotAgreement) {
  const Outcome all = run_tool(check({"--json", "--h", "0.0001"}));
  EXPECT_EQ(Json::parse(all.out)["parameters"][0]["compared"],
            (6 - Json::parse(all.out)["units_at_kink"].get<int>()) * 30);
  const Outcome none = run_tool(check({"--h", "0.01", "--samples", "200", "--hidden", "1"}));
  EXPECT_EQ(none.code, 3) << none.out;
  EXPECT_NE(none.out.find("nothing to compare"), std::string::npos);
}

TEST(Check, MoreSamplesThanThereAre) {
  const Outcome outcome = run_tool(check({"--samples", "201"}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err,
            "chainrule: [check] the set has 200 training images, 201 are asked for with --samples. (E085)\n");
}

TEST(Data, ListsWhatIsThere) {
  const TemporaryFolder folder;
  std::filesystem::create_directory_symlink(small_set(), folder / "mnist");
  const Outcome outcome = run_tool({"data", "list", "--data-dir", folder.string()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("digits         60000 training"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("mnist          200 training and 60 test images in " +
                             (folder / "mnist").string() + "\n"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("fashion-mnist  not found: "), std::string::npos);
}

TEST(Data, DrawsASheet) {
  const TemporaryFolder folder;
  const std::string picture = folder / "grid.png";
  const Outcome outcome = run_tool(
      {"data", "show", small_set(), "--out", picture, "--rows", "4", "--columns", "3", "--split", "test"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string bytes = read_file(picture);
  EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(bytes.substr(16, 8), std::string("\0\0\0\x17\0\0\0\x22", 8));  // 3 (5 + 2) + 2 by 4 (6 + 2) + 2
  const Outcome full =
      run_tool({"data", "show", small_set(), "--out", folder / "2.png"}, {.file_limit_bytes = 100});
  EXPECT_EQ(full.code, 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.string()), {}), 1);
}

}  // namespace
}  // namespace chainrule::cli
