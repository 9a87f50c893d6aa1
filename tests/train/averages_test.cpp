// Averages of weights, rates that fall on a plateau, the search for a rate.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "chainrule/chainrule.h"
#include "temporary_folder.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

struct Training {
  explicit Training(optim::Rate lr = 0.1) : optimizer(net, optim::Momentum{}, {.lr = std::move(lr)}) {
    trainer.on(steps(1), [this](Trainer&) { weights.push_back(numbers()); });
  }
  std::vector<double> numbers() const {
    std::vector<double> all;
    for (const auto& [name, p] : net.parameters()) {
      for (const double x : p.value().to_vector()) all.push_back(x);
    }
    for (const auto& [name, s] : net.states()) {
      for (const double x : s.value().to_vector()) all.push_back(x);
    }
    return all;
  }

  nn::Sequential net{nn::Affine{8}, nn::BatchNorm{}, nn::Relu{}, nn::Affine{4}};
  std::vector<std::vector<double>> weights;  // after each step
  optim::Optimizer optimizer;
  Trainer trainer{{net, loss::softmax_cross_entropy, {metric::accuracy}},
                  optimizer,
                  {stripes(230, 1), {.batch_size = 20, .seed = 3}}};
};

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5) << i;
}

TEST(AverageWeights, OfAllStepsOrMoreOfTheLast) {
  for (const double decay : {0.0, 0.5}) {
    Training training;
    training.trainer.on(steps(2), average_weights({.decay = decay, .from = steps(4)}));
    training.trainer.run(steps(10));
    std::vector<double> expected(training.weights[0].size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto at = [&](std::size_t step) { return training.weights[step - 1][i]; };
      const double four = at(4), six = at(6), eight = at(8), ten = at(10);
      expected[i] = decay == 0 ? (four + six + eight + ten) / 4 : (((four + six) / 2 + eight) / 2 + ten) / 2;
    }
    expect_near(training.numbers(), expected);
  }
}

TEST(AverageWeights, AreMeasuredAndNotTrained) {
  Training training, plain;
  double measured = 0;
  training.trainer.on(steps(1), average_weights({.decay = 0.9}));
  training.trainer.on(steps(5), measure("first", [&](Trainer&) { return measured = training.numbers()[0]; }));
  training.trainer.run(steps(10));
  plain.trainer.run(steps(10));
  EXPECT_EQ(training.weights, plain.weights);
  EXPECT_EQ(training.numbers()[0], measured);
  EXPECT_NE(training.numbers(), plain.numbers());
  training.trainer.run(steps(5));  // goes on with its own weights
  plain.trainer.run(steps(5));
  EXPECT_EQ(training.weights, plain.weights);
}

TEST(AverageWeights, OfABestReportAreKept) {
  for (const bool best_is_last : {true, false}) {
    Training training;
    std::vector<std::vector<double>> averages;
    const std::vector<double> scores{3, 1, 2, 2};
    const auto average = [&] { training.trainer.on(steps(1), average_weights({.decay = 0.9})); };
    if (best_is_last) average();
    training.trainer.on(steps(3), measure("score", [&](Trainer& t) {
                          averages.push_back(training.numbers());
                          return scores.at(static_cast<std::size_t>(t.steps_done() / 3 - 1));
                        }));
    training.trainer.on(steps(3), keep_best("score", Best::smallest));
    if (!best_is_last) average();
    training.trainer.run(steps(9));
    EXPECT_EQ(training.numbers(), averages[best_is_last ? 1 : 2]);
    training.trainer.run(steps(3));
    Training plain;
    plain.trainer.run(steps(12));
    EXPECT_EQ(training.weights, plain.weights);
  }
}

TEST(AverageWeights, GoOnWithTheSameBits) {
  const auto run = [](const std::string& folder, std::int64_t until, bool resumes) {
    Training training;
    training.trainer.on(steps(1), average_weights({.decay = 0.8, .from = steps(3)}));
    if (!folder.empty()) training.trainer.on(steps(4), checkpoint(folder));
    if (resumes) training.trainer.resume(folder);
    if (until < 15) {
      training.trainer.on(steps(1), [until](Trainer& trainer) {
        if (trainer.steps_done() == until) trainer.stop("killed");
      });
    }
    training.trainer.run(steps(15));
    return training.numbers();
  };
  const auto expected = run("", 15, false);
  for (const std::int64_t stop : {2, 7}) {
    const TemporaryFolder folder;
    run(folder / "run", stop, false);
    EXPECT_EQ(run(folder / "run", 15, true), expected);
    EXPECT_EQ(run(folder / "run", 15, true), expected) << "of a run that is over";
  }
}

/// "score" takes given values, one every step.
void score(Training& training, std::vector<double> scores) {
  training.trainer.on(steps(1), measure("score", [scores = std::move(scores)](Trainer& trainer) {
                        return scores.at(static_cast<std::size_t>(trainer.steps_done() - 1));
                      }));
}
std::vector<double> rates(const Training& training) {
  std::vector<double> all;
  for (const Report& report : training.trainer.history()) all.push_back(report.lr);
  return all;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Values = std::vector<double>;

TEST(Plateau, LowersTheRateAfterSoManyReports) {
  Training training(0.5);
  score(training, {5, 4, 4, kNan, 3, 3, 3, 2.9, 9, 9});
  training.trainer.on(steps(1), reduce_on_plateau({.metric = "score",
                                                   .factor = 0.5,
                                                   .patience = 2,
                                                   .min_delta = 0.5,
                                                   .smallest = 0.2,
                                                   .mode = Best::smallest}));
  training.trainer.run(steps(10));
  EXPECT_EQ(rates(training), (Values{0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.1}));
  EXPECT_EQ(training.optimizer.lr(), 0.1);
}

TEST(Plateau, ScalesASchedule) {
  Training training(optim::step_decay(0.5, 0.5, steps(3)));
  score(training, {1, 1, 1, 2, 2, 2});
  training.trainer.on(
      steps(1), reduce_on_plateau({.metric = "score", .factor = 0.5, .patience = 1, .mode = Best::largest}));
  training.trainer.run(steps(6));
  EXPECT_EQ(rates(training), (Values{0.5, 0.5, 0.25, 0.0625, 0.0625, 0.03125}));
}

TEST(Plateau, GoesOnWhereItWas) {
  const TemporaryFolder folder;
  const auto run = [&](std::int64_t until, bool resumes) {
    Training training(0.5);
    score(training, {1, 1, 1, 1, 1, 1, 1, 1});
    training.trainer.on(
        steps(1),
        reduce_on_plateau({.metric = "score", .factor = 0.5, .patience = 3, .mode = Best::smallest}));
    training.trainer.on(steps(1), checkpoint(folder / "run", {.replace = !resumes}));
    if (resumes) training.trainer.resume(folder / "run");
    training.trainer.on(steps(1), [until](Trainer& trainer) {
      if (trainer.steps_done() == until) trainer.stop("killed");
    });
    training.trainer.run(steps(8));
    return std::pair(rates(training), training.numbers());
  };
  const auto expected = run(8, false);
  EXPECT_EQ(expected.first, (Values{0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125}));
  for (const std::int64_t stop : {3, 5}) {
    run(stop, false);
    EXPECT_EQ(run(8, true), expected) << stop;
  }
}

// As a page does while a net trains.
TEST(Plateau, LowersWhatSomebodyElseSet) {
  const TemporaryFolder folder;
  const auto run = [&](std::int64_t until, bool resumes) {
    Training training(0.5);
    score(training, {1, 1, 1, 1, 1, 1, 1});
    training.trainer.on(
        steps(1),
        reduce_on_plateau({.metric = "score", .factor = 0.5, .patience = 4, .mode = Best::smallest}));
    training.trainer.on(steps(1), [until](Trainer& trainer) {
      if (trainer.steps_done() == 2) trainer.optimizer().set_lr_scale(0.2);
      if (trainer.steps_done() == until) trainer.stop("killed");
    });
    training.trainer.on(steps(1), checkpoint(folder / "run", {.replace = !resumes}));
    if (resumes) training.trainer.resume(folder / "run");
    training.trainer.run(steps(7));
    return std::pair(rates(training), training.numbers());
  };
  const auto expected = run(7, false);
  EXPECT_EQ(expected.first, (Values{0.5, 0.5, 0.1, 0.1, 0.1, 0.05, 0.05}));
  run(3, false);
  EXPECT_EQ(run(7, true), expected);
}

TEST(Handlers, RefuseOptionsOutOfRange) {
  EXPECT_EQ(message_of([] { average_weights({.decay = 1}); }),
            "[average_weights] decay 1; need a number from 0 to less than 1. (E301)");
  EXPECT_EQ(
      message_of([] { reduce_on_plateau({.factor = 1}); }),
      "[reduce_on_plateau] patience 10, min_delta 0, factor 1, smallest 0; need a patience of at least 1, a "
      "factor from 0 to less than 1, and the others at least 0. (E301)");
  Training training;
  score(training, Values(9));
  training.trainer.on(steps(1), reduce_on_plateau({.metric = "scor", .mode = Best::smallest}));
  EXPECT_NE(message_of([&] { training.trainer.run(steps(3)); }).find("(E300)"), std::string::npos);
}

data::Loader rows() { return {stripes(230, 1), {.batch_size = 20, .seed = 3}}; }

TEST(FindLr, LeavesEverythingAsItWas) {
  Training training(0.25), plain(0.25);
  training.trainer.run(steps(4));
  plain.trainer.run(steps(4));
  const LrCurve curve = find_lr(training.trainer.task(), training.optimizer, rows());
  EXPECT_EQ(training.numbers(), plain.numbers());
  EXPECT_EQ(training.optimizer.steps(), 4);
  EXPECT_EQ(training.optimizer.lr(), 0.25);
  training.optimizer.set_lr_scale(0.5);
  EXPECT_EQ(find_lr(training.trainer.task(), training.optimizer, rows()).losses, curve.losses)
      << "rates are those tried, whatever the scale";
  EXPECT_EQ(training.optimizer.lr_scale(), 0.5);
  training.optimizer.set_lr_scale(1);
  training.trainer.run(steps(4));
  plain.trainer.run(steps(4));
  EXPECT_EQ(training.weights, plain.weights);
  EXPECT_EQ(curve.rates.size(), curve.losses.size());
  EXPECT_NEAR(curve.rates[0], 1e-7, 1e-20);
  EXPECT_NEAR(curve.rates[1] / curve.rates[0], std::pow(1e8, 1.0 / 99), 1e-12);
}

// The loss of y = w x on x = 1, t = 1 is (w - 1)^2: descent diverges for rates above 1.
TEST(FindLr, SuggestsARateThatLearns) {
  nn::Sequential net{nn::Affine(tensor({0}, {1, 1}), tensor({0}))};
  optim::Optimizer optimizer(net, optim::Sgd{});
  const data::Source source = data::arrays(ones({8, 1}), ones({8, 1}));
  const LrCurve curve = find_lr({net, loss::mse}, optimizer, {source, {.batch_size = 8}});
  EXPECT_GT(curve.suggestion, 1e-3);
  EXPECT_LT(curve.suggestion, 1);
  EXPECT_LT(curve.rates.size(), 100u) << "it stops where the loss explodes";
  EXPECT_LT(curve.rates.back(), 9);
  EXPECT_EQ(curve.losses[0], 1);
  std::ostringstream text;
  text << curve;
  EXPECT_EQ(text.str().find("lr 1e-07: loss 1, smoothed 1\n"), 0u);
  optimizer.set_lr(curve.suggestion);
  for (int i = 0; i < 200; ++i) optimizer.step(mse(net.predict(ones({8, 1})), ones({8, 1})));
  EXPECT_LT(mse(net.predict(ones({8, 1})), ones({8, 1})).item(), 0.01);
}

// A loss may be negative: here it falls from -1000 by less and less, and rises at the end.
TEST(FindLr, TakesLossesBelowZero) {
  const auto curve_for = [](double shift) {
    nn::Sequential net{nn::Affine(tensor({0}, {1, 1}), tensor({0}))};
    optim::Optimizer optimizer(net, optim::Sgd{});
    const auto loss = [shift](const Tensor& y, const Tensor& t) { return mse(y, t) + shift; };
    const data::Source source = data::arrays(ones({8, 1}), ones({8, 1}));
    return find_lr({net, loss}, optimizer, {source, {.batch_size = 8}});
  };
  const LrCurve plain = curve_for(0);
  for (const double shift : {-0.5, -1.0, -3.0}) {
    const LrCurve curve = curve_for(shift);
    EXPECT_GT(curve.rates.size(), 60u) << shift;
    EXPECT_LT(curve.rates.size(), 100u) << "it stops where the loss explodes";
    EXPECT_NEAR(curve.suggestion, plain.suggestion, 0.5 * plain.suggestion);
  }
}

// One update a rate: two steps with half of the rows each are one with all.
TEST(FindLr, TriesEachRateForAnUpdate) {
  const auto curve_for = [](std::int64_t accumulate, std::int64_t steps_before) {
    nn::Sequential net{nn::Affine(tensor({0, 0}, {2, 1}), tensor({0}))};
    optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0, .accumulate = accumulate});
    const data::Source source = data::arrays(detach(normal({8, 2}, {.seed = 1})), ones({8, 1}));
    const data::Batches::Order order = data::Batches::Order::sequential;
    const std::int64_t size = 8 / accumulate;
    Trainer trainer({net, loss::mse}, optimizer, {source, {.batch_size = size, .order = order}});
    for (std::int64_t i = 0; i < steps_before; ++i) trainer.step();
    return find_lr(trainer.task(), optimizer, {source, {.batch_size = size, .order = order}});
  };
  const LrCurve whole = curve_for(1, 0), halves = curve_for(2, 0);
  ASSERT_EQ(halves.rates, whole.rates);
  for (std::size_t i = 0; i < whole.losses.size() && whole.rates[i] < 0.5; ++i)  // above it rounding grows
    EXPECT_NEAR(halves.losses[i], whole.losses[i], 1e-5);
  EXPECT_LT(halves.rates.size(), 100u);
  EXPECT_EQ(curve_for(2, 1).rates.size(), curve_for(2, 1).losses.size()) << "begun between two updates";
}

TEST(FindLr, BuildsTheNetAndRefusesWhatCannotBe) {
  Training training;
  find_lr(training.trainer.task(), training.optimizer, rows(), {.steps = 5, .seed = 1});
  Training plain;
  plain.trainer.build();
  EXPECT_EQ(training.numbers(), plain.numbers());
  EXPECT_EQ(message_of([&] {
              find_lr(training.trainer.task(), training.optimizer, rows(), {.low = 1, .high = 0.5});
            }),
            "[find_lr] rates from 1 to 0.5; the first must be less than the last. (E316)");
  EXPECT_NE(message_of([&] {
              find_lr(training.trainer.task(), training.optimizer, rows(), {.steps = 2});
            }).find("(E228)"),
            std::string::npos);
}

}  // namespace
}  // namespace chainrule::train
