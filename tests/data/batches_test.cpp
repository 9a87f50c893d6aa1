#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"

namespace chainrule::data {
namespace {

using Order = Batches::Order;
using RowNumbers = std::vector<std::int64_t>;

RowNumbers rows_at(Batches& batches, std::int64_t step) {
  const auto rows = batches.at(step);
  return {rows.begin(), rows.end()};
}

template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}

TEST(Batches, AnEpochHasEveryRowOnce) {
  Batches batches(103, {.batch_size = 10, .seed = 5});
  ASSERT_EQ(batches.steps_per_epoch(), 11);
  for (std::int64_t epoch : {0, 1, 7}) {
    RowNumbers seen;
    for (std::int64_t step = 0; step < 11; ++step) {
      const RowNumbers rows = rows_at(batches, epoch * 11 + step);
      EXPECT_EQ(rows.size(), step < 10 ? 10u : 3u);
      seen.insert(seen.end(), rows.begin(), rows.end());
    }
    std::sort(seen.begin(), seen.end());
    for (std::size_t i = 0; i < 103; ++i) EXPECT_EQ(seen[i], static_cast<std::int64_t>(i));
  }
}

TEST(Batches, DropLastLeavesOnlyFullBatches) {
  Batches batches(103, {.batch_size = 10, .drop_last = true});
  EXPECT_EQ(batches.steps_per_epoch(), 10);
  for (std::int64_t step = 0; step < 30; ++step) EXPECT_EQ(batches.at(step).size(), 10u);
}

TEST(Batches, SequentialKeepsTheOrder) {
  Batches batches(7, {.batch_size = 3, .order = Order::sequential});
  EXPECT_EQ(rows_at(batches, 0), (RowNumbers{0, 1, 2}));
  EXPECT_EQ(rows_at(batches, 2), (RowNumbers{6}));
  EXPECT_EQ(rows_at(batches, 4), (RowNumbers{3, 4, 5}));
}

// What makes resuming exact: no step depends on which steps were asked for before.
TEST(Batches, AStepIsAFunctionOfSeedAndStepAlone) {
  for (Order order : {Order::shuffled, Order::with_replacement}) {
    Batches straight(1000, {.batch_size = 64, .order = order, .seed = 3});
    std::vector<RowNumbers> expected;
    for (std::int64_t step = 0; step < 40; ++step) expected.push_back(rows_at(straight, step));
    Batches jumping(1000, {.batch_size = 64, .order = order, .seed = 3});
    for (std::int64_t step : {39, 0, 17, 16, 17, 33}) {
      EXPECT_EQ(rows_at(jumping, step), expected[static_cast<std::size_t>(step)]) << step;
    }
    Batches other(1000, {.batch_size = 64, .order = order, .seed = 4});
    EXPECT_NE(rows_at(other, 0), expected[0]);
    EXPECT_NE(expected[0], expected[16]);  // another epoch, another order
  }
}

TEST(Batches, WithReplacementDrawsEveryRowAlike) {
  Batches batches(20, {.batch_size = 100, .order = Order::with_replacement});
  EXPECT_EQ(batches.steps_per_epoch(), 1);
  std::vector<double> counts(20);
  for (std::int64_t step = 0; step < 400; ++step) {
    for (std::int64_t row : batches.at(step)) counts.at(static_cast<std::size_t>(row)) += 1;
  }
  double chi2 = 0;
  for (double count : counts) chi2 += (count - 2000) * (count - 2000) / 2000;
  EXPECT_LT(chi2, 43.8);  // 19 degrees of freedom: exceeded once in 1000
}

// A shuffle that draws its partner from the wrong range favours some places: each row must come first alike.
TEST(Batches, ShufflePutsEveryRowEverywhereAlike) {
  const int rows = 6, epochs = 6000;
  Batches batches(rows, {.batch_size = rows});
  std::vector<double> counts(rows * rows);
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const RowNumbers order = rows_at(batches, epoch);
    for (std::size_t place = 0; place < rows; ++place) {
      counts[place * rows + static_cast<std::size_t>(order[place])] += 1;
    }
  }
  double chi2 = 0;
  for (double count : counts) chi2 += (count - epochs / rows) * (count - epochs / rows) / (epochs / rows);
  EXPECT_LT(chi2, 52.6);  // (6 - 1)^2 = 25 degrees of freedom: exceeded once in 1000
}

TEST(Batches, SaysWhatItCannotDo) {
  EXPECT_EQ(message_of<ValueError>([] { Batches(0, {}); }), "[batches] 0 rows; need at least one. (E071)");
  EXPECT_EQ(message_of<ValueError>([] { Batches(5, {.batch_size = 0}); }),
            "[batches] batch size 0; need at least 1. (E071)");
  EXPECT_EQ(message_of<ValueError>([] { Batches(5, {.batch_size = 6, .drop_last = true}); }),
            "[batches] drop_last leaves no batch: 5 rows, batch size 6. Make the batches smaller, or keep "
            "the last. "
            "(E071)");
  EXPECT_EQ(message_of<ValueError>([] { Batches(5, {}).at(-1); }),
            "[batches] step -1; steps are counted from 0. (E071)");
}

TEST(Batches, WeightsSayHowOftenARowIsDrawn) {
  const std::vector<double> weights{0, 1, 0, 3, 4, 0};
  Batches batches(6, {.batch_size = 100, .order = Order::with_replacement, .seed = 2}, weights);
  std::vector<double> counts(6);
  for (std::int64_t step = 0; step < 400; ++step) {
    for (std::int64_t row : batches.at(step)) counts.at(static_cast<std::size_t>(row)) += 1;
  }
  double chi2 = 0;
  for (std::size_t row = 0; row < 6; ++row) {
    const double expected = 40000 * weights[row] / 8;
    if (expected == 0)
      EXPECT_EQ(counts[row], 0) << row;
    else
      chi2 += (counts[row] - expected) * (counts[row] - expected) / expected;
  }
  EXPECT_LT(chi2, 13.8);  // 2 degrees of freedom: exceeded once in 1000
}

TEST(Batches, WeightedStepsAreAFunctionOfSeedAndStepAlone) {
  const std::vector<double> weights(50, 0.1);
  const Batches::Options options{.batch_size = 8, .order = Order::balanced, .seed = 3};
  Batches straight(50, options, weights), jumping(50, options, weights);
  std::vector<RowNumbers> expected;
  for (std::int64_t step = 0; step < 20; ++step) expected.push_back(rows_at(straight, step));
  for (std::int64_t step : {19, 0, 7, 7, 3})
    EXPECT_EQ(rows_at(jumping, step), expected[static_cast<std::size_t>(step)]);
  EXPECT_NE(expected[0], expected[1]);
  EXPECT_EQ(straight.steps_per_epoch(), 7);
}

TEST(Batches, SaysWhichWeightsAreImpossible) {
  const auto message = [](std::vector<double> weights, Order order = Order::with_replacement) {
    return message_of<ValueError>([&] { Batches(2, {.order = order}, weights); });
  };
  EXPECT_EQ(message({1, 2, 3}), "[batches] 3 weights for 2 rows; need one each. (E460)");
  EXPECT_EQ(message({}, Order::balanced), "[batches] 0 weights for 2 rows; need one each. (E460)");
  EXPECT_EQ(message({1, -1}), "[batches] the weight of row 1 is -1; need 0 or more, and finite. (E460)");
  EXPECT_EQ(message({std::nan(""), 1}),
            "[batches] the weight of row 0 is nan; need 0 or more, and finite. (E460)");
  EXPECT_EQ(message({1e308, 1e308}), "[batches] the sum of the weights is infinite. (E460)");
  EXPECT_EQ(message({0, 0}), "[batches] all weights are 0; need one above it. (E460)");
  EXPECT_EQ(message({1, 1}, Order::shuffled),
            "[batches] weights for rows that each come once in an epoch; need the order with_replacement. "
            "(E460)");
}

ImageSet three_images() {
  ImageSet set;
  set.count = 3;
  set.height = 1;
  set.width = 2;
  set.pixels = {0, 255, 51, 102, 1, 2};
  set.labels = {4, 5, 6};
  return set;
}

TEST(Gather, ConvertsAndScalesTheChosenRows) {
  const ImageSet set = three_images();
  const RowNumbers rows{2, 0, 2};
  std::vector<float> out(7, -1);
  gather(set, rows, 0.5f, out.data());
  EXPECT_EQ(out, (std::vector<float>{0.5f, 1, 0, 127.5f, 0.5f, 1, -1}));
  RowNumbers labels(3);
  gather_labels(set, rows, labels.data());
  EXPECT_EQ(labels, (RowNumbers{6, 4, 6}));
}

TEST(Gather, NamesARowThatIsNotThere) {
  const ImageSet set = three_images();
  const RowNumbers rows{0, 3};
  std::vector<float> out(4);
  RowNumbers labels(2);
  EXPECT_EQ(message_of<ValueError>([&] { gather(set, rows, 1, out.data()); }),
            "[gather] row 3 of a set of 3 images; need 0 to 2. (E072)");
  EXPECT_EQ(message_of<ValueError>([&] { gather_labels(set, RowNumbers{-1}, labels.data()); }),
            "[gather] row -1 of a set of 3 images; need 0 to 2. (E072)");
}

TEST(ContactSheet, HasAClassARow) {
  ImageSet set = three_images();
  set.labels = {1, 0, 1};
  const Image sheet = contact_sheet(set, 2, 2, 1);
  ASSERT_EQ(sheet.height, 5);
  ASSERT_EQ(sheet.width, 7);
  const std::uint8_t line = 96;
  const std::vector<std::uint8_t> expected{
      line, line, line, line, line, line, line,  //
      line, 51,   102,  line, line, line, line,  //
      line, line, line, line, line, line, line,  //
      line, 0,    255,  line, 1,    2,    line,  //
      line, line, line, line, line, line, line,
  };
  EXPECT_EQ(sheet.pixels, expected);
  EXPECT_EQ(
      message_of<ValueError>([&] { contact_sheet(set, 0, 2); }),
      "[sheet] 0 rows and 2 columns of 1 x 2 images; need at least one of each, and at most 2^28 pixels. "
      "(E073)");
}

}  // namespace
}  // namespace chainrule::data
