// Where an optimizer's new numbers are written, and what of the old ones is left alone.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule::optim {
namespace {

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
    std::vector<Tensor> g = gradients(loss());  // the loss is let go of
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
  std::vector<nn::NamedParameter> parameters_{{"w", w_}, {"v", v_}};
  Optimizer sgd_{parameters_, Sgd{}, {.lr = 0.1}};
  Optimizer adam_{parameters_, Adam{}, {.lr = 0.01}};
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

// What is held keeps its value; new weights are written over those that it was made from.
TEST_F(Updates, EndTheHistoryOfTheLoss) {
  for (Optimizer* optimizer : both_) {
    for (int i = 0; i < 2; ++i) {  // the second time by a plan that was run before
      const Tensor held = loss();
      optimizer->step(held);
      EXPECT_TRUE(held.node()->is_leaf());
      EXPECT_THROW(grad(held, x_), ValueError);
    }
  }
}

TEST_F(Updates, BringTheLossWithThem) {
  for (Optimizer* optimizer : both_) {
    for (int i = 0; i < 2; ++i) {
      const double value = loss().item();
      const Tensor held = loss();
      EXPECT_EQ(optimizer->step(held), value);
      EXPECT_TRUE(held.node()->has_value());
      EXPECT_EQ(held.item(), value);  // by the old weights
    }
  }
}

TEST_F(Updates, LeaveGradientsThatAreKept) {
  const std::vector<double> gradient = gradients(loss())[0].to_vector();
  const Tensor of = loss();
  const std::vector<Tensor> kept = gradients(of);
  sgd_.step(kept);
  EXPECT_EQ(kept[0].to_vector(), gradient);  // by the old weights
}

TEST_F(Updates, AreTheSameBitsWhereverTheyLie) {
  const Tensor v = v_.value(), w = w_.value();
  const auto trained = [&](AnyRule rule, bool is_held) {
    Optimizer made(parameters_, rule);
    v_.set_value(detach(v + 0)), w_.set_value(detach(w + 0));
    std::vector<Tensor> held;
    for (int i = 0; i < 4; ++i) {
      if (is_held) held.insert(held.end(), {v_.value(), w_.value()});
      step(made);
    }
    return numbers();
  };
  EXPECT_EQ(trained(Sgd{}, false), trained(Sgd{}, true));
  EXPECT_EQ(trained(Adam{}, false), trained(Adam{}, true));
}

// The new numbers of v do not need what fails, and could be there before it.
TEST_F(Updates, ChangeNothingWhereALaterKernelFails) {
  const Tensor good = cast(arange(40), i64);
  const auto step_with_rows = [this](Optimizer& optimizer, const Tensor& rows) {
    std::vector<Tensor> g = grad(loss(), {v_.value(), w_.value()});
    g[1] = take(g[1], rows);
    optimizer.step(std::move(g));
  };
  const std::vector<nn::NamedParameter> parameters{{"v", v_}, {"w", w_}};
  Optimizer sgd(parameters, Sgd{}, {.lr = 0.1}), adam(parameters, Adam{});
  for (Optimizer* optimizer : {&sgd, &adam}) {
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
