// A run that was stopped and resumed ends in the bits of one that was not.
#include <gtest/gtest.h>

#include <stdexcept>

#include "chainrule/chainrule.h"
#include "temporary_folder.h"
#include "train/hard_run.h"

namespace chainrule::train {
namespace {

const std::string& expected() {
  static const std::string digest = [] {
    HardRun run({});
    run.trainer.run(steps(HardRun::kSteps));
    return run.digest();
  }();
  return digest;
}

struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

/// Trains until after a step, and leaves things as they are then.
void train_until(std::int64_t last, const HardRun::Options& options, bool resumes) {
  HardRun run(options);
  if (resumes) run.trainer.resume(options.folder);
  run.trainer.on(steps(1), [last](Trainer& trainer) {
    if (trainer.steps_done() == last) throw Killed();
  });
  EXPECT_THROW(run.trainer.run(steps(HardRun::kSteps)), Killed);
}

TEST(Resume, AnyStepAnyThreadsAnyWorkers) {
  const int threads = num_threads();
  Random random(11);
  for (int trial = 0; trial < 8; ++trial) {
    const TemporaryFolder folder;
    const auto first = static_cast<std::int64_t>(1 + random.below(HardRun::kSteps - 4));
    const std::int64_t second =
        first + 1 +
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(HardRun::kSteps - first - 1)));
    const auto options = [&] {
      return HardRun::Options{.threads = static_cast<int>(1 + random.below(4)),
                              .workers = static_cast<std::int64_t>(random.below(3)),
                              .folder = folder / "run"};
    };
    train_until(first, options(), false);
    train_until(second, options(), true);
    HardRun last(options());
    const Resumed resumed = last.trainer.resume(folder / "run");
    EXPECT_EQ(resumed.step, second / 4 * 4);
    EXPECT_EQ(resumed.damaged, "");
    const Result result = last.trainer.run(steps(HardRun::kSteps));
    EXPECT_EQ(result.steps, HardRun::kSteps - resumed.step);
    EXPECT_EQ(last.digest(), expected()) << "stopped after " << first << " and " << second;
  }
  set_num_threads(threads);
}

TEST(Resume, ARunThatWasStoppedOrIsOver) {
  const TemporaryFolder folder;
  const HardRun::Options options{.checkpoint_every = 1000, .folder = folder / "run"};
  {
    HardRun run(options);
    run.trainer.on(steps(1), [](Trainer& trainer) {
      if (trainer.steps_done() == 9) trainer.stop("Ctrl-C");
    });
    EXPECT_EQ(run.trainer.run(steps(HardRun::kSteps)).reason, "Ctrl-C");
  }
  for (const std::int64_t step : {9, 40, 40}) {  // the last time it is over, and ends the same
    HardRun run(options);
    EXPECT_EQ(run.trainer.resume(options.folder).step, step);
    run.trainer.run(steps(HardRun::kSteps));
    EXPECT_EQ(run.digest(), expected());
  }
}

TEST(Resume, TheRunsOfAProgramAreReplayed) {
  const TemporaryFolder folder;
  const auto train = [&](std::int64_t until) {
    HardRun run({.folder = folder / "run"});
    if (until != 14) run.trainer.resume(folder / "run");
    if (until < 40) {
      run.trainer.on(steps(1), [until](Trainer& trainer) {
        if (trainer.steps_done() == until) throw Killed();
      });
    }
    run.trainer.run(steps(10));
    run.trainer.run(steps(30));
    return run.digest();
  };
  EXPECT_THROW(train(14), Killed);
  HardRun whole({});
  whole.trainer.run(steps(10));
  whole.trainer.run(steps(30));
  EXPECT_EQ(train(40), whole.digest());
}

TEST(Resume, AFolderWithoutCheckpointStartsAtZero) {
  const TemporaryFolder folder;
  const HardRun::Options options{.folder = folder / "run"};
  train_until(3, options, false);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/run.toml"));
  HardRun run(options);
  const Resumed resumed = run.trainer.resume(options.folder);
  EXPECT_EQ(resumed.step, 0);
  EXPECT_EQ(resumed.checkpoint, "");
  std::ostringstream text;
  text << resumed;
  EXPECT_EQ(text.str(), "starts at step 0: there is no checkpoint yet");
  run.trainer.run(steps(HardRun::kSteps));
  EXPECT_EQ(run.digest(), expected());
}

}  // namespace
}  // namespace chainrule::train
