#include "chainrule/data/loader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Order = Batches::Order;
using Values = std::vector<double>;

Source counting(std::int64_t rows) {
  return arrays(cast(reshape(arange(2 * rows), {rows, 2}), f32), arange(rows));
}

TEST(Loader, GathersTheRowsOfBatches) {
  const Source source = counting(103);
  for (const Order order : {Order::shuffled, Order::sequential, Order::with_replacement}) {
    for (const bool drop_last : {false, true}) {
      Loader loader(source, {.batch_size = 10, .seed = 3, .order = order, .drop_last = drop_last});
      Batches batches(103, {.batch_size = 10, .order = order, .seed = 3, .drop_last = drop_last});
      ASSERT_EQ(loader.steps_per_epoch(), batches.steps_per_epoch());
      for (const std::int64_t step : {0, 1, 9, 10, 11, 25, 3}) {
        const auto [x, t] = loader.at(step);
        const auto rows = batches.at(step);
        EXPECT_EQ(t.to_vector<std::int64_t>(), std::vector<std::int64_t>(rows.begin(), rows.end())) << step;
        EXPECT_EQ(x.shape(), (Shape{t.numel(), 2}));
        EXPECT_EQ(x.to_vector<double>()[1], 2.0 * static_cast<double>(rows[0]) + 1);
      }
    }
  }
}

/// Adds a random number to each row, and the row's own number.
struct Wobble : TransformOf<Wobble> {
  static constexpr Info kInfo{.name = "wobble", .doc = "Adds a random number to each row."};
  void apply(std::span<const Array> columns, const Draw& draw) const override {
    const std::int64_t size = columns[0].numel() / static_cast<std::int64_t>(draw.rows.size());
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      Random random = draw.random(i);
      for (std::int64_t k = 0; k < size; ++k) {
        columns[0].as<float>()[static_cast<std::int64_t>(i) * size + k] +=
            static_cast<float>(random.uniform());
      }
    }
  }
};

std::vector<Values> course(Loader& loader, std::span<const std::int64_t> steps) {
  std::vector<Values> all;
  for (const std::int64_t step : steps) {
    const Batch batch = loader.at(step);
    for (int c = 0; c < batch.size(); ++c) all.push_back(batch[c].to_vector<double>());
  }
  return all;
}

// Steps in order over several epochs, jumps, the same step again.
const std::vector<std::int64_t> kSteps{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 30, 31, 2, 2, 3, 100, 0};

TEST(Loader, TheSameBitsForAnyNumberOfWorkers) {
  const Source mapped = map(counting(45), [](Batch b) {
    b["x"] = sin(b["x"]) / 3;
    return b;
  });
  for (const Source& source : {counting(45), mapped}) {
    for (const bool augmented : {false, true}) {
      Loader plain(source, {.batch_size = 10,
                            .seed = 8,
                            .transforms = augmented ? Transforms{Wobble(), Wobble()} : Transforms{}});
      const auto expected = course(plain, kSteps);
      for (const int workers : {1, 3}) {
        for (const int prefetch : {1, 4}) {
          LoaderOptions options = plain.options();
          options.workers = workers, options.prefetch = prefetch;
          Loader loader(source, options);
          EXPECT_EQ(course(loader, kSteps), expected) << workers << " workers, " << prefetch << " ahead";
        }
      }
    }
  }
}

// A row's random numbers depend on seed, row, epoch and place in the list; not on the step or its neighbours.
TEST(Loader, DrawsByRowAndEpoch) {
  const Source source = counting(6);
  const auto drawn = [&](LoaderOptions options, std::int64_t epoch) {
    options.transforms = Wobble();
    Loader loader(source, options);
    std::vector<Values> by_row(6);
    for (std::int64_t i = 0; i < loader.steps_per_epoch(); ++i) {
      const auto [x, t] = loader.at(epoch * loader.steps_per_epoch() + i);
      for (std::int64_t k = 0; k < t.numel(); ++k) {
        by_row[static_cast<std::size_t>(t.data<std::int64_t>()[static_cast<std::size_t>(k)])] =
            select(x, k).to_vector<double>();
      }
    }
    return by_row;
  };
  const auto base = drawn({.batch_size = 4, .seed = 1}, 2);
  EXPECT_EQ(drawn({.batch_size = 1, .seed = 1, .order = Order::sequential}, 2), base);
  for (const auto& other : {drawn({.batch_size = 4, .seed = 1}, 3), drawn({.batch_size = 4, .seed = 2}, 2)}) {
    for (std::size_t row = 0; row < 6; ++row) EXPECT_NE(other[row], base[row]);
  }
  EXPECT_NE(base[0][0], base[1][0] - 2);
  Loader twice(source,
               {.batch_size = 6, .seed = 1, .order = Order::sequential, .transforms = {Wobble(), Wobble()}});
  const auto x = twice.at(2)[0].to_vector<double>();
  EXPECT_NE(x[0], 2 * base[0][0]);  // the second one draws other numbers
}

struct Trap : Rows {
  Trap() : Rows(100, {{"x", f32, {}}}) {}
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] == 55) throw ValueError(1, "row 55");
      out[0].as<float>()[i] = static_cast<float>(rows[i]);
    }
  }
};

TEST(Loader, WhatAWorkerMeetsAppearsAtItsStep) {
  for (const int workers : {0, 1, 3}) {
    Loader loader(Trap(), {.batch_size = 10, .order = Order::sequential, .workers = workers});
    for (std::int64_t step = 0; step < 25; ++step) {
      if (step % 10 == 5) {
        EXPECT_EQ(message_of([&] { loader.at(step); }), "row 55 (E001)");
        EXPECT_EQ(message_of([&] { loader.at(step); }), "row 55 (E001)");
      } else {
        EXPECT_EQ(loader.at(step)[0].to_vector<double>()[0], static_cast<double>(step % 10 * 10));
      }
    }
  }
}

TEST(Loader, MovesAndEndsWhileWorkersRun) {
  for (int round = 0; round < 20; ++round) {
    Loader first(counting(1000), {.batch_size = 7, .seed = 2, .workers = 3, .prefetch = 5});
    if (round % 3 != 0) first.at(round);
    Loader second = std::move(first);
    const auto rows = second.at(1).target().to_vector<std::int64_t>();
    Loader third(counting(10), {.workers = 1});
    third.at(0);
    third = std::move(second);
    EXPECT_EQ(third.at(1).target().to_vector<std::int64_t>(), rows);
  }
}

// A row that is drawn in several steps of an epoch looks different in each.
TEST(Loader, DrawnRowsAreTransformedAnewInEachStep) {
  const std::vector<double> weights{0, 1, 0, 0, 0, 0};  // the second row in each of the six steps
  Loader loader(
      arrays(Batch{{"x", ones({6, 4})}}),
      {.batch_size = 1, .order = Order::with_replacement, .transforms = Noise(1), .weights = weights});
  EXPECT_EQ(loader.steps_per_epoch(), 6);
  EXPECT_NE(loader.at(0)[0].to_vector<double>(), loader.at(1)[0].to_vector<double>());
}

// One class of three has 1 row of 100, and comes as often as the others.
TEST(Loader, BalancedDrawsClassesEquallyOften) {
  std::vector<std::int64_t> classes(100, 0);
  for (std::size_t i = 0; i < 100; ++i) classes[i] = i == 7 ? 5 : static_cast<std::int64_t>(i % 10 == 0);
  const Source source = arrays(arange(100), from_data(classes, {100}));
  Loader loader(source, {.batch_size = 60, .seed = 4, .order = Order::balanced});
  std::vector<double> counts(6), rows(100);
  for (std::int64_t step = 0; step < 300; ++step) {
    for (const std::int64_t c : loader.at(step).target().to_vector<std::int64_t>())
      ++counts[static_cast<std::size_t>(c)];
    for (const std::int64_t row : loader.rows(step)) ++rows[static_cast<std::size_t>(row)];
  }
  for (const std::size_t c : {0, 1, 5}) EXPECT_NEAR(counts[c], 6000, 4 * std::sqrt(18000 * 2.0 / 9)) << c;
  for (const std::size_t row : {0, 10, 90}) EXPECT_NEAR(rows[row], 600, 4 * std::sqrt(600)) << row;
  EXPECT_EQ(loader.steps_per_epoch(), 2);
  Loader again(source, loader.options());
  EXPECT_EQ(again.at(250)[0].to_vector<double>(), loader.at(250)[0].to_vector<double>());
}

TEST(Loader, DrawsByWeights) {
  std::vector<double> weights(20, 0);
  weights[3] = 1, weights[4] = 1e-9;
  Loader loader(counting(20), {.batch_size = 50, .order = Order::with_replacement, .weights = weights});
  EXPECT_EQ(loader.rows(5), std::vector<std::int64_t>(50, 3));
  EXPECT_EQ(message_of([&] { Loader(counting(20), {.order = Order::balanced, .weights = weights}); }),
            "[loader] the order balanced finds weights of its own. Leave them out, or draw with_replacement. "
            "(E460)");
  EXPECT_EQ(message_of([&] {
              Loader(arrays(ones({4, 2}), ones({4, 1})), {.order = Order::balanced});
            }),
            "[loader] the order balanced needs a target of class numbers, but this source has 't' (1,) f32. "
            "Give weights instead. (E461)");
  EXPECT_EQ(message_of([&] {
              Loader(arrays(Batch{{"x", ones({4})}}), {.order = Order::balanced});
            }),
            "[loader] the order balanced needs a target of class numbers, but this source has none. Give "
            "weights instead. (E461)");
}

TEST(Loader, SaysWhatItCannotDo) {
  const Source source = counting(5);
  EXPECT_EQ(message_of([&] { Loader(source, {.workers = -1}); }),
            "[loader] -1 workers, each 2 batches ahead; need 0 to 256 workers and a prefetch of 1 to 1024. "
            "(E276)");
  EXPECT_EQ(message_of([&] { Loader(source, {.workers = 1, .prefetch = 0}); }),
            "[loader] 1 workers, each 0 batches ahead; need 0 to 256 workers and a prefetch of 1 to 1024. "
            "(E276)");
  for (const int workers : {0, 2}) {
    EXPECT_EQ(message_of([&] { Loader(source, {.workers = workers}).at(-1); }),
              "[batches] step -1; steps are counted from 0. (E071)");
  }
  EXPECT_EQ(message_of([&] { Loader(source, {.batch_size = 0}); }),
            "[batches] batch size 0; need at least 1. (E071)");
  Transforms many;
  many.list.assign(257, Shared<Transform>(new Wobble));
  EXPECT_EQ(message_of([&] { Loader(source, {.transforms = many}); }),
            "[loader] 257 transforms; need at most 256. (E276)");
}

}  // namespace
}  // namespace chainrule::data
