#include "chainrule/data/table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;
using Words = std::vector<std::string>;

const char* const kCars =
    "name,weight,origin,mpg\n"
    "a,3000,usa,18\n"
    "b,2000.5,japan,30\n"
    "c,2500,usa,24.5\n";

TEST(Table, IsASourceOfInputsAndTarget) {
  const Table cars = parse_csv(kCars, {.target = "mpg", .ignore = {"name"}});
  const Source source = cars;
  EXPECT_EQ(source.to_string(), "3 rows: x (3,) f32, t (1,) f32");
  EXPECT_EQ(source.columns()[0].features, (Words{"weight", "origin=japan", "origin=usa"}));
  EXPECT_EQ(source.columns()[1].features, (Words{"mpg"}));
  const auto [x, t] = source.take({1, 0});
  EXPECT_EQ(x.to_vector<double>(), (Values{2000.5, 1, 0, 3000, 0, 1}));
  EXPECT_EQ(t.to_vector<double>(), (Values{30, 18}));

  const Source coded = parse_csv(kCars, {.target = "origin", .codes = {"name"}, .dtype = f64});
  EXPECT_EQ(coded.to_string(), "3 rows: x (3,) f64, t () i64 of 2 classes");
  EXPECT_EQ(coded.class_names(), (Words{"japan", "usa"}));
  const auto [inputs, classes] = coded.all();
  EXPECT_EQ(inputs.to_vector<double>(), (Values{0, 3000, 18, 1, 2000.5, 30, 2, 2500, 24.5}));
  EXPECT_EQ(classes.to_vector<double>(), (Values{1, 0, 1}));

  const Source none = parse_csv(kCars, {.ignore = {"name", "origin"}});
  EXPECT_EQ(none.to_string(), "3 rows: x (2,) f32");
}

// As numbers would be: 9 before 10.
TEST(Table, ClassesThatLookLikeNumbersAreSortedAsSuch) {
  const Table table = parse_csv("x,label\n1,10\n2,9\n3,10\n4,100\n", {.target = "label", .words = {"label"}});
  EXPECT_EQ(table["label"].words, (Words{"9", "10", "100"}));
  EXPECT_EQ(static_cast<Source>(table).all().target().to_vector<double>(), (Values{1, 0, 1, 2}));
}

TEST(Table, ColumnsAreChosen) {
  const Table cars = parse_csv(kCars, {.target = "mpg"});
  EXPECT_EQ(cars.names(), (Words{"name", "weight", "origin", "mpg"}));
  EXPECT_EQ(cars.select({"origin", "weight"}).names(), (Words{"origin", "weight", "mpg"}));
  EXPECT_EQ(cars.select({"mpg", "weight"}).target(), "mpg");
  EXPECT_EQ(cars.without({"name"}).names(), (Words{"weight", "origin", "mpg"}));
  EXPECT_EQ(cars.without({"mpg"}).target(), "");
  EXPECT_EQ(static_cast<Source>(cars.without({"name"}).with_target("origin")).class_names(),
            (Words{"japan", "usa"}));
  EXPECT_EQ(cars.columns()[1].get(), cars.select({"weight"}).columns()[0].get());  // shared
  EXPECT_EQ(cars.to_string(2),
            "3 rows, 4 columns, target mpg\n"
            "  name  weight  origin  mpg\n"
            "     a    3000     usa   18\n"
            "     b  2000.5   japan   30\n"
            "  ...");
}

TEST(Table, SaysWhatItCannotDo) {
  const Table cars = parse_csv(kCars, {.target = "mpg"});
  EXPECT_EQ(message_of([&] { cars["wight"]; }),
            "[table] this table has no column 'wight'; it has name, weight, origin, mpg. Did you mean "
            "'weight'? (E285)");
  EXPECT_EQ(message_of([&] { cars.with_target("price"); }),
            "[table] this table has no column 'price'; it has name, weight, origin, mpg. (E285)");
  EXPECT_EQ(
      message_of([&] {
        cars.select({"weight", "weight"});
      }),
      "[table] two columns are called 'weight'. Give each a name of its own, and select each once. (E288)");
  EXPECT_EQ(message_of([&] { const Source none = cars.select({}); }),
            "[table] no inputs besides the target 'mpg'; need at least one column. (E288)");
  Shared<TableColumn> one(new TableColumn), two(new TableColumn);
  one->name = "one", two->name = "two";
  one->numbers = {1, 2};
  EXPECT_EQ(message_of([&] {
              Table({one, two});
            }),
            "[table] 'two' has 0 rows, 'one' 2. Need equal numbers. (E288)");
}

class RealTables : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("CHAINRULE_DATA_DIR");
    if (folder == nullptr) GTEST_SKIP() << "CHAINRULE_DATA_DIR is not set: real tables are not read";
    folder_ = std::string(folder) + "/tables/";
  }
  std::string folder_;
};

// Fisher 1936: three species, 50 flowers of each.
TEST_F(RealTables, Iris) {
  const Source iris = read_csv(folder_ + "iris.csv", {.target = "species"});
  EXPECT_EQ(iris.to_string(), "150 rows: x (4,) f32, t () i64 of 3 classes");
  EXPECT_EQ(iris.class_names(), (Words{"setosa", "versicolor", "virginica"}));
  const Tensor counts = sum(one_hot(iris.all().target(), 3), 0);
  EXPECT_EQ(counts.to_vector<double>(), (Values{50, 50, 50}));
  // Means from the data set's description in the UCI repository: 5.84, 3.05 (there 3.054), 3.76, 1.20.
  const Standardize scaler = standardize(iris);
  EXPECT_NEAR(scaler.mean[0], 5.84, 0.005);
  EXPECT_NEAR(scaler.mean[2], 3.76, 0.005);
  EXPECT_NEAR(scaler.mean[3], 1.20, 0.005);
  const auto [train, test] = split(iris, 0.8, {.seed = 3, .stratify = true});
  EXPECT_EQ(sum(one_hot(test.all().target(), 3), 0).to_vector<double>(), (Values{10, 10, 10}));
}

// 344 birds; values are missing in 11 rows (grep -c -e ',,' -e ',$' penguins.csv).
TEST_F(RealTables, Penguins) {
  const std::string path = folder_ + "penguins.csv";
  EXPECT_EQ(read_csv(path, {.target = "species", .missing = Missing::mean}).rows(), 344);
  EXPECT_EQ(read_csv(path, {.target = "species", .missing = Missing::value}).rows(), 344);
  const Table whole = read_csv(path, {.target = "species", .missing = Missing::drop});
  EXPECT_EQ(whole.rows(), 333);
  EXPECT_EQ(static_cast<Source>(whole).class_names(), (Words{"Adelie", "Chinstrap", "Gentoo"}));
  EXPECT_EQ(
      message_of([&] { read_csv(path); }),
      "[read_csv] " + path +
          ":5, column 'bill_length_mm': empty; need a value. Fill the cell, set missing to drop, mean or "
          "value, or ignore the column. (E283)");
}

// 398 cars, 6 of them without horsepower.
TEST_F(RealTables, Cars) {
  const CsvOptions options{.target = "mpg", .ignore = {"name"}, .missing = Missing::drop};
  const Table cars = read_csv(folder_ + "mpg.csv", options);
  EXPECT_EQ(cars.rows(), 392);
  EXPECT_EQ(cars["origin"].words, (Words{"europe", "japan", "usa"}));
  const auto [train, test] = split(cars, 0.8, {.seed = 1});
  const auto scaler = standardize(train, {.target = true});
  EXPECT_EQ(scaler(train).columns()[0].features,
            (Words{"cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year",
                   "origin=europe", "origin=japan", "origin=usa"}));
  EXPECT_EQ(train.rows() + test.rows(), 392);
  const Tensor t = scaler(test).all().target();
  const Values back = scaler.inverse(t).to_vector<double>(), before = test.all().target().to_vector<double>();
  for (std::size_t i = 0; i < back.size(); ++i) EXPECT_NEAR(back[i], before[i], 1e-4);
}

TEST(Table, ManyAndLongColumnsArePrintedInPart) {
  std::string names, row;
  for (int i = 0; i < 14; ++i) {
    names +=
        (i == 0 ? "" : ",") + std::string(i == 1 ? "a name of more than twenty" : "c" + std::to_string(i));
    row += (i == 0 ? "" : ",") + std::string(i == 2 ? "a word of more than twenty" : std::to_string(i));
  }
  EXPECT_EQ(parse_csv(names + "\n" + row + "\n").to_string(),
            "1 rows, 14 columns\n"
            "  c0  a name of more th...                    c2  c3  c4  c5  c6  c7  c8  c9  c10  c11  ...\n"
            "   0                     1  a word of more th...   3   4   5   6   7   8   9   10   11  ...");
}

// Characters count, not bytes, and none is cut in two.
TEST(Table, PrintsUtf8) {
  const std::string long_word = "\xC3\xA4\xC3\xB6\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80 and fifteen more";
  EXPECT_EQ(parse_csv("gr\xC3\xB6\xC3\x9F"
                      "e,w\n1,x\n22222,\xC3\xA4\xC3\xB6\n")
                .to_string(),
            "2 rows, 2 columns\n  gr\xC3\xB6\xC3\x9F"
            "e   w\n      1   x\n  22222  \xC3\xA4\xC3\xB6");
  EXPECT_EQ(parse_csv("w\n" + long_word + "\n").to_string(),
            "1 rows, 1 columns\n                     w\n  "
            "\xC3\xA4\xC3\xB6\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80 and fifteen...");
}

}  // namespace
}  // namespace chainrule::data
