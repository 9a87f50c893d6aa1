// Stopping early, keeping the best weights.
#include <gtest/gtest.h>

#include <csignal>

#include "chainrule/chainrule.h"
#include "temporary_folder.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

/// A training whose metric "score" takes given values, one every three steps.
struct Scored {
  explicit Scored(std::vector<double> values) : scores(std::move(values)) {
    trainer.on(steps(3), measure("score", [this](Trainer& t) {
                 return scores.at(static_cast<std::size_t>(t.steps_done() / 3 - 1));
               }));
    trainer.on(steps(1), [this](Trainer&) { sums.push_back(checksum_of(net)); });
  }

  std::vector<double> scores;
  std::vector<std::uint64_t> sums;  // of the weights after each step
  nn::Sequential net = small_net();
  optim::Optimizer optimizer{net, optim::Momentum{}, {.lr = 0.1}};
  Trainer trainer{{net, loss::softmax_cross_entropy, {metric::accuracy}},
                  optimizer,
                  {stripes(230, 1), {.batch_size = 20, .seed = 3}}};
};

volatile std::sig_atomic_t signals_seen = 0;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(EarlyStopping, WhenThePatienceIsOver) {
  struct Case {
    std::vector<double> scores;
    Best mode;
    double min_delta;
    std::int64_t reports;
    std::string reason;
  };
  const Case cases[] = {
      {{5, 4, 3, 3.5, 3, 9}, Best::smallest, 0, 5, "score not better than 3 after step 9 for 2 reports"},
      {{5, 4, 3, 3.5, 2, 9}, Best::smallest, 0, 6, "all steps done"},
      {{1, 2, 1, 1.9, 9, 9}, Best::largest, 0, 4, "score not better than 2 after step 6 for 2 reports"},
      {{5, 4.8, 4.4, 4.2, 1, 1}, Best::smallest, 0.5, 6, "all steps done"},
      {{5, 4.8, 4.6, 1, 1, 1}, Best::smallest, 0.5, 3, "score not better than 5 after step 3 for 2 reports"},
      {{kNan, kNan, 3, 3, 3, 3}, Best::smallest, 0, 2, "score not better for 2 reports"},
      {{5, kNan, kNan, 3, 3, 3}, Best::smallest, 0, 3, "score not better than 5 after step 3 for 2 reports"},
  };
  for (const Case& c : cases) {
    Scored run(c.scores);
    run.trainer.on(
        steps(3),
        early_stopping({.metric = "score", .patience = 2, .min_delta = c.min_delta, .mode = c.mode}));
    const Result result = run.trainer.run(steps(18));
    EXPECT_EQ(result.reason, c.reason);
    EXPECT_EQ(result.steps, 3 * c.reports) << c.reason;
    EXPECT_EQ(static_cast<std::int64_t>(run.trainer.history().size()), c.reports);
  }
}

TEST(EarlyStopping, KnowsWhichWayAMetricIsBetter) {
  const auto reports = [](const std::string& metric, Scored& run) {
    run.trainer.on(steps(3), evaluate(stripes(40, 2)));
    run.trainer.on(steps(3), early_stopping({.metric = metric, .patience = 3}));
    run.trainer.run(steps(90));
    return run.trainer.history().size();
  };
  Scored loss(std::vector<double>(30)), accuracy(std::vector<double>(30));
  EXPECT_GT(reports("test.loss", loss), 5u);  // both get better for a while
  EXPECT_GT(reports("test.accuracy", accuracy), 5u);
}

TEST(EarlyStopping, ARunThatEndedSoIsOverWhenItIsResumed) {
  const TemporaryFolder folder;
  const auto train = [&](bool resumes) {
    Scored run({5, 4, 5, 5, 5, 5});
    run.trainer.on(steps(3), early_stopping({.metric = "score", .patience = 2, .mode = Best::smallest}));
    run.trainer.on(steps(5), checkpoint(folder / "run"));
    if (resumes) run.trainer.resume(folder / "run");
    const Result result = run.trainer.run(steps(18));
    EXPECT_TRUE(result.stopped);
    EXPECT_EQ(result.steps, resumes ? 0 : 12);
    return std::pair(result.reason, checksum_of(run.net));
  };
  const auto first = train(false);
  EXPECT_EQ(train(true), first);
}

TEST(KeepBest, PutsTheBestWeightsBackAtTheEnd) {
  Scored run({3, 1, 2, 2, 0.5, 7});
  run.trainer.on(steps(3), keep_best("score", Best::smallest));
  run.trainer.run(steps(12));
  EXPECT_EQ(checksum_of(run.net), run.sums[5]);
  const auto after_12 = run.sums[11];
  run.trainer.run(steps(6));  // goes on with the last weights
  EXPECT_EQ(checksum_of(run.net), run.sums[14]);
  Scored whole({3, 1, 2, 2, 0.5, 7});
  whole.trainer.run(steps(18));
  EXPECT_EQ(whole.sums, run.sums);
  EXPECT_EQ(whole.sums[11], after_12);
}

extern "C" void note_signal(int) { signals_seen = signals_seen + 1; }

TEST(StopOnInterrupt, EndsTheRunAndNotTheProgram) {
  std::signal(SIGINT, note_signal);
  for (const int signal : {SIGINT, SIGTERM}) {
    Scored run({1, 2, 3, 4});
    run.trainer.on(steps(1), stop_on_interrupt());
    run.trainer.on(steps(5), [&] { std::raise(signal); });
    const Result result = run.trainer.run(steps(12));
    EXPECT_EQ(result.reason, "interrupted");
    EXPECT_EQ(result.steps, 6);  // it comes after the handler was asked
    EXPECT_EQ(signals_seen, 0);
  }
  std::raise(SIGINT);
  EXPECT_EQ(signals_seen, 1) << "what was there before the run is there again";
  std::signal(SIGINT, SIG_DFL);
}

TEST(Handlers, SayWhatIsWrong) {
  Scored run({1, 2, 3, 4});
  run.trainer.on(steps(3), keep_best("scores", Best::largest));
  EXPECT_EQ(message_of([&] { run.trainer.run(steps(12)); }),
            "[report] \"scores\" was not measured; there are loss, score. Did you mean \"score\"? (E300)");
  Scored unknown({1, 2, 3, 4});
  unknown.trainer.on(steps(3), early_stopping({.metric = "score"}));
  EXPECT_EQ(message_of([&] { unknown.trainer.run(steps(12)); }),
            "[train] is a \"score\" better if it is large, or small? Say .mode = Best::largest or "
            "Best::smallest. (E308)");
  Scored missing({1, 2, 3, 4});
  missing.trainer.on(steps(3), keep_best("test.accuracy"));
  EXPECT_EQ(message_of([&] { missing.trainer.run(steps(12)); }),
            "[report] \"test.accuracy\" was not measured; there are loss, score. (E300)");
  EXPECT_EQ(message_of([] { early_stopping({.patience = 0}); }),
            "[early_stopping] patience 0, min_delta 0; need a patience of at least 1 and a min_delta of at "
            "least 0. (E301)");
}

}  // namespace
}  // namespace chainrule::train
