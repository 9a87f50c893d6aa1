// Each option of fit acts.
#include <gtest/gtest.h>

#include <iostream>
#include <sstream>

#include "chainrule/chainrule.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

struct Fitted {
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

Fitted fitted(FitOptions options) {
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
  const Fitted with =
      fitted({.epochs = 2, .validation = 0.2, .metrics = {metric::accuracy, metric::top_k(2)}});
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

TEST(Fit, RefusesOptionsThatCannotBe) {
  EXPECT_EQ(message_of([] { fitted({.patience = 3}); }),
            "[fit] patience needs a validation part: set .validation = 0.1, say. (E301)");
  for (const FitOptions& options :
       {FitOptions{.epochs = 0}, FitOptions{.lr = -1}, FitOptions{.weight_decay = -1},
        FitOptions{.batch_size = 0}, FitOptions{.validation = 1}, FitOptions{.patience = -1}}) {
    EXPECT_NE(message_of([&] { fitted(options); }).find("(E228)"), std::string::npos);
  }
}

}  // namespace
}  // namespace chainrule::train
