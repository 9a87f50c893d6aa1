// chainrule check and chainrule data.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "chainrule/data.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// Images without a bright pixel.
void write_black_set(const std::string& folder) {
  data::ImageSet set;
  set.count = 4, set.height = 6, set.width = 5;
  for (std::uint8_t label = 0; label < 4; ++label) set.labels.push_back(label);
  for (int pixel = 0; pixel < 4 * 30; ++pixel) set.pixels.push_back(0);
  for (const std::string stem : {"/train", "/t10k"}) {
    data::write_idx(set, folder + stem + "-images-idx3-ubyte", folder + stem + "-labels-idx1-ubyte");
  }
}

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

// A unit at the kink for an image: b1 moves it, and W1 where the image is not black.
TEST(Check, NothingComparedIsNeitherAgreementNorDifference) {
  const TemporaryFolder folder;
  write_black_set(folder.string());
  const Words black{"check", "--data", folder.string(), "--hidden", "6"};
  const Outcome outcome = run_tool(black);
  EXPECT_EQ(outcome.code, 1) << outcome.out;
  EXPECT_EQ(outcome.out.find("DIFFERS"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("agree"), std::string::npos) << outcome.out;
  EXPECT_NE(
      outcome.out.find("6 of the 6 numbers of b1 left out: they move a hidden unit at relu's kink.\n\n"
                       "No difference was found, but nothing could be compared for b1: each hidden unit lies "
                       "at relu's kink for an image.\n"
                       "Try another --seed, a smaller --h, or other images.\n"),
      std::string::npos)
      << outcome.out;
  const Json document = Json::parse(run_tool({"check", "--data", folder.string(), "--json"}).out);
  EXPECT_EQ(document["verdict"], "incomplete");
  for (const Json& parameter : document["parameters"]) {
    EXPECT_EQ(parameter["compared"] > 0, parameter["name"] != "b1") << parameter;
    EXPECT_EQ(parameter["passed"], parameter["name"] != "b1") << parameter;
  }
}

// Steps that would cross a kink are made smaller, one by one.
TEST(Check, FindsAStepBesideTheKink) {
  for (const std::string broken : {"", "W1", "b1"}) {
    Words words = check({"--json", "--h", "0.01", "--samples", "20", "--hidden", "4"});
    if (!broken.empty()) words.insert(words.end(), {"--break", broken});
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, broken.empty() ? 0 : 3) << outcome.out;
    for (const Json& parameter : Json::parse(outcome.out)["parameters"]) EXPECT_EQ(parameter["left_out"], 0);
  }
}

TEST(Check, MoreSamplesThanThereAre) {
  const Outcome outcome = run_tool(check({"--samples", "201"}));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "chainrule: [check] the set has 200 training images, 201 are asked for with --samples. (E085)\n");
}

TEST(Data, ListsWhatIsThere) {
  const TemporaryFolder folder;
  std::filesystem::create_directory_symlink(small_set(), folder / "mnist");
  const Outcome outcome = run_tool({"data", "list", "--data-dir", folder.string()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("digits           60000 training"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("mnist            200 training and 60 test images in " +
                             (folder / "mnist").string() + "\n"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("fashion-mnist    not found: "), std::string::npos);
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
