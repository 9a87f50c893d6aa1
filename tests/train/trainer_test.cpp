// The loop: steps, reports, handlers, and what goes wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "core/thread_pool.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

/// What most tests train.
struct Training {
  explicit Training(double lr = 0.5, data::LoaderOptions options = {.batch_size = 20, .seed = 3})
      : optimizer(net, optim::Sgd{}, {.lr = lr}),
        trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer, {stripes(230, 1), options},
                {.seed = 7}) {}

  nn::Sequential net = small_net();
  optim::Optimizer optimizer;
  Trainer trainer;
};

TEST(Trainer, TheProgramOfTheDocumentation) {
  const data::ImageSet images = stripes(230, 1), test_images = stripes(70, 2);
  nn::Sequential net{nn::Conv2d{4, 2}, nn::Relu{},      nn::MaxPool2d{2}, nn::Flatten{},
                     nn::Affine{8},    nn::BatchNorm{}, nn::Relu{},       nn::Affine{4}};
  optim::Optimizer optimizer(net, optim::Momentum{.momentum = 0.9}, {.lr = optim::cosine(0.1, epochs(5))});
  Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                  {images, {.batch_size = 16, .seed = 1}}, {.seed = 1});
  std::ostringstream lines, text;
  trainer.on(epochs(1), evaluate(test_images)).on(epochs(1), report(lines));
  const Result result = trainer.run(epochs(5));
  text << result;
  EXPECT_EQ(trainer.history().size(), 5u);
  EXPECT_EQ(result.steps, 75);
  EXPECT_GT(result.last["test.accuracy"], 0.9);
  EXPECT_LT(result.last["test.loss"], trainer.history()[0]["test.loss"]);
  EXPECT_NE(text.str().find(" s, all steps done: loss "), std::string::npos) << text.str();
  EXPECT_NE(lines.str().find("step 15, epoch 1: loss "), std::string::npos) << lines.str();
}

TEST(Trainer, AStepIsThatOfTheLoopByHand) {
  Training training;
  nn::Sequential net = small_net();
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.5});
  data::Loader loader(stripes(230, 1), {.batch_size = 20, .seed = 3});
  double sum = 0;
  for (std::int64_t step = 0; step < 12; ++step) {
    const auto [x, t] = loader.at(step);
    auto pass = nn::Pass::training(7, step);
    pass.init.seed = 7;
    const double loss = optimizer.step(softmax_cross_entropy(net.forward(x, pass), t), pass);
    EXPECT_EQ(training.trainer.step(), loss);
    sum += loss;
  }
  EXPECT_EQ(checksum_of(training.net), checksum_of(net));
  const Result result = training.trainer.run(steps(1));
  EXPECT_NE(checksum_of(training.net), checksum_of(net));
  EXPECT_EQ(result.steps, 1);
  ASSERT_EQ(training.trainer.history().size(), 1u);
  EXPECT_NEAR(training.trainer.history()[0].loss, sum / 12, 0.1);
}

TEST(Trainer, ReportsEveryEpochAndAtTheEnd) {
  Training training;
  std::vector<double> losses;
  training.trainer.on(steps(1), [&](const State& state) { losses.push_back(state.loss); });
  training.trainer.run(steps(29));
  const History& history = training.trainer.history();
  ASSERT_EQ(history.size(), 3u);  // 230 images in batches of 20: 12 steps an epoch
  EXPECT_EQ(history[0].step, 12);
  EXPECT_EQ(history[0].epoch, 1);
  EXPECT_EQ(history[2].step, 29);
  EXPECT_EQ(history[0].lr, 0.5);
  double sum = 0;
  for (std::size_t i = 12; i < 24; ++i) sum += losses[i];
  EXPECT_EQ(history[1].loss, sum / 12);
  EXPECT_GT(history[0].seconds, 0);
  EXPECT_GT(history[1].seconds, history[0].seconds);
}

TEST(Trainer, RunsGoOnWhereTheLastOneStopped) {
  Training whole, parts;
  whole.trainer.run(steps(17));
  parts.trainer.run(steps(5));
  const Result second = parts.trainer.run(epochs(1));
  EXPECT_EQ(checksum_of(parts.net), checksum_of(whole.net));
  EXPECT_EQ(second.steps, 12);
  EXPECT_EQ(parts.trainer.steps_done(), 17);
}

TEST(Trainer, TheSameBitsForAnyNumberOfThreadsAndWorkers) {
  const int threads = num_threads();
  const auto train = [&](int count, int workers) {
    set_num_threads(count);
    Training training(0.5, {.batch_size = 64, .seed = 5, .workers = workers});
    training.trainer.run(steps(20));
    return checksum_of(training.net);
  };
  const auto one = train(1, 0);
  EXPECT_EQ(train(2, 0), one);
  EXPECT_EQ(train(4, 3), one);
  set_num_threads(threads);
}

TEST(Trainer, HandlersAreCalledWhenTheyAreDue) {
  Training training;
  std::vector<std::string> calls;
  const auto note = [&](std::string what) {
    return [&calls, what](Trainer& trainer) {
      const std::string report =
          trainer.state().report != nullptr ? std::to_string(trainer.state().report->step) : "-";
      calls.push_back(what + std::to_string(trainer.steps_done()) + " " + report);
    };
  };
  training.trainer.on(steps(3), note("three")).on(epochs(0.5), note("half"));
  training.trainer.on(steps(6), measure("constant", [&](Trainer&) {
                        calls.push_back("measure");
                        return 3.5;
                      }));
  const Result result = training.trainer.run(steps(7));
  const std::vector<std::string> expected{"three3 -", "measure", "three6 6", "half6 6", "measure"};
  EXPECT_EQ(calls, expected);
  EXPECT_EQ(result.last["constant"], 3.5);
}

TEST(Trainer, AHandlerStopsTheRun) {
  Training training;
  training.trainer.on(steps(1), [](Trainer& trainer) {
    if (trainer.steps_done() == 15) trainer.stop("enough");
  });
  const Result result = training.trainer.run(steps(1000));
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.reason, "enough");
  EXPECT_EQ(result.steps, 15);
  ASSERT_EQ(training.trainer.history().size(), 2u);
  EXPECT_EQ(training.trainer.history()[1].step, 15);
  const Result next = training.trainer.run(steps(5));
  EXPECT_FALSE(next.stopped);
  EXPECT_EQ(next.steps, 5);
  EXPECT_EQ(training.trainer.steps_done(), 20);
}

TEST(Trainer, AStopBetweenRunsEndsTheNext) {
  Training training;
  training.trainer.stop("not now");
  const Result none = training.trainer.run(steps(5));
  EXPECT_TRUE(none.stopped);
  EXPECT_EQ(none.reason, "not now");
  EXPECT_EQ(none.steps, 0);
  EXPECT_EQ(training.trainer.run(steps(5)).steps, 5);
}

// A run that fails must not stop the next one.
TEST(Trainer, AStopEndsWithTheRunThatFailed) {
  Training training;
  bool fails = true;
  training.trainer.on(steps(1), [&](Trainer& trainer) {
    trainer.stop("once");
    if (std::exchange(fails, false)) throw std::runtime_error("failed");
  });
  EXPECT_THROW(training.trainer.run(steps(5)), std::runtime_error);
  EXPECT_EQ(training.trainer.run(steps(5)).steps, 1);
}

// Rows 2 of 4 have a class that is not there; batches are in another order.
TEST(Trainer, NamesTheRowOfAClassThatIsNotThere) {
  const data::Source source = data::arrays(zeros({40, 3}), cast(where(equal(arange(40), 29), 7, 1), i64));
  nn::Sequential net{nn::Affine(4)};
  optim::Optimizer optimizer(net, optim::Sgd{});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer, {source, {.batch_size = 8, .seed = 3}});
  const std::string message = message_of([&] { trainer.run(epochs(1)); });
  EXPECT_EQ(message.find("[softmax_cross_entropy] target 7 in row "), 0u) << message;
  EXPECT_NE(message.find(" is not a class number in [0, 4). "), std::string::npos) << message;
  EXPECT_NE(message.find("Called from trainer_test.cpp:"), std::string::npos) << message;
  EXPECT_NE(message.find(" It is of row 29 of the source. (E022)"), std::string::npos) << message;
  const std::string measured = message_of([&] { measure({net, loss::softmax_cross_entropy}, source, 16); });
  EXPECT_NE(measured.find(" It is of row 29 of the source. (E022)"), std::string::npos) << measured;
}

// What is wrong with a loss or a metric is at the line of the program, not of the library.
TEST(Trainer, NamesTheLinesOfTheProgram) {
  Training training;
  const auto expect_here = [](const std::string& message, const std::string& code, int line) {
    EXPECT_NE(message.find(code), std::string::npos) << message;
    EXPECT_NE(message.find("trainer_test.cpp:" + std::to_string(line)), std::string::npos) << message;
  };
  const Tensor x = zeros({4, 30});
  std::string message = message_of([&] { training.optimizer.step(training.net.predict(x)); });
  expect_here(message, "(E030)", __LINE__ - 1);
  const Task of_vector{training.net, [](const Tensor& y, const Tensor&) { return y; }};
  const int made_at = __LINE__ - 1;
  Trainer vector(of_vector, training.optimizer, {stripes(40, 1), {.batch_size = 8}});
  expect_here(message_of([&] { vector.run(steps(1)); }), "(E030)", made_at);
  message = message_of([&] { evaluate(training.net, stripes(8, 1), metric::top_k(5)); });
  expect_here(message, "(E110)", __LINE__ - 1);
  nn::Sequential net{nn::Affine{1}};
  const data::Source numbers = data::arrays(full({4, 2}, 1e30), zeros({4, 1}));
  message = message_of([&] { fit(net, loss::mse, numbers); });
  expect_here(message, "(E080)", __LINE__ - 1);
}

TEST(Trainer, TakesAnyFunctionForATask) {
  const Tensor x = tensor({1, 2, 3, 4}, {4, 1});
  nn::Sequential net{nn::Affine{1}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.05});
  const auto loss_of = [](const nn::Layer& n, const data::Batch& batch, nn::Pass& pass) {
    return mse(n.run({batch["x"]}, pass)[0], 2 * batch["x"] + 1);
  };
  Trainer trainer({net, loss_of}, optimizer, {data::arrays(data::Batch{{"x", x}}), {.batch_size = 4}});
  trainer.on(steps(100), evaluate(data::arrays(data::Batch{{"x", x}}), {.name = "all"}));
  const Result result = trainer.run(steps(400));
  EXPECT_LT(result.last["all.loss"], 1e-3);
  EXPECT_NEAR(net.predict(tensor({5}, {1, 1})).item(), 11, 0.2);
}

TEST(Trainer, LossesMayBeNamedOrAnyFunction) {
  const data::Source rows = data::arrays(tensor({1, 2, 3, 4}, {4, 1}), tensor({1, 3, 2, 5}, {4, 1}));
  const auto train = [&](auto loss) {
    nn::Sequential net{nn::Affine{1}};
    optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.01});
    Trainer trainer({net, loss}, optimizer, {rows, {.batch_size = 4}});
    trainer.run(steps(5));
    return checksum_of(net);
  };
  const auto expected = train(loss::mse);
  nn::Sequential by_name{nn::Affine{1}};
  optim::Optimizer optimizer(by_name, optim::Sgd{}, {.lr = 0.01});
  Trainer trainer({by_name, chainrule::mse}, optimizer, {rows, {.batch_size = 4}});
  trainer.run(steps(5));
  EXPECT_EQ(checksum_of(by_name), expected);
  EXPECT_EQ(train([](const Tensor& y, const Tensor& t) { return mean(square(y - t)); }), expected);
  EXPECT_EQ(train(config::make<loss::Loss>("mse")), expected);
  EXPECT_NE(train(loss::huber), expected);
  EXPECT_EQ(train(loss::Huber{.delta = 0.5}), train(config::make<loss::Loss>("huber(0.5)")));
}

TEST(Trainer, ALossThatIsNotFiniteLeavesWeightsThatAre) {
  Training training(1e300);  // the first step makes the weights infinite
  bool has_ended = false;
  struct End : Handler {
    explicit End(bool& flag) : ended(flag) {}
    void call(Trainer&) override {}
    void end(Trainer&) override { ended = true; }
    bool& ended;
  };
  training.trainer.on(steps(100), Shared<Handler>(new End(has_ended)));
  training.trainer.build();
  const auto before = checksum_of(training.net);
  const std::string message = message_of([&] { training.trainer.run(steps(5)); });
  EXPECT_EQ(message,
            "[sgd] the loss is nan at step 2: the first number that is not finite came from parameter "
            "affine1.weight. Nothing was changed. Use a smaller lr than 1e+300, or clip_norm. It was batch 2 "
            "of epoch "
            "1. The weights were not finite any more: they are those after step 0 again. (E080)");
  EXPECT_TRUE(has_ended);
  EXPECT_EQ(checksum_of(training.net), before);
  EXPECT_EQ(training.optimizer.steps(), 0);
  training.optimizer.set_lr(0.5);
  training.trainer.run(steps(60));
  Training other;
  other.trainer.run(steps(60));
  EXPECT_EQ(checksum_of(training.net), checksum_of(other.net));
}

TEST(Trainer, NamesTheRowThatIsNotFinite) {
  std::vector<float> x(200, 0.5f);
  x[2 * 57 + 1] = std::numeric_limits<float>::quiet_NaN();
  nn::Sequential net{nn::Affine(1)};
  optim::Optimizer optimizer(net, optim::Sgd{});
  Trainer trainer({net, loss::mse}, optimizer,
                  {data::arrays(from_data(x, {100, 2}), zeros({100, 1})), {.batch_size = 10, .seed = 5}});
  const std::string message = message_of([&] { trainer.run(epochs(1)); });
  EXPECT_NE(message.find(" Row 57 of x is not finite. (E080)"), std::string::npos) << message;
}

// As the user has them, whatever rows a share for validation took away.
TEST(Trainer, NamesRowsByTheirNumbersBeforeASplit) {
  std::vector<std::int64_t> classes(100, 0);
  nn::Sequential net{nn::Affine(2)};
  for (std::size_t row = 0; row < 100; row += 9) {
    classes.assign(100, 0);
    classes[row] = 7;
    const data::Source source = data::arrays(ones({100, 2}), from_data(classes, {100}));
    const std::string message =
        message_of([&] { fit(net, loss::softmax_cross_entropy, source, {.epochs = 1, .validation = 0.3}); });
    EXPECT_NE(message.find("It is of row " + std::to_string(row) + " of the source."), std::string::npos)
        << message;
  }
}

TEST(Trainer, SaysWhatIsWrong) {
  Training training;
  EXPECT_EQ(message_of([&] { training.trainer.run(steps(0)); }), "[train] 0 steps; need at least 1. (E082)");
  EXPECT_EQ(message_of([&] { training.trainer.on(epochs(0.01), [] {}); }),
            "[train] a handler every 0.01 epochs and 0 steps, which is 0 steps; need at least 1. (E301)");
  training.trainer.on(steps(1), [](Trainer& trainer) { trainer.run(steps(1)); });
  EXPECT_EQ(message_of([&] { training.trainer.run(steps(1)); }),
            "[train] run inside a handler of this trainer. Let the run end first. (E302)");
  EXPECT_EQ(message_of([&] { evaluate(data::subset(stripes(4, 1), 0, 0)); }),
            "[evaluate] the source has no rows; need at least one. (E081)");
  EXPECT_EQ(message_of([&] { training.trainer.on(steps(1), Shared<Handler>()); }),
            "[train] an empty handle is no handler. Give one, such as train::report(). (E313)");
  Training adding;
  adding.trainer.on(steps(1), [](Trainer& trainer) { trainer.on(steps(1), [] {}); });
  EXPECT_EQ(message_of([&] { adding.trainer.run(steps(1)); }),
            "[train] on inside a handler of this trainer. Hang handlers up before the run. (E302)");
  Training twice;
  twice.trainer.on(steps(1), evaluate(stripes(4, 1))).on(steps(1), evaluate(stripes(8, 1)));
  EXPECT_EQ(message_of([&] { twice.trainer.run(steps(1)); }),
            "[train] \"test.loss\" is measured twice in one report. Give one of them another name: "
            "evaluate(source, "
            "{.name = \"validation\"}). (E312)");
  EXPECT_EQ(
      message_of([&] { training.trainer.run(epochs(std::numeric_limits<double>::infinity())); }),
      "[duration] inf epochs of 12 steps and 0 steps are more than can be counted, or no number. Need fewer "
      "than 1e18 steps. (E261)");
  EXPECT_NE(message_of([&] { Task(training.net, loss::mse, {metric::AnyMetric()}); }).find("(E239)"),
            std::string::npos);
  const Report report{.metrics = {{"test.accuracy", 0.5}}};
  EXPECT_EQ(message_of([&] { static_cast<void>(report["test.acuracy"]); }),
            "[report] \"test.acuracy\" was not measured; there are loss, test.accuracy. Did you mean "
            "\"test.accuracy\"? (E300)");
}

}  // namespace
}  // namespace chainrule::train
