// Tables from CSV files, as examples/tables.cpp: the means over five splits of 80 and 20 parts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "chainrule/chainrule.h"

namespace chainrule {
namespace {

class Tables : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("CHAINRULE_DATA_DIR");
    if (folder == nullptr)
      GTEST_SKIP() << "needs iris.csv, penguins.csv and mpg.csv in CHAINRULE_DATA_DIR/tables";
    if (std::getenv("CHAINRULE_MODE") != nullptr) GTEST_SKIP() << "trains for too long for plain loops";
    folder_ = std::string(folder) + "/tables/";
  }

  double classify(const std::string& file) const {
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const data::Table table =
          data::read_csv(folder_ + file, {.target = "species", .missing = data::Missing::drop});
      const auto [train, test] = data::split(table, 0.8, {.seed = seed, .stratify = true});
      const auto scaler = data::standardize(train);
      auto net = nn::mlp({16, 3});
      train::fit(net, loss::softmax_cross_entropy, scaler(train), {.epochs = 60, .lr = 0.01, .seed = seed});
      mean += train::evaluate(net, scaler(test), metric::accuracy) / 5;
    }
    return mean;
  }

  std::string folder_;
};

TEST_F(Tables, IrisIsClassified) { EXPECT_GE(classify("iris.csv"), 0.94); }
TEST_F(Tables, PenguinsAreClassified) { EXPECT_GE(classify("penguins.csv"), 0.97); }

TEST_F(Tables, FuelConsumptionIsPredicted) {
  double mean = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const data::Table cars = data::read_csv(
        folder_ + "mpg.csv", {.target = "mpg", .ignore = {"name"}, .missing = data::Missing::drop});
    const auto [train, test] = data::split(cars, 0.8, {.seed = seed});
    const auto scaler = data::standardize(train, {.target = true});
    auto net = nn::mlp({32, 32, 1});
    train::fit(net, loss::mse, scaler(train),
               {.epochs = 60, .lr = 0.003, .weight_decay = 0.001, .seed = seed});
    mean += train::evaluate(net, scaler(test), metric::r2) / 5;
  }
  EXPECT_GE(mean, 0.85);
}

}  // namespace
}  // namespace chainrule
