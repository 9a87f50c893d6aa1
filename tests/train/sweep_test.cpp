// Trying out settings.
#include "chainrule/train/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>
#include <sstream>

#include "chainrule/chainrule.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

/// Least at lr 0.1 and "b".
double score(const Point& at) {
  return std::abs(std::log(at.number("lr") / 0.1)) + (at.text("kind") == "b" ? 0 : 1);
}

const Space kGrid{{"lr", {1, 0.1, 0.01}}, {"kind", {"a", "b"}}};

TEST(Sweep, AGridHasAllCombinationsTheBestFirst) {
  const SweepResult found = sweep(kGrid, score);
  ASSERT_EQ(found.trials.size(), 6u);
  EXPECT_EQ(found.best().point.number("lr"), 0.1);
  EXPECT_EQ(found.best().point.text("kind"), "b");
  EXPECT_EQ(found.best().score, 0);
  for (std::size_t i = 1; i < 6; ++i) EXPECT_GE(found.trials[i].score, found.trials[i - 1].score);
  std::set<std::string> points;
  for (const Trial& trial : found.trials)
    points.insert(config::to_text(config::Value::of_table(trial.point.settings())));
  EXPECT_EQ(points.size(), 6u);
  EXPECT_EQ(sweep(kGrid, score, {.larger_is_better = true}).trials.back().score, 0);
}

TEST(Sweep, DrawsFromRangesAndLists) {
  const Space space{log_range("lr", 1e-4, 1), range("p", 0, 0.5), {"size", {16, 32, 64}}};
  const auto run = [](const Point& at) { return std::abs(std::log10(at.number("lr")) + 2) + at.number("p"); };
  const SweepOptions options{.search = Search::random, .points = 200, .seed = 5};
  const SweepResult found = sweep(space, run, options);
  ASSERT_EQ(found.trials.size(), 200u);
  int small = 0, sizes[65] = {};
  for (const Trial& trial : found.trials) {
    EXPECT_GE(trial.point.number("lr"), 1e-4);
    EXPECT_LE(trial.point.number("lr"), 1);
    EXPECT_LT(trial.point.number("p"), 0.5);
    small += trial.point.number("lr") < 1e-2;
    ++sizes[trial.point.integer("size")];
  }
  EXPECT_NEAR(small, 100, 30);
  for (const int size : {16, 32, 64}) EXPECT_NEAR(sizes[size], 67, 30);
  EXPECT_EQ(sweep(space, run, options).to_json(), found.to_json());
  SweepOptions other = options;
  other.seed = 6;
  EXPECT_NE(sweep(space, run, other).to_json(), found.to_json());
}

TEST(Sweep, IsTheSameForAnyNumberOfThreads) {
  const auto run = [](const Point& at) {
    nn::Sequential net{nn::Affine{at.integer("hidden")}, nn::Relu{}, nn::Affine{4}};
    fit(net, loss::softmax_cross_entropy, stripes(60, 1), {.epochs = 2, .lr = at.number("lr")});
    return evaluate(net, stripes(40, 2), metric::accuracy);
  };
  const Space space{{"hidden", {4, 8, 12}}, {"lr", {0.1, 0.01}}};
  const std::string expected = sweep(space, run, {.larger_is_better = true}).to_json();
  for (const std::int64_t threads : {2, 4, 16})
    EXPECT_EQ(sweep(space, run, {.larger_is_better = true, .threads = threads}).to_json(), expected)
        << threads;
}

// 9 points with budget 1, the best 3 with 3, the best with 9.
TEST(Sweep, HalvingSpendsOnTheBest) {
  std::mutex mutex;
  std::vector<double> budgets;
  const auto run = [&](const Point& at, double budget) {
    const std::lock_guard lock(mutex);
    budgets.push_back(budget);
    return at.number("x") + 1 / budget;
  };
  const SweepResult found = sweep(
      {range("x", 0, 1)}, run, {.search = Search::halving, .points = 9, .threads = 3, .largest_budget = 9});
  std::sort(budgets.begin(), budgets.end());
  EXPECT_EQ(budgets, (std::vector<double>{1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 9}));
  EXPECT_EQ(found.best().budget, 9);
  for (const Trial& trial : found.trials) EXPECT_GE(trial.point.number("x"), found.best().point.number("x"));
  EXPECT_EQ(found.trials[1].budget, 3);
  EXPECT_EQ(found.trials[8].budget, 1);
}

TEST(Sweep, ARunThatFailsIsTheLast) {
  const auto run = [](const Point& at) {
    if (at.number("x") < 2) throw ValueError(80, "it diverged.");
    return at.number("x");
  };
  const SweepResult found = sweep({{"x", {1, 3, 2}}}, run, {.threads = 2});
  EXPECT_EQ(found.best().point.integer("x"), 2);
  EXPECT_EQ(found.trials[2].error, "it diverged. (E080)");
  EXPECT_TRUE(std::isnan(found.trials[2].score));
  std::ostringstream table;
  table << found;
  EXPECT_EQ(table.str(), "score  x\n2      2\n3      3\nnan    1  it diverged. (E080)\n");
  EXPECT_EQ(found.to_csv(), "score,budget,x,error\n2.0,0.0,2,\n3.0,0.0,3,\nnan,0.0,1,it diverged. (E080)\n");
  const config::Value json = config::parse_json(found.to_json(), "sweep");
  EXPECT_EQ(json.list[1].find("settings")->find("x")->integer, 3);
  EXPECT_EQ(message_of([&] {
              sweep({{"x", {1}}}, run).best();
            }),
            "[sweep] every run failed. The first: it diverged. (E080) (E320)");
}

// Budgets 1, 3, 9, of 9, 3 and 1 points. What has a score keeps it, with the budget that it is of.
TEST(Sweep, AHalvingThatFailsLaterKeepsItsScores) {
  for (const double fails_at : {3.0, 9.0}) {
    const auto run = [&](const Point& at, double budget) {
      if (budget >= fails_at) throw ValueError(80, "it diverged.");
      return at.number("x") + 1 / budget;
    };
    const SweepResult found = sweep(
        {range("x", 0, 1)}, run, {.search = Search::halving, .points = 9, .threads = 2, .largest_budget = 9});
    const Trial& best = found.best();
    EXPECT_EQ(best.budget, fails_at / 3);
    EXPECT_EQ(best.score, best.point.number("x") + 3 / fails_at);
    EXPECT_EQ(best.error,
              "with a budget of " + std::to_string(static_cast<int>(fails_at)) + ": it diverged. (E080)");
    for (std::size_t i = 1; i < 9; ++i) {
      EXPECT_FALSE(std::isnan(found.trials[i].score));
      EXPECT_LE(found.trials[i].budget, found.trials[i - 1].budget);
      EXPECT_GT(found.trials[i].point.number("x"), best.point.number("x"));
    }
  }
}

// The best of the smallest budget fails with the next: another one wins, and comes first.
TEST(Sweep, HalvingGoesOnWithoutWhatFailed) {
  std::mutex mutex;
  std::vector<double> budgets;
  const auto run = [&](const Point& at, double budget) {
    const std::lock_guard lock(mutex);
    budgets.push_back(budget);
    const double x = at.number("x");
    if (x > 0.7) throw 42;
    if (budget > 1 && x < 0.2) return std::numeric_limits<double>::quiet_NaN();
    return x;
  };
  const SweepResult found =
      sweep({range("x", 0, 1)}, run, {.search = Search::halving, .points = 60, .largest_budget = 9});
  EXPECT_GE(found.best().score, 0.2);
  EXPECT_EQ(found.best().error, "");
  bool has_failed = false, is_small = false;
  for (const Trial& trial : found.trials) {
    EXPECT_FALSE(has_failed && !std::isnan(trial.score)) << "what failed from the start is last";
    has_failed |= std::isnan(trial.score);
    if (std::isnan(trial.score)) {
      EXPECT_EQ(trial.error, "it threw something that is no std::exception.");
    }
    EXPECT_FALSE(is_small && trial.budget > 1);
    is_small |= trial.budget == 1;
    if (trial.point.number("x") < 0.2 && !trial.error.empty()) {
      EXPECT_EQ(trial.error, "with a budget of 3: its score is no number.");
      EXPECT_EQ(trial.score, trial.point.number("x"));
      EXPECT_EQ(trial.budget, 1);
    }
  }
  EXPECT_TRUE(has_failed);
  // None with an error ran again: 60, then a third, then a third of those that are left.
  EXPECT_EQ(std::count(budgets.begin(), budgets.end(), 1.0), 60);
  EXPECT_EQ(std::count(budgets.begin(), budgets.end(), 3.0), 20);
  EXPECT_LE(std::count(budgets.begin(), budgets.end(), 9.0), 7);
}

TEST(Sweep, TakesWhateverIsThrown) {
  const auto run = [](const Point& at) -> double {
    if (at.number("x") > 1) throw 42;
    return 1;
  };
  for (const std::int64_t threads : {1, 3}) {
    const SweepResult found = sweep({{"x", {1, 2, 3}}}, run, {.threads = threads});
    EXPECT_EQ(found.best().point.integer("x"), 1);
    EXPECT_EQ(found.trials[1].error, "it threw something that is no std::exception.");
  }
  const auto nothing = [](const Point&) { return std::numeric_limits<double>::quiet_NaN(); };
  EXPECT_EQ(message_of([&] {
              sweep({{"x", {1}}}, nothing).best();
            }),
            "[sweep] every run failed. The first: its score is no number. (E320)");
}

TEST(Sweep, SaysWhatIsWrong) {
  const auto run = [](const Point&) { return 0.0; };
  EXPECT_EQ(message_of([&] { sweep({}, run); }),
            "[sweep] there are no settings to try. Name some: {{\"lr\", {0.1, 0.01}}}. (E321)");
  EXPECT_EQ(message_of([&] { sweep({{"lr", {}}}, run); }), "[sweep] \"lr\" has no values. (E321)");
  EXPECT_EQ(
      message_of([&] { sweep({range("lr", 0, 1)}, run); }),
      "[sweep] \"lr\" is a range, which no grid can have all of. List values, or search at random. (E321)");
  EXPECT_EQ(message_of([&] { sweep({log_range("lr", 0, 1)}, run, {.search = Search::random}); }),
            "[sweep] \"lr\" is logarithmic and begins at 0; it must begin above 0. (E321)");
  EXPECT_NE(message_of([&] { sweep(kGrid, run, {.threads = 0}); }).find("(E228)"), std::string::npos);
  const Point point({{"lr", config::Value(0.5)}});
  EXPECT_EQ(message_of([&] { static_cast<void>(point["rl"]); }),
            "[sweep] there is no setting \"rl\"; there are lr. (E318)");
  EXPECT_EQ(message_of([&] { static_cast<void>(point.integer("lr")); }),
            "[sweep] \"lr\" is 0.5, which is no integer. (E319)");
}

}  // namespace
}  // namespace chainrule::train
