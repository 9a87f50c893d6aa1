#include "chainrule/optim.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule::optim {
namespace {

using Values = std::vector<double>;

TEST(Sgd, TakesTheGradientTimesTheRate) {
  nn::Parameter p(tensor({1, 2}, f64));
  Sgd sgd({{"p", &p}}, 0.5);
  sgd.step({tensor({2, -4}, f64)});
  EXPECT_EQ(p.value().to_vector(), (Values{0, 4}));
  sgd.set_lr(0.25);
  sgd.step({tensor({4, 4}, f64)});
  EXPECT_EQ(p.value().to_vector(), (Values{-1, 3}));
  EXPECT_EQ(sgd.steps(), 2);
}

// The algorithm as it stands in the paper, line by line, in f64.
void expect_adam(const AdamOptions& options) {
  nn::Parameter p(tensor({1, -2, 3}, f64));
  Adam adam({{"p", &p}}, options);
  Values value{1, -2, 3}, m(3), v(3);
  for (int t = 1; t <= 20; ++t) {
    Values g(3);
    for (std::size_t i = 0; i < 3; ++i) {
      g[i] = std::sin(t + static_cast<double>(i)) * value[i];
      m[i] = options.beta1 * m[i] + (1 - options.beta1) * g[i];
      v[i] = options.beta2 * v[i] + (1 - options.beta2) * g[i] * g[i];
      const double m_hat = m[i] / (1 - std::pow(options.beta1, t));
      const double v_hat = v[i] / (1 - std::pow(options.beta2, t));
      value[i] -= options.lr * m_hat / (std::sqrt(v_hat) + options.eps);
    }
    adam.step({from_data(g, {3})});
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(p.value().to_vector()[i], value[i], 1e-13) << t;
  }
}

TEST(Adam, IsTheAlgorithmOfThePaper) {
  expect_adam({.lr = 0.1, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-3});
  expect_adam({.lr = 0.01, .beta1 = 0.3, .beta2 = 0.4, .eps = 1e-3});
}

// Without a memory, a small gradient after a large one counts as it is.
TEST(Adam, ForgetsWhollyWhereTheBetasAreZero) {
  nn::Parameter p(tensor({0}, f32));
  Adam adam({{"p", &p}}, {.lr = 0.5, .beta1 = 0, .beta2 = 0, .eps = 0});
  adam.step({tensor({1e8}, f32)});
  EXPECT_EQ(p.value().item(), -0.5);
  adam.step({tensor({1e-3}, f32)});
  EXPECT_EQ(p.value().item(), -1.0);
}

// Broadcasting would take one number for all, or fail when the parameters before have changed.
TEST(Optimizer, RefusesGradientsThatDoNotFit) {
  nn::Parameter p(tensor({1, 2}, f32));
  Adam adam({{"p", &p}});
  Sgd sgd({{"p", &p}}, 0.1);
  for (const Tensor& g : {tensor({1}, f32), ones({3, 2}), ones({3}), ones({2}, f64)}) {
    EXPECT_THROW(adam.step({g}), ValueError) << g.shape();
    EXPECT_THROW(sgd.step({g}), ValueError) << g.shape();
  }
  EXPECT_EQ(p.value().to_vector(), (Values{1, 2}));
  EXPECT_EQ(adam.steps(), 0);
}

// The first step is lr in the direction of the sign, whatever the gradient's size (section 2.1 of the paper).
TEST(Adam, FirstStepIsTheRate) {
  nn::Parameter p(tensor({0, 0}, f64));
  Adam adam({{"p", &p}}, {.lr = 0.5, .eps = 0});
  adam.step({tensor({1e-6, -1e6}, f64)});
  EXPECT_NEAR(p.value().to_vector()[0], -0.5, 1e-12);
  EXPECT_NEAR(p.value().to_vector()[1], 0.5, 1e-12);
}

TEST(Adam, RefusesBadOptions) {
  nn::Parameter p(tensor({0, 0}, f64));
  EXPECT_THROW(Adam({{"p", &p}}, {.beta1 = 1}), ValueError);
  EXPECT_THROW(Adam({{"p", &p}}, {.beta2 = -0.1}), ValueError);
  EXPECT_THROW(Adam({{"p", &p}}, {.eps = NAN}), ValueError);
  EXPECT_THROW(Adam({{"p", &p}}, {.lr = -1}), ValueError);
}

TEST(Optimizer, ChangesNothingWhereComputingFails) {
  nn::Parameter p(tensor({1, 2}, f64));
  Adam adam({{"p", &p}});
  EXPECT_THROW(adam.step({take(tensor({1, 2}, f64), tensor({0, 5}, i64))}), ValueError);
  EXPECT_EQ(p.value().to_vector(), (Values{1, 2}));
  EXPECT_EQ(adam.steps(), 0);
}

/// Two layers, large enough that it makes a difference where their numbers lie.
class Updates : public ::testing::Test {
 protected:
  static Tensor drawn(const Shape& shape, std::uint64_t seed) {
    return detach(normal(shape, {.seed = seed}, 0, 0.3));
  }

  void SetUp() override {
    if (mode() != Mode::lazy) GTEST_SKIP() << "in this mode all numbers are written anew";
    // The first run of a plan writes to new memory, and in the first step of Adam m and v are one leaf.
    for (int i = 0; i < 2; ++i) step(sgd_), step(adam_);
  }

  Tensor loss() const { return mean(square(matmul(relu(matmul(x_, v_.value())), w_.value()))); }
  std::vector<Tensor> gradients(const Tensor& of) const { return grad(of, {w_.value(), v_.value()}); }
  void step(Optimizer& optimizer) const {
    std::vector<Tensor> g = gradients(loss());
    optimizer.step(std::move(g));
  }
  std::vector<double> numbers() const {
    std::vector<double> all = v_.value().to_vector();
    const std::vector<double> w = w_.value().to_vector();
    all.insert(all.end(), w.begin(), w.end());
    return all;
  }
  /// Where the weights lie.
  std::vector<const float*> places() const {
    return {v_.value().data<float>().data(), w_.value().data<float>().data()};
  }

  Tensor x_ = drawn({1, 60}, 1);  // one row, as several would be cut into pieces, which changes the order
  nn::Parameter v_{drawn({60, 40}, 2)}, w_{drawn({40, 50}, 3)};
  // The last layer first: its update is found first, but the layers before it still need its old weights.
  std::vector<nn::NamedParameter> parameters_{{"w", &w_}, {"v", &v_}};
  Sgd sgd_{parameters_, 0.1};
  Adam adam_{parameters_, {.lr = 0.01}};
  std::vector<Optimizer*> both_{&sgd_, &adam_};
};

TEST_F(Updates, AreWrittenOverTheOldNumbers) {
  for (Optimizer* optimizer : both_) {
    const auto before = places();
    step(*optimizer);
    EXPECT_EQ(places(), before);
  }
}

TEST_F(Updates, LeaveWhatSomebodyHolds) {
  const Tensor held = w_.value();
  const std::vector<double> before = held.to_vector();
  for (Optimizer* optimizer : both_) {
    step(*optimizer);
    EXPECT_EQ(held.to_vector(), before);
    EXPECT_NE(w_.value().to_vector(), before);
  }
}

TEST_F(Updates, LeaveWhatAGraphNeeds) {
  const Tensor computed = loss(), pending = loss();
  const double value = computed.item();
  const std::vector<double> gradient = grad(computed, x_).to_vector();
  for (Optimizer* optimizer : both_) step(*optimizer);
  EXPECT_EQ(pending.item(), value);
  EXPECT_EQ(grad(computed, x_).to_vector(), gradient);  // by the old weights
}

// The loss is computed together with the new weights, but can be asked for more than its value.
TEST_F(Updates, LeaveWhatTheLossNeeds) {
  for (Optimizer* optimizer : both_) {
    for (int i = 0; i < 2; ++i) {  // the second time by a plan that was run before
      const std::vector<double> gradient = grad(loss(), x_).to_vector();
      const Tensor held = loss();
      optimizer->step(gradients(held), held);
      EXPECT_EQ(grad(held, x_).to_vector(), gradient);
    }
  }
}

TEST_F(Updates, BringTheLossWithThem) {
  for (Optimizer* optimizer : both_) {
    for (int i = 0; i < 2; ++i) {
      const double value = loss().item();
      const Tensor held = loss();
      optimizer->step(gradients(held), held);
      EXPECT_TRUE(held.node()->has_value());
      EXPECT_EQ(held.item(), value);  // by the old weights
    }
  }
}

TEST_F(Updates, LeaveGradientsThatAreKept) {
  const std::vector<double> gradient = gradients(loss())[0].to_vector();
  const Tensor of = loss();
  const std::vector<Tensor> kept = gradients(of);
  sgd_.step(kept, of);
  EXPECT_EQ(kept[0].to_vector(), gradient);  // by the old weights
}

TEST_F(Updates, AreTheSameBitsWhereverTheyLie) {
  const Tensor v = v_.value(), w = w_.value();
  const auto trained = [&](auto made, bool is_held) {
    v_.set_value(detach(v + 0)), w_.set_value(detach(w + 0));
    std::vector<Tensor> held;
    for (int i = 0; i < 4; ++i) {
      if (is_held) held.insert(held.end(), {v_.value(), w_.value()});
      step(made);
    }
    return numbers();
  };
  EXPECT_EQ(trained(Sgd(parameters_, 0.1), false), trained(Sgd(parameters_, 0.1), true));
  EXPECT_EQ(trained(Adam(parameters_), false), trained(Adam(parameters_), true));
}

// The new numbers of v do not need what fails, and could be there before it.
TEST_F(Updates, ChangeNothingWhereALaterKernelFails) {
  const Tensor good = cast(arange(40), i64);
  const auto step_with_rows = [this](Optimizer& optimizer, const Tensor& rows) {
    std::vector<Tensor> g = grad(loss(), {v_.value(), w_.value()});
    g[1] = take(g[1], rows);
    optimizer.step(std::move(g));
  };
  const std::vector<nn::NamedParameter> parameters{{"v", &v_}, {"w", &w_}};
  Sgd sgd(parameters, 0.1);
  Adam adam(parameters);
  for (Optimizer* optimizer : {static_cast<Optimizer*>(&sgd), static_cast<Optimizer*>(&adam)}) {
    for (int i = 0; i < 3; ++i) step_with_rows(*optimizer, good);
    const std::vector<double> before = numbers();
    const auto where = places();
    EXPECT_THROW(step_with_rows(*optimizer, good + 1), ValueError);
    EXPECT_EQ(numbers(), before);
    step_with_rows(*optimizer, good);
    EXPECT_EQ(places(), where);
  }
}

}  // namespace
}  // namespace chainrule::optim
