// Inference from several threads at once, on one net.
#include <gtest/gtest.h>

#include <thread>

#include "chainrule/chainrule.h"

namespace chainrule::nn {
namespace {

Sequential net() {
  return Sequential(Conv2d(4, 3, {.padding = 1}), BatchNorm(), Relu(), MaxPool2d(2), Dropout(0.3),
                    Residual(Sequential(Conv2d(4, 3, {.padding = 1}), Tanh())), Affine(10));
}
Tensor images(std::uint64_t step) { return detach(normal({3, 1, 8, 8}, {.seed = 4, .step = step})); }

constexpr int kThreads = 4, kRuns = 5;

/// What each of some threads gets from one net, each with inputs of its own.
std::vector<std::vector<double>> predicted_at_once(const Layer& of) {
  std::vector<std::vector<double>> found(kThreads * kRuns);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRuns; ++i) {
        const auto at = static_cast<std::size_t>(t * kRuns + i);
        found[at] = of.predict(images(at)).to_vector();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return found;
}

std::vector<std::vector<double>> predicted_in_turn(const Layer& of) {
  std::vector<std::vector<double>> found;
  for (std::uint64_t i = 0; i < kThreads * kRuns; ++i) found.push_back(of.predict(images(i)).to_vector());
  return found;
}

TEST(Threads, PredictWithOneNet) {
  const Sequential one = net();
  const auto expected = predicted_in_turn(one);
  EXPECT_EQ(predicted_at_once(one), expected);
}

// Whoever comes first makes the parameters; they do not depend on who that is.
TEST(Threads, PredictWithANetThatIsNotBuilt) {
  const Sequential one = net();
  const auto at_once = predicted_at_once(one);
  EXPECT_EQ(at_once, predicted_in_turn(net()));
}

TEST(Threads, PredictWithOneInput) {
  const Sequential one = net();
  const Tensor x = images(0);
  const std::vector<double> expected = one.predict(x).to_vector();
  std::vector<std::vector<double>> found(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { found[t] = one.predict(x).to_vector(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& numbers : found) EXPECT_EQ(numbers, expected);
}

// Training needs a net of one's own.
TEST(Threads, TrainClones) {
  const Sequential one = net();
  one.predict(images(0));
  const auto train = [](const Layer& of) {
    optim::Optimizer optimizer(of, optim::Momentum{});
    for (std::int64_t step = 0; step < 3; ++step) {
      Pass pass = Pass::training(1, step);
      optimizer.step(mean(square(of.forward(images(static_cast<std::uint64_t>(step)), pass))), pass);
    }
    return of.predict(images(9)).to_vector();
  };
  const std::vector<double> expected = train(*one.clone());
  std::vector<std::vector<double>> found(kThreads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { found[t] = train(*one.clone()); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& numbers : found) EXPECT_EQ(numbers, expected);
}

}  // namespace
}  // namespace chainrule::nn
