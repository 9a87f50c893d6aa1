// Each option of fit acts.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>
#include <sstream>

#include "chainrule/chainrule.h"
#include "temporary_folder.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

struct Ran {
  Result result;
  std::uint64_t weights = 0;
  std::string written;
};

/// What is written to std::cout while it exists.
class Written {
 public:
  Written() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  ~Written() { std::cout.rdbuf(before_); }
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

Ran fitted(FitOptions options) {
  nn::Sequential net = small_net();
  const Written written;
  const Result result = fit(net, loss::softmax_cross_entropy, stripes(100, 1), options);
  return {result, checksum_of(net), written.text()};
}

TEST(Fit, IsATrainerAndAnOptimizer) {
  nn::Sequential net = small_net();
  optim::Optimizer optimizer(net, "momentum(0.5)", {.lr = 0.05, .weight_decay = 0.01});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                  {stripes(100, 1), {.batch_size = 16, .seed = 4}}, {.seed = 4});
  trainer.run(epochs(3));
  EXPECT_EQ(fitted({.epochs = 3,
                    .optimizer = "momentum(0.5)",
                    .lr = 0.05,
                    .weight_decay = 0.01,
                    .batch_size = 16,
                    .seed = 4})
                .weights,
            checksum_of(net));
}

TEST(Fit, EachOptionActs) {
  const FitOptions plain{.epochs = 2};
  const std::uint64_t weights = fitted(plain).weights;
  EXPECT_EQ(fitted(plain).weights, weights);
  EXPECT_EQ(fitted(plain).result.steps, 8);  // 100 rows in batches of 32
  const auto changed = [&](auto change) {
    FitOptions options = plain;
    change(options);
    return fitted(options);
  };
  EXPECT_EQ(changed([](FitOptions& o) { o.epochs = 0.5; }).result.steps, 2);
  EXPECT_EQ(changed([](FitOptions& o) { o.batch_size = 10; }).result.steps, 20);
  EXPECT_NE(changed([](FitOptions& o) { o.optimizer = "sgd"; }).weights, weights);
  EXPECT_NE(changed([](FitOptions& o) { o.lr = 0.01; }).weights, weights);
  EXPECT_EQ(changed([](FitOptions& o) { o.lr = 0.001; }).weights, weights) << "that of adam";
  EXPECT_NE(changed([](FitOptions& o) { o.weight_decay = 0.1; }).weights, weights);
  EXPECT_NE(changed([](FitOptions& o) { o.seed = 2; }).weights, weights);
}

TEST(Fit, MeasuresOnAPartThatIsSetAside) {
  const Ran with = fitted({.epochs = 2, .validation = 0.2, .metrics = {metric::accuracy, metric::top_k(2)}});
  EXPECT_EQ(with.result.steps, 6);  // 80 rows in batches of 32
  EXPECT_NE(with.result.last.find("validation.loss"), nullptr);
  EXPECT_NE(with.result.last.find("validation.accuracy"), nullptr);
  EXPECT_NE(with.result.last.find("validation.top_k(2)"), nullptr);
  EXPECT_EQ(fitted({.epochs = 2}).result.last.find("validation.loss"), nullptr);
}

TEST(Fit, StopsWithTheBestWeightsWhenThePatienceIsOver) {
  const FitOptions options{.epochs = 60, .lr = 0.5, .validation = 0.5, .patience = 3};
  nn::Sequential net = small_net();
  const data::Source source = stripes(100, 1);
  const Result result = fit(net, loss::softmax_cross_entropy, source, options);
  EXPECT_TRUE(result.stopped);
  EXPECT_NE(result.reason.find("validation.loss not better than "), std::string::npos) << result.reason;
  EXPECT_LT(result.steps, 120);
  // The loss of the net is the smallest, not the last.
  const auto [train, validation] = data::split(source, 0.5, {.seed = options.seed});
  const double loss = measure({net, loss::softmax_cross_entropy}, validation)[0].value;
  EXPECT_LT(loss, result.last["validation.loss"]);
}

TEST(Fit, WritesALineAnEpochIfItIsAskedTo) {
  EXPECT_EQ(fitted({.epochs = 2}).written, "");
  const std::string lines = fitted({.epochs = 2, .verbose = true}).written;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  EXPECT_EQ(lines.find("step 4, epoch 1: loss "), 0u) << lines;
}

TEST(Fit, AnOptimizerMayBeARuleAndHasAllItsOptions) {
  const FitOptions plain{.epochs = 2, .optimizer = "momentum(0.5)", .lr = 0.1};
  const std::uint64_t weights = fitted(plain).weights;
  EXPECT_EQ(fitted({.epochs = 2, .optimizer = optim::Momentum{.momentum = 0.5}, .lr = 0.1}).weights, weights);
  const auto differs = [&](auto change) {
    FitOptions options = plain;
    change(options);
    return fitted(options).weights != weights;
  };
  EXPECT_TRUE(differs([](FitOptions& o) { o.l1 = 0.01; }));
  EXPECT_TRUE(differs([](FitOptions& o) { o.clip_norm = 0.01; }));
  EXPECT_TRUE(differs([](FitOptions& o) { o.clip_value = 0.001; }));
  EXPECT_TRUE(differs([](FitOptions& o) { o.accumulate = 2; }));
  EXPECT_TRUE(differs([](FitOptions& o) { o.groups = {{.match = "*.bias", .frozen = true}}; }));
  EXPECT_TRUE(differs([](FitOptions& o) { o.lr = optim::cosine(0.1, epochs(2)); }));
  EXPECT_TRUE(differs([](FitOptions& o) { o.shards = 2; }));
  EXPECT_FALSE(differs([](FitOptions& o) { o.allow_unused = true; }));
}

TEST(Fit, RowsComeInOrders) {
  using Order = data::Batches::Order;
  const auto weights = [](Order order, std::vector<double> drawn = {}) {
    return fitted({.epochs = 2, .order = order, .weights = std::move(drawn)}).weights;
  };
  std::vector<double> half(100, 0);
  std::fill(half.begin(), half.begin() + 50, 1);
  const std::set<std::uint64_t> all{weights(Order::shuffled), weights(Order::sequential),
                                    weights(Order::with_replacement), weights(Order::balanced),
                                    weights(Order::with_replacement, half)};
  EXPECT_EQ(all.size(), 5u);
}

// A net that is one number ends at the weighted mean.
TEST(Fit, RowsCountAsAColumnSays) {
  const data::Source rows = data::arrays({{"x", ones({2, 1})},
                                          {"weight", from_data<float>({3, 1}, {2})},
                                          {"t", from_data<float>({1, 5}, {2, 1})}});
  nn::Sequential net{nn::Affine{1}};
  fit(net, loss::mse, rows, {.epochs = 500, .lr = 0.05, .weighted_by = "weight"});
  EXPECT_NEAR(net.predict(ones({1, 1})).item(), 2, 1e-3);
}

TEST(Fit, MeasuresOnOtherRows) {
  nn::Sequential net = small_net();
  const data::Source other = stripes(50, 2);
  const Fitted made =
      fit(net, loss::softmax_cross_entropy, stripes(100, 1), {.epochs = 3, .validation = other});
  ASSERT_EQ(made.history.size(), 3u);
  EXPECT_EQ(made.steps, 12) << "none is set aside";
  EXPECT_EQ(made.history.back()["validation.loss"],
            measure({net, loss::softmax_cross_entropy}, other)[0].value);
}

TEST(Fit, AveragesAndPlateausAreTheHandlers) {
  const auto by_trainer = [](const Shared<Handler>& handler, Duration every) {
    nn::Sequential net = small_net();
    optim::Optimizer optimizer(net, "adam", {.lr = 0.01});
    const auto [rows, validation] = data::split(stripes(100, 1), 0.8, {.seed = 1});
    Trainer trainer({net, loss::softmax_cross_entropy}, optimizer, {rows, {.batch_size = 32, .seed = 1}});
    trainer.on(epochs(1), evaluate(validation, {.name = "validation"})).on(every, handler);
    trainer.run(epochs(6));
    return checksum_of(net);
  };
  const FitOptions plain{.epochs = 6, .lr = 0.01, .validation = 0.2};
  const auto with = [&](auto change) {
    FitOptions options = plain;
    change(options);
    return fitted(options).weights;
  };
  const std::uint64_t weights = fitted(plain).weights,
                      moving = with([](FitOptions&o) { o.average_decay = 0.8, o.average_from = 1; }),
                      mean = with([](FitOptions&o) { o.average_from = 3; });
  EXPECT_EQ(moving, by_trainer(average_weights({.decay = 0.8, .from = epochs(1)}), steps(1)));
  EXPECT_EQ(mean, by_trainer(average_weights({.from = epochs(3)}), epochs(1)));
  EXPECT_NE(moving, weights);
  EXPECT_NE(mean, weights);

  const Result flat = fitted({.epochs = 8,
                              .optimizer = "sgd",
                              .lr = 1e-30,  // which changes no weight
                              .validation = 0.2,
                              .plateau_patience = 2,
                              .plateau_factor = 0.5,
                              .plateau_smallest = 0.2})
                          .result;
  EXPECT_DOUBLE_EQ(flat.last.lr, 2e-31);
}

TEST(Fit, CallsHandlersAndGivesAllReports) {
  int calls = 0;
  nn::Sequential net = small_net();
  const Fitted made = fit(net, loss::softmax_cross_entropy, stripes(100, 1),
                          {.epochs = 3, .on = {{steps(2), [&](Trainer&) { ++calls; }}}});
  EXPECT_EQ(calls, 6);
  ASSERT_EQ(made.history.size(), 3u);
  EXPECT_EQ(made.history.back().step, 12);
  EXPECT_GT(made.history.front().loss, made.last.loss);
}

// keep_best would put the weights of the first net into the second.
TEST(Fit, TakesNoHandlersThatRememberAnotherTraining) {
  const TemporaryFolder folder;
  const Shared<Handler> of_one_training[] = {keep_best("loss"), early_stopping({.metric = "loss"}),
                                             reduce_on_plateau({.metric = "loss"}), average_weights(),
                                             checkpoint(folder / "run")};
  for (const Shared<Handler>& handler : of_one_training) {
    FitOptions options{.epochs = 1, .on = {{epochs(1), handler}}};
    fitted(options);
    try {
      fitted(options);
      ADD_FAILURE() << "taken";
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), 322) << error.what();
    }
  }
  const FitOptions many{.epochs = 1, .on = {{epochs(1), evaluate(stripes(50, 2))}, {steps(1), [] {}}}};
  EXPECT_EQ(fitted(many).weights, fitted(many).weights);
}

TEST(Fit, GoesOnWithARunInAFolder) {
  const TemporaryFolder folder;
  FitOptions options{.epochs = 6, .lr = 0.05, .validation = 0.2, .patience = 5, .average_decay = 0.9};
  const std::uint64_t whole = fitted(options).weights;
  options.folder = folder / "run";
  options.epochs = 2;
  fitted(options);
  options.epochs = 6, options.resume = true;
  const Ran resumed = fitted(options);
  EXPECT_EQ(resumed.weights, whole);
  EXPECT_EQ(resumed.result.steps, 12);
}

TEST(Fit, RefusesOptionsThatCannotBe) {
  EXPECT_EQ(
      message_of([] { fitted({.patience = 3}); }),
      "[fit] patience needs rows to measure on: set validation to a share of the rows, such as 0.1, or to "
      "rows of its own. (E301)");
  EXPECT_EQ(message_of([] {
              fitted({.plateau_patience = 3});
            }).find("[fit] plateau_patience needs rows to measure on: "),
            0u);
  EXPECT_EQ(message_of([] {
              fitted({.metrics = {metric::accuracy}});
            }).find("[fit] metrics need rows to measure on: "),
            0u);
  EXPECT_EQ(message_of([] { fitted({.resume = true}); }),
            "[fit] resume needs the folder of the run: set folder. (E301)");
  EXPECT_EQ(
      message_of([] { fitted({.plateau_factor = 0.5}); }),
      "[fit] the learning rate falls after plateau_patience epochs, which is not set. Set plateau_patience = "
      "5, say. (E636)");
  EXPECT_EQ(
      message_of([] { fitted({.validation = 0.2, .patience = 2, .plateau_patience = 2}); }),
      "[fit] the run would end before its learning rate falls: plateau_patience is 2, patience 2. Make the "
      "first one smaller. (E636)");
  EXPECT_EQ(message_of([] { fitted({.epochs = 2.5, .average_from = 3}); }),
            "[fit] nothing would be averaged: average_from is 3 epochs, and the run ends after 2.5. Let the "
            "average "
            "begin earlier, or train for longer. (E636)");
  EXPECT_NE(message_of([] {
              fitted({.order = data::Batches::Order::with_replacement, .weights = {1, 2}, .validation = 0.5});
            }).find("(E460)"),
            std::string::npos);
  for (const FitOptions& options :
       {FitOptions{.epochs = 0}, FitOptions{.lr = -1}, FitOptions{.weight_decay = -1},
        FitOptions{.batch_size = 0}, FitOptions{.validation = 1}, FitOptions{.patience = -1},
        FitOptions{.clip_norm = -1}, FitOptions{.average_decay = 1}, FitOptions{.average_from = -1},
        FitOptions{.plateau_factor = 1}, FitOptions{.plateau_smallest = 2}, FitOptions{.shards = 0}}) {
    EXPECT_NE(message_of([&] { fitted(options); }).find("(E228)"), std::string::npos);
  }
}

}  // namespace
}  // namespace chainrule::train
