// Several steps that make one update; penalties of weights.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"

namespace chainrule::optim {
namespace {

using Values = std::vector<double>;

Tensor batch(std::int64_t step) {
  return detach(normal({4, 3}, {.seed = 2, .step = static_cast<std::uint64_t>(step)}));
}

struct Training {
  explicit Training(std::string_view rule, Options options) : optimizer(net, rule, std::move(options)) {
    net.build(zeros({1, 3}));
  }
  void train(std::int64_t from, std::int64_t to) {
    for (std::int64_t step = from; step < to; ++step) {
      nn::Pass pass = nn::Pass::training(1, step);
      optimizer.step(mean(square(net.forward(batch(step), pass) - 1)), pass);
    }
  }
  std::vector<Values> weights() const {
    std::vector<Values> all;
    for (const auto& [name, p] : net.parameters()) all.push_back(p.value().to_vector());
    return all;
  }

  nn::Sequential net{nn::Affine(5), nn::Tanh(), nn::Affine(2)};
  Optimizer optimizer;
};

// By hand: gradients 1, 2, 6 have the mean 3; the rate is that of the third step.
TEST(Accumulate, UpdatesByTheMeanOfTheGradients) {
  const nn::Parameter p(tensor({0, 10}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = step_decay(4, 0.5, steps(2)), .accumulate = 3});
  for (const double g : {1.0, 2.0}) {
    sgd.step(std::vector<Tensor>{full({2}, g, f64)});
    EXPECT_EQ(p.value().to_vector(), (Values{0, 10}));
  }
  EXPECT_EQ(sgd.state()["p.gradients"].to_vector(), (Values{3, 3}));
  sgd.step(std::vector<Tensor>{full({2}, 6, f64)});
  EXPECT_EQ(p.value().to_vector(), (Values{-6, 4}));
  for (const double g : {3.0, 3.0, 3.0}) sgd.step(std::vector<Tensor>{full({2}, g, f64)});
  EXPECT_EQ(p.value().to_vector(), (Values{-9, 1}));  // those of the first update do not count again
  EXPECT_EQ(sgd.steps(), 6);
}

// By hand: (1 1 + 3 2 + 0 100 + 4 5) / 8; what counts less than nothing counts nothing.
TEST(Accumulate, WeighsByWhatALossIsAMeanOf) {
  const nn::Parameter p(tensor({0}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = 1, .accumulate = 5});
  const auto step = [&](double counted, double slope) {
    nn::Pass pass = nn::Pass::training(1, 0);
    EXPECT_EQ(sgd.step(sum(p.value() * slope) + 2, scalar(counted, f32), pass), 2);
  };
  for (int i = 0; i < 2; ++i) {
    step(1, 1), step(3, 2), step(0, 100), step(-1, 100);
    EXPECT_EQ(sgd.state()["counted"].item(), 4);
    EXPECT_EQ(p.value().item(), 0);
    step(4, 5);
    EXPECT_EQ(p.value().item(), -27.0 / 8);
    nn::Parameter(p).set_value(tensor({0}, f64));
  }
  for (int i = 0; i < 5; ++i) step(0, 1);
  EXPECT_EQ(p.value().item(), 0) << "nothing counts";
  Optimizer other({{"p", p}}, Sgd{}, {.accumulate = 5});
  NamedTensors without;
  for (const auto& [name, tensor] : sgd.state()) {
    if (name != "counted") without.add(name, tensor);
  }
  EXPECT_NE(message_of([&] { other.restore(without); }).find("counted is missing"), std::string::npos);
}

// A rule sees updates, not steps: Adam's corrections are those of the one large batch.
TEST(Accumulate, IsAStepOfOneLargeBatch) {
  for (const char* rule : {"momentum", "adam", "lion"}) {
    Training parts(rule, {.lr = 0.01, .weight_decay = 0.1, .clip_norm = 0.5, .accumulate = 4});
    Training whole(rule, {.lr = 0.01, .weight_decay = 0.1, .clip_norm = 0.5});
    parts.train(0, 12);
    for (std::int64_t update = 0; update < 3; ++update) {
      Tensor loss = scalar(0, f32);
      nn::Pass pass = nn::Pass::training(1, update);
      for (std::int64_t i = 0; i < 4; ++i)
        loss = loss + mean(square(whole.net.forward(batch(4 * update + i), pass) - 1)) / 4;
      whole.optimizer.step(loss, pass);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < parts.weights()[i].size(); ++j)
        EXPECT_NEAR(parts.weights()[i][j], whole.weights()[i][j], 1e-5) << rule;
    }
  }
}

TEST(Accumulate, GoesOnFromAnyStepWithTheSameBits) {
  const Options options{.lr = cosine(0.05, steps(30)), .accumulate = 4};
  Training whole("adam", options);
  whole.train(0, 15);
  for (const std::int64_t stop : {3, 4, 6, 9}) {
    Training first("adam", options), second("adam", options);
    first.train(0, stop);
    const NamedTensors state = first.optimizer.state();
    for (std::size_t i = 0; i < 4; ++i)
      nn::Parameter(second.net.parameters()[i].parameter)
          .set_value(first.net.parameters()[i].parameter.value());
    second.optimizer.restore(state);
    second.train(stop, 15);
    EXPECT_EQ(second.weights(), whole.weights()) << stop;
  }
}

TEST(Accumulate, IsAPositiveNumber) {
  const nn::Parameter p(zeros({2}));
  EXPECT_NE(message_of([&] {
              Optimizer({{"p", p}}, Sgd{}, {.accumulate = 0});
            }).find("'accumulate' is 0"),
            std::string::npos);
}

TEST(L1, PushesWeightsTowardsZero) {
  const nn::Parameter weight(tensor({2, -3, 0}, {1, 3}, f64)), bias(tensor({2}, f64));
  Optimizer sgd({{"weight", weight}, {"bias", bias}}, Sgd{}, {.lr = 0.5, .l1 = 0.2});
  sgd.step({zeros({1, 3}, f64), zeros({1}, f64)});
  EXPECT_EQ(weight.value().to_vector(), (Values{2 - 0.1, -3 + 0.1, 0}));
  EXPECT_EQ(bias.value().to_vector(), Values{2});
}

TEST(L1, OfAGroupIsItsOwn) {
  const nn::Parameter a(full({1, 1}, 2, f64)), b(full({1, 1}, 2, f64)), c(full({1, 1}, 2, f64));
  Optimizer sgd({{"a", a}, {"b", b}, {"c", c}}, Sgd{},
                {.lr = 1,
                 .weight_decay = 0.25,
                 .l1 = 0.5,
                 .groups = {{.match = "b", .l1 = 0}, {.match = "c", .weight_decay = 0, .l1 = 0.75}}});
  sgd.step({zeros({1, 1}, f64), zeros({1, 1}, f64), zeros({1, 1}, f64)});
  EXPECT_EQ(a.value().item(), 2 - 0.25 * 2 - 0.5);
  EXPECT_EQ(b.value().item(), 2 - 0.25 * 2);
  EXPECT_EQ(c.value().item(), 2 - 0.75);
}

TEST(Rate, IsScaled) {
  const nn::Parameter p(tensor({0}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = step_decay(1, 0.5, steps(1))});
  sgd.set_lr_scale(0.5);
  EXPECT_EQ(sgd.lr(), 0.5);
  EXPECT_EQ(sgd.lr(1), 0.25);
  sgd.step(sum(p.value()));
  EXPECT_EQ(p.value().item(), -0.5);
  EXPECT_EQ(message_of([&] { sgd.set_lr_scale(-1); }),
            "[sgd] the learning rate cannot be scaled by -1; need a finite number, at least 0. (E410)");
  EXPECT_EQ(sgd.lr_scale(), 0.5);
  // Of what the scale makes of it, too.
  sgd.set_lr(1e300);
  sgd.set_lr_scale(1e300);
  EXPECT_EQ(message_of([&] { sgd.lr(); }),
            "[constant] the learning rate of step 2 is inf; it must be a number from 0 up. (E045)");
  sgd.set_lr_scale(0);
  EXPECT_EQ(sgd.lr(), 0);
}

}  // namespace
}  // namespace chainrule::optim
