#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "chainrule/data/scaler.h"
#include "chainrule/data/transform.h"
#include "chainrule/error.h"
#include "data/checksum.h"
#include "data/counting.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

TEST(Split, EachRowGoesToOnePart) {
  const Source source = counting(103);
  const auto [train, test] = split(source, 0.8, {.seed = 1});
  EXPECT_EQ(train.rows(), 82);  // 82.4
  EXPECT_EQ(test.rows(), 21);
  RowNumbers all = rows_of(train);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  for (const std::int64_t row : rows_of(test)) all.push_back(row);
  std::sort(all.begin(), all.end());
  RowNumbers expected(103);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);

  EXPECT_EQ(rows_of(split(source, 0.8, {.seed = 1}).test), rows_of(test));
  EXPECT_NE(rows_of(split(source, 0.8, {.seed = 2}).test), rows_of(test));
  const auto [first, middle, last] = split(source, 0.5, 0.25, {.shuffle = false});
  EXPECT_EQ(rows_of(first).back(), 51);  // 51.5 rounds to 52
  EXPECT_EQ(rows_of(middle).back(), 76);
  EXPECT_EQ(rows_of(last).back(), 102);
}

// Shares of a class in a part differ from the part's share of all by less than a row.
TEST(Split, StratifiedKeepsProportions) {
  std::vector<std::int64_t> t;
  const std::map<std::int64_t, int> counts{{0, 90}, {1, 7}, {4, 31}};
  for (const auto& [value, count] : counts) t.insert(t.end(), static_cast<std::size_t>(count), value);
  const auto rows = static_cast<std::int64_t>(t.size());
  const Source source = arrays(cast(expand_dims(arange(rows), 1), f32), from_data(t, {rows}));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto [train, validation, test] = split(source, 0.6, 0.15, {.seed = seed, .stratify = true});
    for (const Source& part : {train, validation, test}) {
      std::map<std::int64_t, int> found;
      const Batch batch = part.all();
      for (const std::int64_t value : batch.target().to_vector<std::int64_t>()) ++found[value];
      for (const auto& [value, count] : counts) {
        EXPECT_NEAR(found[value], count * static_cast<double>(part.rows()) / static_cast<double>(rows), 1.5);
      }
    }
    EXPECT_EQ(train.rows() + validation.rows() + test.rows(), rows);
    EXPECT_EQ(train.rows(), 77);  // 0.6 * 128 = 76.8
  }
  EXPECT_NE(rows_of(split(source, 0.5, {.seed = 1, .stratify = true}).train),
            rows_of(split(source, 0.5, {.seed = 2, .stratify = true}).train));
}

Source targets_of_numbers() { return arrays(ones({5, 1}), ones({5, 1})); }

struct Mistake {
  const char* message;
  void (*make)();
};

const Mistake kMistakes[] = {
    {"[split] 5 rows with shares of 1, the rest last: part 1 would be empty. Need shares above 0 with a sum "
     "below 1, and enough rows. (E273)",
     [] { split(counting(5), 1); }},
    {"[split] 5 rows with shares of 0.95, the rest last: part 2 would be empty. Need shares above 0 with a "
     "sum "
     "below 1, and enough rows. (E273)",
     [] { split(counting(5), 0.95); }},
    {"[split] 5 rows with shares of 0.5 and nan, the rest last: part 2 would be empty. Need shares above 0 "
     "with "
     "a sum below 1, and enough rows. (E273)",
     [] { split(counting(5), 0.5, std::numeric_limits<double>::quiet_NaN()); }},
    {"[split] stratify takes rows by chance, shuffle = false does not. Choose one. (E273)",
     [] { split(counting(5), 0.5, {.stratify = true, .shuffle = false}); }},
    {"[split] stratify needs a target of class numbers, but this source has 't' (1,) f32. Leave stratify "
     "out. "
     "(E273)",
     [] { split(targets_of_numbers(), 0.5, {.stratify = true}); }},
    {"[split] stratify needs a target of class numbers, but this source has none. Leave stratify out. (E273)",
     [] {
       split(arrays(Batch{{"x", ones({4})}}), 0.5, {.stratify = true});
     }},
};

// However it was made since: the number that the user can look up.
TEST(Split, KnowsEachRowsOrigin) {
  const auto [first, second] = split(counting(50, 50), 0.5, {.seed = 3});
  const Source some = subset(second, {4, 2, 2});
  const Source scaled = standardize(second)(some);
  const Source mapped = map(some, [](Batch b) {
    b["x"] = b["x"] * 2;
    return b;
  });
  for (const Source& source : {first, second, some, scaled, mapped, transformed(some, {Noise(0.1)}, 1)}) {
    const std::vector<std::int64_t> numbers = source.targets().to_vector<std::int64_t>();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_EQ(source.inside()->origin(static_cast<std::int64_t>(i)), numbers[i]);
    }
  }
  EXPECT_EQ(some.name_of_row(1), some.name_of_row(2));
}

// Of rows, too, that differ in some signs alone: a pair of highest bits.
TEST(Checksum, TellsOtherNumbers) {
  const Tensor x = cast(reshape(arange(80), {20, 4}) + 1, f64), t = zeros({20}, f64);
  const Tensor first = tensor({-1, 1, 1, 1}, f64), halves = tensor({-1, 1, -1, 1}, f64);
  const std::string own = checksum_of(arrays(x, t));
  EXPECT_EQ(checksum_of(arrays(x + 0, t)), own);
  for (const Tensor& other : {-x, x * first, x * halves, x + 1, flip(x, 0)}) {
    EXPECT_NE(checksum_of(arrays(other, t)), own);
    EXPECT_NE(checksum_of(arrays(cast(other, f32), t)), checksum_of(arrays(cast(x, f32), t)));
  }
}

TEST(Split, SaysWhatItCannotDo) {
  for (const Mistake& mistake : kMistakes) EXPECT_EQ(message_of(mistake.make), mistake.message);
}

}  // namespace
}  // namespace chainrule::data
