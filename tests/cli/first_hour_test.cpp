// The first hour of somebody new: a table of numbers from its settings to predictions of other rows, and
// pictures that the program draws as files of a folder.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

/// mpg.csv of the UCI Auto MPG data where CHAINRULE_DATA_DIR has it; else a table like it: the same columns,
/// an empty cell, and miles that follow from weight and year.
void get_table(const fs::path& path) {
  const char* data = std::getenv("CHAINRULE_DATA_DIR");
  if (data != nullptr && fs::exists(fs::path(data) / "tables/mpg.csv")) {
    fs::copy(fs::path(data) / "tables/mpg.csv", path);
    return;
  }
  std::ofstream file(path);
  file << "mpg,cylinders,displacement,horsepower,weight,acceleration,model_year,origin,name\n";
  for (int i = 0; i < 300; ++i) {
    const int weight = 1600 + i * 37 % 3500, year = 70 + i * 7 % 13, cylinders = 4 + 2 * (weight / 1800);
    file << 46.0 - weight / 120.0 + (year - 70) * 0.7 << "," << cylinders << "," << weight / 14 << ",";
    if (i != 50) file << weight / 27;
    file << "," << weight << "," << 24 - weight / 300 << "," << year << ","
         << (weight > 3000 ? "usa"
             : i % 2 == 0  ? "japan"
                           : "europe")
         << ",car " << i << "\n";
  }
}

class FirstHour : public testing::Test {
 protected:
  /// What the tool says, which must be done without a complaint.
  std::string does(const std::vector<std::string>& words) {
    const Outcome outcome = run_tool(words, {.folder = folder_.string()});
    EXPECT_EQ(outcome.code, 0) << words[0] << "\n" << outcome.out << outcome.err;
    EXPECT_EQ(outcome.err.find("chainrule:"), std::string::npos) << words[0] << "\n" << outcome.err;
    return outcome.out;
  }
  TemporaryFolder folder_;
};

TEST_F(FirstHour, FromATableToPredictions) {
  get_table(folder_ / "mpg.csv");
  does({"init", "mpg.toml", "--data", "mpg.csv", "--target", "mpg"});
  const std::string settings = read_file(folder_ / "mpg.toml");
  EXPECT_NE(settings.find("ignore = [\"name\"]"), std::string::npos) << settings;
  does({"train", "mpg.toml", "--out", "mpg1"});
  const std::string measured = does({"eval", "mpg1"});
  const std::size_t at = measured.find("r2");
  ASSERT_NE(at, std::string::npos) << measured;
  EXPECT_GT(std::atof(measured.c_str() + at + 2), 0.7) << measured;  // the mean has 0

  // The columns in another order, none that is to be predicted, one that is not known.
  std::ofstream(folder_ / "new.csv")
      << "origin,weight,horsepower,cylinders,displacement,acceleration,model_year,colour\n"
         "japan,2100,70,4,95,16,80,red\nusa,4300,170,8,380,11,71,blue\n";
  const std::vector<std::string> said = lines_of(does({"predict", "mpg1", "new.csv"}));
  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(said[0], "input,mpg");
  // A small car of 1980 goes further than a large one of 1971.
  EXPECT_GT(std::atof(said[1].c_str() + 2), std::atof(said[2].c_str() + 2) + 5) << said[1] << " " << said[2];
}

TEST_F(FirstHour, FromDrawnDigitsToAFolderOfPictures) {
  does({"data", "write", "digits", "pictures", "--train", "300", "--test", "60"});
  EXPECT_TRUE(fs::exists(folder_ / "pictures/train/7"));
  does({"init", "digits.toml", "--data", "pictures"});
  does({"train", "digits.toml", "--net", "sequential([flatten, affine(10)])", "--epochs", "30", "--out",
        "digits1"});
  const std::string picture = fs::directory_iterator(folder_ / "pictures/test/7")->path().string();
  const std::vector<std::string> said = lines_of(does({"predict", "digits1", picture, "--top", "3"}));
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0], "input,class,probability,class2,probability2,class3,probability3");
  EXPECT_EQ(said[1].find(picture + ","), 0u) << said[1];
  EXPECT_EQ(lines_of(does({"predict", "digits1", "pictures/test"})).size(), 61u);
}

}  // namespace
}  // namespace chainrule::cli
