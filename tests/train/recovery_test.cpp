// What handlers keep when a run goes back to finite weights; weights that are swapped around measuring.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

using Values = std::vector<double>;

struct Training {
  Values numbers() const {
    Values all;
    for (const auto& [name, p] : net.parameters()) {
      for (const double x : p.value().to_vector()) all.push_back(x);
    }
    return all;
  }
  /// Reports the value of a function every so many steps.
  template <class F>
  void reports(std::int64_t every, F value) {
    trainer.on(steps(every), measure("score", [value](Trainer& t) mutable { return value(t.steps_done()); }));
  }
  /// After that step the weights are infinite.
  void explodes_at(std::int64_t step) {
    trainer.on(steps(1), [this, step, is_over = false](Trainer& t) mutable {
      if (t.steps_done() == step - 1 && !is_over) is_over = true, optimizer.set_lr(1e300);
    });
  }

  nn::Sequential net = small_net();
  optim::Optimizer optimizer{net, optim::Momentum{}, {.lr = 0.1}};
  Trainer trainer{
      {net, loss::softmax_cross_entropy}, optimizer, {stripes(230, 1), {.batch_size = 20, .seed = 3}}};
};

TEST(Averages, SeveralAreTakenOutAgainBeforeTrainingGoesOn) {
  Training training, plain;
  Values own, expected, measured;
  training.trainer.on(steps(1), average_weights({.decay = 0.5}));
  training.trainer.on(steps(1), average_weights());
  training.reports(3, [&](std::int64_t) { return measured = training.numbers(), 0.0; });
  training.trainer.on(steps(1), [&] { own = training.numbers(); });
  plain.trainer.on(steps(1), [&] { expected = plain.numbers(); });
  for (int run = 0; run < 2; ++run) {
    training.trainer.run(steps(6));
    plain.trainer.run(steps(6));
    EXPECT_EQ(own, expected) << run;
    EXPECT_EQ(training.numbers(), measured) << "the one hung up last counts";
  }
}

// A handler around measuring that fails, or an error while measuring, leaves the weights of the training.
TEST(Averages, AreTakenOutIfMeasuringFails) {
  Training training, plain;
  training.trainer.on(steps(1), average_weights({.decay = 0.5}));
  training.trainer.on(steps(1), average_weights());
  training.reports(3, [fails = true](std::int64_t) mutable {
    if (std::exchange(fails, false)) throw 42;
    return 0.0;
  });
  EXPECT_THROW(training.trainer.run(steps(6)), int);
  Values own, expected;
  training.trainer.on(steps(1), [&] { own = training.numbers(); });
  plain.trainer.on(steps(1), [&] { expected = plain.numbers(); });
  training.trainer.run(steps(3));
  plain.trainer.run(steps(6));
  EXPECT_EQ(own, expected);
}

TEST(EndsOfHandlers, AreCalledWhateverOneThrows) {
  struct End : Handler {
    End(int& count, bool throws) : ended(count), fails(throws) {}
    void call(Trainer&) override { throw std::runtime_error("first"); }
    void end(Trainer&) override {
      ++ended;
      if (fails) throw 42;
    }
    int& ended;
    bool fails;
  };
  Training training;
  int ended = 0;
  training.trainer.on(steps(1), Shared<Handler>(new End(ended, true)));
  training.trainer.on(steps(1), Shared<Handler>(new End(ended, false)));
  EXPECT_THROW(training.trainer.run(steps(3)), std::runtime_error);
  EXPECT_EQ(ended, 2);
}

// Weights explode in step 5, the next one fails, and the run goes on from the report at step 3.
TEST(Recovery, BringsBackWhatHandlersHad) {
  const auto train = [](bool explodes) {
    Training training;
    training.trainer.on(steps(1), average_weights({.decay = 0.5}));
    training.reports(3, [](std::int64_t) { return 0.0; });
    if (explodes) {
      training.explodes_at(5);
      const std::string message = message_of([&] { training.trainer.run(steps(9)); });
      EXPECT_NE(message.find("they are those after step 3 again. (E080)"), std::string::npos) << message;
      training.optimizer.set_lr(0.1);
    } else {
      training.trainer.run(steps(3));
    }
    training.trainer.run(steps(6));
    EXPECT_EQ(training.trainer.steps_done(), 9);
    return training.numbers();
  };
  const Values found = train(true);
  for (const double number : found) ASSERT_TRUE(std::isfinite(number));
  EXPECT_EQ(found, train(false));
}

// The next run begins with what is trained, though the net had the average.
TEST(Recovery, GoesBackToTheWeightsOfTheTraining) {
  const auto train = [](bool explodes) {
    Training training;
    training.trainer.on(steps(1), average_weights({.decay = 0.5}));
    training.trainer.run(steps(4));
    if (explodes) {
      training.optimizer.set_lr(1e300);
      EXPECT_NE(message_of([&] { training.trainer.run(steps(9)); }).find("after step 4 again. (E080)"),
                std::string::npos);
      training.optimizer.set_lr(0.1);
    }
    training.trainer.run(steps(4));
    return training.numbers();
  };
  EXPECT_EQ(train(true), train(false));
}

TEST(Recovery, BestWeightsOfALostPartAreForgotten) {
  Training training;
  training.reports(3, [](std::int64_t step) { return step == 6 ? 0.0 : 1.0 / static_cast<double>(step); });
  training.trainer.on(steps(3), keep_best("score", Best::smallest));
  training.explodes_at(6);  // its report is the best
  EXPECT_NE(message_of([&] { training.trainer.run(steps(9)); }).find("(E080)"), std::string::npos);
  for (const double number : training.numbers()) EXPECT_TRUE(std::isfinite(number));
}

// A plateau has no best value before the first report that has its metric: it is NaN, and no fault of the
// weights.
TEST(Recovery, LooksAtWeightsAlone) {
  Training training;
  training.reports(100, [](std::int64_t) { return 0.0; });
  training.trainer.on(steps(100), reduce_on_plateau({.metric = "score", .mode = Best::smallest}));
  training.explodes_at(2);
  training.trainer.build();
  const Values before = training.numbers();
  const std::string message = message_of([&] { training.trainer.run(steps(9)); });
  EXPECT_NE(message.find("they are those after step 0 again. (E080)"), std::string::npos) << message;
  EXPECT_EQ(training.numbers(), before);
  // A loss of infinite data is no fault of the weights either.
  nn::Sequential net{nn::Affine{1}};
  optim::Optimizer sgd(net, optim::Sgd{});
  Trainer other({net, loss::mse}, sgd,
                {data::arrays(full({4, 2}, INFINITY), zeros({4, 1})), {.batch_size = 4}});
  other.on(steps(100), reduce_on_plateau({.metric = "loss"}));
  const std::string of_data = message_of([&] { other.run(steps(1)); });
  EXPECT_EQ(of_data.find("The weights were not finite"), std::string::npos) << of_data;
}

struct Recorder : Handler {
  Recorder(std::string& out, char c, bool first, bool measuring)
      : text(out), name(c), is_first(first), is_measuring(measuring) {}
  void call(Trainer&) override { text += name; }
  bool comes_first() const override { return is_first; }
  bool measures() const override { return is_measuring; }
  void before_measuring(Trainer&) override { text += '('; }
  void after_measuring(Trainer&) override { text += ')'; }
  std::string& text;
  char name;
  bool is_first, is_measuring;
};

TEST(Handlers, AreCalledOnceEachByTheirKind) {
  Training training;
  std::string text;
  const auto hang = [&](char c, bool first, bool measuring) {
    training.trainer.on(steps(1), Shared<Handler>(new Recorder(text, c, first, measuring)));
  };
  hang('d', false, false);
  hang('b', false, true);
  hang('c', true, true);  // measures, so it is called with those that do
  hang('a', true, false);
  training.trainer.run(steps(1));
  EXPECT_EQ(text, "a((((bc))))d(((())))");  // and nothing left to measure at the end
}

// The loss has class numbers of its own; the row that its message speaks of is none of the target's.
TEST(FunctionTasks, AClassThatIsNotThereIsSaidPlainly) {
  const data::Source source = data::arrays({{"x", zeros({6, 2})}, {"y", zeros({6, 1})}});
  const auto of_steps = [](const nn::Layer& net, const data::Batch& batch, nn::Pass& pass) {
    const Tensor y = net.run({batch["x"]}, pass)[0];
    const Tensor scores = reshape(concatenate({y, y}, 0), {12, 4});
    return softmax_cross_entropy(scores, cast(where(equal(arange(12), 9), 7, 1), i64));
  };
  nn::Sequential net{nn::Affine(4)};
  optim::Optimizer optimizer(net, optim::Sgd{});
  const Task task{net, of_steps};
  Trainer trainer(task, optimizer, {source, {.batch_size = 6}});
  for (const std::string& message :
       {message_of([&] { trainer.run(steps(1)); }), message_of([&] { measure(task, source); })}) {
    EXPECT_EQ(message.find("[softmax_cross_entropy] target 7 in row 9 is not a class number in [0, 4)."), 0u)
        << message;
    EXPECT_EQ(message.find(" of the source"), std::string::npos) << message;
    EXPECT_NE(message.find("(E022)"), std::string::npos) << message;
  }
  // The same place in targets of another shape, and other numbers there.
  const auto misleading = [](const nn::Layer& n, const data::Batch& batch, nn::Pass& pass) {
    return softmax_cross_entropy(n.run({batch["x"]}, pass)[0], cast(where(equal(arange(6), 3), 7, 1), i64));
  };
  const data::Source numbers = data::arrays({{"x", zeros({6, 2})}, {"y", zeros({6, 2}, i64)}});
  const std::string message = message_of([&] { measure({net, misleading}, numbers); });
  EXPECT_EQ(message.find(" of the source"), std::string::npos) << message;
}

}  // namespace
}  // namespace chainrule::train
