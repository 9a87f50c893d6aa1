#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "chainrule/train.h"
#include "core/thread_pool.h"

namespace chainrule::train {
namespace {

/// Images of 6 x 5 with a bright row for each of four classes, and noise.
data::ImageSet striped(std::int64_t count, std::uint64_t seed) {
  data::ImageSet set;
  set.count = count;
  set.height = 6;
  set.width = 5;
  Random random(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<std::uint8_t>(i % 4));
    for (std::int64_t p = 0; p < 30; ++p) {
      set.pixels.push_back(static_cast<std::uint8_t>(random.below(100) + (p / 5 == i % 4 ? 100 : 0)));
    }
  }
  return set;
}

data::Dataset stripes() {
  data::Dataset set;
  set.name = "stripes";
  set.train = striped(230, 1);
  set.test = striped(70, 2);
  set.classes = 4;
  return set;
}

nn::TwoLayerNet small_net() {
  return nn::TwoLayerNet({.input = 30, .hidden = 12, .output = 4, .weight_deviation = 0.1, .seed = 7});
}

std::vector<float> parameters_of(nn::TwoLayerNet& net) {
  std::vector<float> all;
  for (const auto& [name, parameter] : net.params()) {
    const auto values = parameter->value().data<float>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const ValueError& error) {
    return error.what();
  }
  return "no error";
}

/// Notes everything, and stops before the given step.
struct Notes : Observer {
  bool should_stop() override { return static_cast<std::int64_t>(losses.size()) == stop_after; }
  void stepped(std::int64_t step, double loss) override {
    EXPECT_EQ(step, static_cast<std::int64_t>(losses.size()) + 1);
    losses.push_back(loss);
  }
  void reported(const Report& report) override { reports.push_back(report); }

  std::int64_t stop_after = -1;
  std::vector<double> losses;
  std::vector<Report> reports;
};

TEST(Trainer, LearnsAndReports) {
  const data::Dataset set = stripes();
  nn::TwoLayerNet net = small_net();
  Trainer trainer(net, set, {.batch_size = 20, .lr = 0.5});
  EXPECT_EQ(trainer.steps_per_epoch(), 12);
  Notes notes;
  const Result result = trainer.run(30 * 12 + 5, notes);

  ASSERT_EQ(result.history.size(), 31u);
  ASSERT_EQ(notes.reports.size(), 31u);
  EXPECT_EQ(result.history[0].step, 12);
  EXPECT_EQ(result.history[0].epoch, 1);
  EXPECT_EQ(result.history[29].epoch, 30);
  EXPECT_EQ(result.history[30].step, 365);
  EXPECT_EQ(result.history[30].epoch, 31);
  double sum = 0;
  for (std::size_t i = 12; i < 24; ++i) sum += notes.losses[i];
  EXPECT_EQ(result.history[1].loss, sum / 12);

  EXPECT_EQ(result.steps, 365);
  EXPECT_FALSE(result.interrupted);
  EXPECT_GT(result.seconds, 0);
  EXPECT_GT(result.history[0].loss, 1);  // log(4) = 1.39 before training
  EXPECT_LT(result.final_loss, result.history[0].loss / 10);
  EXPECT_GT(result.test_accuracy, 0.95);
  EXPECT_EQ(result.test_accuracy, accuracy(net, set.test));
  EXPECT_EQ(result.train_accuracy, accuracy(net, set.train));
}

TEST(Trainer, AStepIsGradientDescentOnTheBatchOfThatStep) {
  const data::Dataset set = stripes();
  for (auto order : {data::Batches::Order::with_replacement, data::Batches::Order::shuffled}) {
    nn::TwoLayerNet trained = small_net();
    Trainer trainer(trained, set, {.batch_size = 10, .order = order, .lr = 0.25, .seed = 3});
    nn::TwoLayerNet net = small_net();
    data::Batches batches(set.train.count, {.batch_size = 10, .order = order, .seed = 3});
    for (std::int64_t step = 0; step < 3; ++step) {
      std::vector<float> pixels;
      std::vector<std::int64_t> labels;
      for (std::int64_t row : batches.at(step)) {
        for (std::uint8_t pixel : set.train.image(row)) {
          pixels.push_back((1.0f / 255) * static_cast<float>(pixel));
        }
        labels.push_back(set.train.labels[static_cast<std::size_t>(row)]);
      }
      const Tensor x = from_data(pixels, {10, 30});
      const Tensor t = from_data(labels, {10});
      const nn::NamedTensors gradient = net.gradient(x, t);
      EXPECT_EQ(trainer.step(), net.loss(x, t).item());
      for (const auto& [name, parameter] : net.params()) {
        parameter->set_value(detach(parameter->value() - 0.25 * gradient[name]));
      }
      EXPECT_EQ(parameters_of(trained), parameters_of(net)) << "step " << step;
    }
  }
}

TEST(Trainer, TheSameBitsForAnyNumberOfThreads) {
  const data::Dataset set = stripes();
  const int threads = num_threads();
  const auto train = [&](int count, std::uint64_t seed) {
    set_num_threads(count);
    nn::TwoLayerNet net = small_net();
    Trainer trainer(net, set, {.batch_size = 64, .lr = 0.5, .seed = seed});
    const Result result = trainer.run(20);
    return std::pair(parameters_of(net), result.final_loss);
  };
  const auto one = train(1, 5);
  EXPECT_EQ(one, train(1, 5));
  EXPECT_EQ(one, train(2, 5));
  EXPECT_EQ(one, train(4, 5));
  EXPECT_NE(one, train(1, 6));
  set_num_threads(threads);
}

TEST(Trainer, RunsGoOnWhereTheLastOneStopped) {
  const data::Dataset set = stripes();
  nn::TwoLayerNet whole = small_net();
  Trainer(whole, set, {.batch_size = 20}).run(17);
  nn::TwoLayerNet parts = small_net();
  Trainer trainer(parts, set, {.batch_size = 20});
  trainer.run(5);
  const Result second = trainer.run(12);
  EXPECT_EQ(parameters_of(parts), parameters_of(whole));
  EXPECT_EQ(trainer.steps_done(), 17);
  EXPECT_EQ(second.steps, 12);
  ASSERT_EQ(second.history.size(), 2u);
  EXPECT_EQ(second.history[0].step, 12);
  EXPECT_EQ(second.history[1].step, 17);
}

TEST(Trainer, StopsWhenAskedWithALastReport) {
  const data::Dataset set = stripes();
  nn::TwoLayerNet net = small_net();
  Trainer trainer(net, set, {.batch_size = 20});
  Notes notes;
  notes.stop_after = 15;
  const Result result = trainer.run(1000, notes);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.steps, 15);
  ASSERT_EQ(result.history.size(), 2u);
  EXPECT_EQ(result.history[1].step, 15);
  EXPECT_EQ(result.test_accuracy, accuracy(net, set.test));

  notes = {};
  notes.stop_after = 0;
  const Result nothing = Trainer(net, set).run(1000, notes);
  EXPECT_TRUE(nothing.interrupted);
  EXPECT_EQ(nothing.steps, 0);
  ASSERT_EQ(nothing.history.size(), 1u);
  EXPECT_TRUE(std::isnan(nothing.final_loss));
  EXPECT_EQ(nothing.test_accuracy, result.test_accuracy);
}

TEST(Trainer, SaysAtWhichStepItDiverged) {
  const data::Dataset set = stripes();
  nn::TwoLayerNet net = small_net();
  // The weights become infinite in the first step, and the loss of the second is not a number.
  Trainer trainer(net, set, {.lr = 1e300});
  trainer.step();
  EXPECT_EQ(message_of([&] { trainer.run(5); }),
            "[train] the loss is nan at step 2: training diverged. Use a smaller lr than 1e+300. (E080)");
}

TEST(Trainer, SaysWhatDoesNotFit) {
  data::Dataset set = stripes();
  nn::TwoLayerNet net = small_net();
  EXPECT_EQ(message_of([&] { Trainer(net, set).run(0); }), "[train] 0 steps; need at least 1. (E082)");
  nn::TwoLayerNet wide({.input = 31, .hidden = 3, .output = 3});
  EXPECT_EQ(message_of([&] { Trainer(wide, set); }),
            "[train] the set 'stripes' has images of 6 x 5 in 4 classes, but the net has 31 inputs and 3 "
            "outputs. Make the net with input 30 and output 4. (E081)");
  nn::TwoLayerNet exact({.input = 30, .hidden = 3, .output = 4, .dtype = f64});
  EXPECT_EQ(message_of([&] { Trainer(exact, set); }),
            "[train] the net is f64; images are gathered as f32. (E081)");
  set.test = {};
  EXPECT_EQ(
      message_of([&] { Trainer(net, set); }),
      "[train] the set 'stripes' has 230 training and 0 test images; need at least one of each. (E081)");
  EXPECT_EQ(message_of([&] { accuracy(net, set.test); }),
            "[accuracy] the set has no images; need at least one. (E081)");
}

TEST(Accuracy, CountsOverAllBlocks) {
  nn::TwoLayerNet net = small_net();
  data::ImageSet set = striped(2345, 3);
  std::vector<std::int64_t> rows(2345);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
  const Batch all = gather_batch(set, rows);
  EXPECT_NEAR(accuracy(net, set), net.accuracy(all.x, all.t), 1e-6);
  // Of labels that are all the net's own answers but one, one is wrong.
  const std::vector<double> logits = net.predict(all.x).to_vector<double>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(4 * i);
    set.labels[i] = static_cast<std::uint8_t>(std::max_element(row, row + 4) - row);
  }
  EXPECT_EQ(accuracy(net, set), 1);
  set.labels[2344] = static_cast<std::uint8_t>(3 - set.labels[2344]);
  EXPECT_EQ(accuracy(net, set), 2344.0 / 2345);
}

}  // namespace
}  // namespace chainrule::train
