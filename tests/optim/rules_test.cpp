// Every rule against the formula of its paper in plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"

namespace chainrule::optim {
namespace {

using Values = std::vector<double>;

/// Changes a value and its states by the gradient; t counts from 1.
using Formula = std::function<void(double& x, double g, std::vector<double>& states, int t, double lr)>;

/// Adam as algorithm 1 of Kingma and Ba 2015 has it.
double adam(double g, std::vector<double>& s, int t, double beta1, double beta2, double eps) {
  s[0] = beta1 * s[0] + (1 - beta1) * g;
  s[1] = beta2 * s[1] + (1 - beta2) * g * g;
  return s[0] / (1 - std::pow(beta1, t)) / (std::sqrt(s[1] / (1 - std::pow(beta2, t))) + eps);
}

/// A fraction of RMSprop: lecture 6e of Hinton's course (2012); centred as Graves 2013, equations 38 to 40.
double rmsprop(double g, std::vector<double>& s, double rho, bool centred, double eps) {
  s[0] = rho * s[0] + (1 - rho) * g * g;
  if (!centred) return g / (std::sqrt(s[0]) + eps);
  s[1] = rho * s[1] + (1 - rho) * g;
  return g / (std::sqrt(std::max(s[0] - s[1] * s[1], 0.0)) + eps);
}

/// By name and settings; a rule without a formula fails the test below.
const std::map<std::string, Formula> kFormulas = {
    {"sgd", [](double& x, double g, std::vector<double>&, int, double lr) { x -= lr * g; }},
    {"momentum(0.8)",  // Polyak 1964
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       s[0] = 0.8 * s[0] - lr * g;
       x += s[0];
     }},
    {"nesterov",  // Bengio, Boulanger-Lewandowski, Pascanu 2012, equation 7
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       const double before = s[0];
       s[0] = 0.9 * before - lr * g;
       x += 0.9 * 0.9 * before - (1 + 0.9) * lr * g;
     }},
    {"adagrad(0.001)",  // Duchi, Hazan, Singer 2011, figure 1 with delta outside the root
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       s[0] += g * g;
       x -= lr * g / (std::sqrt(s[0]) + 1e-3);
     }},
    {"adadelta(0.8, 0.001)",  // Zeiler 2012, algorithm 1
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       s[0] = 0.8 * s[0] + 0.2 * g * g;
       const double step = -std::sqrt(s[1] + 1e-3) / std::sqrt(s[0] + 1e-3) * g;
       s[1] = 0.8 * s[1] + 0.2 * step * step;
       x += lr * step;
     }},
    {"rmsprop(0.8)", [](double& x, double g, std::vector<double>& s, int,
                        double lr) { x -= lr * rmsprop(g, s, 0.8, false, 1e-8); }},
    {"rmsprop(0.8, 0.7, eps=0.001)",
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       x -= lr * (s[1] = 0.7 * s[1] + rmsprop(g, s, 0.8, false, 1e-3));
     }},
    {"rmsprop(0.8, eps=0.001, centred=true)", [](double& x, double g, std::vector<double>& s, int,
                                                 double lr) { x -= lr * rmsprop(g, s, 0.8, true, 1e-3); }},
    {"rmsprop(0.8, 0.7, eps=0.001, centred=true)",
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       x -= lr * (s[2] = 0.7 * s[2] + rmsprop(g, s, 0.8, true, 1e-3));
     }},
    {"adam", [](double& x, double g, std::vector<double>& s, int t,
                double lr) { x -= lr * adam(g, s, t, 0.9, 0.999, 1e-8); }},
    {"adam(0.8, 0.99, eps=0.001)", [](double& x, double g, std::vector<double>& s, int t,
                                      double lr) { x -= lr * adam(g, s, t, 0.8, 0.99, 1e-3); }},
    {"adam(0.3, 0.4, eps=0.001)", [](double& x, double g, std::vector<double>& s, int t,
                                     double lr) { x -= lr * adam(g, s, t, 0.3, 0.4, 1e-3); }},
    {"adamw(decay=0.1)",  // Loshchilov and Hutter 2019, algorithm 2, with the schedule in lr
     [](double& x, double g, std::vector<double>& s, int t, double lr) {
       const double before = x;
       x -= lr * adam(g, s, t, 0.9, 0.999, 1e-8);
       x -= lr * 0.1 * before;
     }},
    {"nadam(0.8, 0.99, eps=0.001)",  // Dozat 2016, algorithm 2, mu = 0.8
     [](double& x, double g, std::vector<double>& s, int t, double lr) {
       s[0] = 0.8 * s[0] + 0.2 * g;
       s[1] = 0.99 * s[1] + 0.01 * g * g;
       const double m = 0.8 * s[0] / (1 - std::pow(0.8, t + 1)) + 0.2 * g / (1 - std::pow(0.8, t));
       x -= lr * m / (std::sqrt(s[1] / (1 - std::pow(0.99, t))) + 1e-3);
     }},
    {"amsgrad(0.8, 0.5, eps=0.001)",  // Reddi, Kale, Kumar 2018, algorithm 2, with Adam's corrections
     [](double& x, double g, std::vector<double>& s, int t, double lr) {
       s[0] = 0.8 * s[0] + 0.2 * g;
       s[1] = 0.5 * s[1] + 0.5 * g * g;
       s[2] = std::max(s[2], s[1]);
       x -= lr * s[0] / (1 - std::pow(0.8, t)) / (std::sqrt(s[2] / (1 - std::pow(0.5, t))) + 1e-3);
     }},
    {"lion(0.8, 0.6, decay=0.1)",  // Chen et al. 2023, algorithm 2
     [](double& x, double g, std::vector<double>& s, int, double lr) {
       const double c = 0.8 * s[0] + 0.2 * g;
       x -= lr * ((c > 0) - (c < 0) + 0.1 * x);
       s[0] = 0.6 * s[0] + 0.4 * g;
     }},
};

/// A rule from outside of this tree.
struct SignOfMean {
  static constexpr Info kInfo{.name = "sign_of_mean", .doc = "The sign of a running mean."};
  static constexpr std::string_view kStates = "mean";
  static constexpr double kLr = 1e-4;
  double beta1 = 0.9, beta2 = 0.99;
  void fields(Fields& f) {
    f("beta1", beta1, "share of the mean in the step", fraction());
    f("beta2", beta2, "what is left of the mean after a step", fraction());
  }
  Numbers numbers(std::int64_t, double lr) const { return {lr, beta1, beta2}; }
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> n) const {
    const Tensor step = sign(n[1] * states[0] + (1 - n[1]) * gradient);
    states[0] = n[2] * states[0] + (1 - n[2]) * gradient;
    return value - n[0] * step;
  }
};

class Rules : public ::testing::TestWithParam<std::string> {
 protected:
  Shared<Rule> rule() const { return config::make<Rule>(config::parse_text(GetParam(), "rule")); }
};
std::vector<std::string> texts() {
  std::vector<std::string> all;
  for (const auto& [text, formula] : kFormulas) all.push_back(text);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Formulas, Rules, ::testing::ValuesIn(texts()), [](const auto& text) {
  return text.param.substr(0, text.param.find('(')) + std::to_string(text.index);
});

TEST(RuleTable, HasAFormulaOfEachRule) {
  for (const std::string& name : registry<Rule>().names()) {
    if (name == SignOfMean::kInfo.name) continue;  // a test below makes it known
    const auto is_of_it = [&](const auto& row) { return row.first.substr(0, row.first.find('(')) == name; };
    EXPECT_TRUE(std::any_of(kFormulas.begin(), kFormulas.end(), is_of_it)) << name << " has no formula here";
  }
}

/// A gradient that depends on step and value.
Values gradient(const Values& x, int t) {
  Values g(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) g[i] = std::sin(t + static_cast<double>(i)) * x[i];
  return g;
}

TEST_P(Rules, FollowTheirFormulas) {
  const nn::Parameter p(tensor({1, -2, 3, 1e-3}, f64));
  Optimizer optimizer({{"p", p}}, rule(), {.lr = 0.1});
  Values x = p.value().to_vector();
  std::vector<Values> states(x.size(), Values(3));
  for (int t = 1; t <= 30; ++t) {
    const Values g = gradient(x, t);
    optimizer.step(std::vector<Tensor>{from_data(g, {4})});
    for (std::size_t i = 0; i < x.size(); ++i) kFormulas.at(GetParam())(x[i], g[i], states[i], t, 0.1);
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(p.value().to_vector()[i], x[i], 1e-13) << "step " << t;
  }
  std::size_t at = 0;  // the states have the formula's numbers, too
  for (const auto& [name, tensor] : optimizer.state()) {
    if (name == "steps") continue;
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(tensor.to_vector()[i], states[i][at], 1e-13) << name;
    ++at;
  }
}

TEST_P(Rules, WorkInF32) {
  const nn::Parameter wide(tensor({1, -2, 3}, f64)), narrow(tensor({1, -2, 3}, f32));
  Optimizer exact({{"p", wide}}, rule(), {.lr = 0.1}), rounded({{"p", narrow}}, rule(), {.lr = 0.1});
  for (int t = 1; t <= 5; ++t) {
    exact.step(mean(square(wide.value())));
    rounded.step(mean(square(narrow.value())));
  }
  EXPECT_EQ(narrow.value().dtype(), f32);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(narrow.value().to_vector()[i], wide.value().to_vector()[i], 1e-5);
}

// Nothing pushes: what is 0 stays there, and nothing becomes nan.
TEST_P(Rules, StayWhereTheyAreWithoutGradients) {
  const nn::Parameter zero(zeros({3}, f64)), other(ones({3}, f64));
  Optimizer optimizer({{"zero", zero}, {"other", other}}, rule());
  for (int t = 0; t < 3; ++t) optimizer.step(std::vector<Tensor>{zeros({3}, f64), zeros({3}, f64)});
  EXPECT_EQ(zero.value().to_vector(), Values(3));
  const bool decays = GetParam().find("decay") != std::string::npos;
  for (const double x : other.value().to_vector()) {
    EXPECT_TRUE(std::isfinite(x));
    EXPECT_EQ(x != 1, decays);
  }
}

TEST_P(Rules, GoOnFromAStateAsIfNeverStopped) {
  const auto make_net = [] {
    nn::Sequential net(nn::Affine(5), nn::Tanh(), nn::Affine(2));
    net.build(zeros({1, 3}));
    return net;
  };
  const auto train = [](const nn::Layer& net, Optimizer& optimizer, int from, int to) {
    for (int step = from; step < to; ++step) {
      const Tensor x = normal({4, 3}, {.seed = 2, .step = static_cast<std::uint64_t>(step)});
      nn::Pass pass = nn::Pass::training(1, step);
      optimizer.step(mean(square(net.forward(x, pass) - 1)), pass);
    }
  };
  const Options options{.lr = step_decay(0.1, 0.5, steps(3)), .weight_decay = 0.01};
  const nn::Sequential whole = make_net(), first = make_net(), second = make_net();
  Optimizer never_stopped(whole, rule(), options);
  train(whole, never_stopped, 0, 10);

  Optimizer stopped(first, rule(), options);
  train(first, stopped, 0, 4);
  const NamedTensors state = stopped.state();
  std::vector<Values> before;
  for (const auto& [name, tensor] : state) before.push_back(tensor.to_vector());
  for (std::size_t i = 0; i < 4; ++i) {
    nn::Parameter(second.parameters()[i].parameter).set_value(first.parameters()[i].parameter.value());
  }
  train(first, stopped, 4, 6);  // what was taken stays as it is
  std::size_t at = 0;
  for (const auto& [name, tensor] : state) EXPECT_EQ(tensor.to_vector(), before[at++]) << name;

  Optimizer resumed(second, rule(), options);
  resumed.restore(state);
  EXPECT_EQ(resumed.steps(), 4);
  train(second, resumed, 4, 10);
  EXPECT_EQ(resumed.lr(), never_stopped.lr());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(second.parameters()[i].parameter.value().to_vector(),
              whole.parameters()[i].parameter.value().to_vector());
  }
  const NamedTensors here = resumed.state(), there = never_stopped.state();
  EXPECT_EQ(here.names(), there.names());
  for (const auto& [name, tensor] : here) EXPECT_EQ(tensor.to_vector(), there[name].to_vector()) << name;
}

TEST_P(Rules, AreReadAndWritten) {
  const std::string said = config::describe(*rule());
  EXPECT_EQ(said, GetParam());
  const config::Value all = config::write(*rule());
  EXPECT_EQ(config::write(*config::make<Rule>(config::parse_json(config::to_json(all), "a"))), all);
  EXPECT_EQ(config::write(*config::make<Rule>(config::parse_text(config::to_text(all)))), all);
}

// "Deep Learning from Scratch" (Saitoh), section 6.1: 30 steps on x^2 / 20 + y^2 from (-7, 2), by the book's
// classes in NumPy with its learning rates.
TEST(BookRules, WalkTheBooksValley) {
  const auto walk = [](const AnyRule& rule, double lr) {
    const nn::Parameter x(scalar(-7, f64)), y(scalar(2, f64));
    Optimizer optimizer({{"x", x}, {"y", y}}, rule, {.lr = lr});
    for (int step = 0; step < 30; ++step) optimizer.step(square(x.value()) / 20 + square(y.value()));
    return Values{x.value().item(), y.value().item()};
  };
  const auto expect_at = [](const Values& found, const Values& expected) {
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(found[i], expected[i], 1e-10);
  };
  expect_at(walk(Sgd{}, 0.95), {-0.3503929957523197, 0.0847823165504322});
  expect_at(walk(Momentum{.momentum = 0.9}, 0.1), {0.896413858493733, 0.08808560171506971});
  expect_at(walk(AdaGrad{}, 1.5), {-0.12016232231416045, 2.486389893984459e-17});
  // The book adds 1e-7 to the root before its correction, the paper's algorithm 1 (here in plain Python) 1e-8
  // behind it.
  expect_at(walk(Adam{.eps = 1e-7, .eps_hat = true}, 0.3), {0.13600685239498472, 0.3182453755372194});
  expect_at(walk(Adam{}, 0.3), {0.13601461732623446, 0.31824538889630954});
}

// Without a memory, a small gradient after a large one counts as it is.
TEST(Adam, ForgetsWhollyWhereTheBetasAreZero) {
  const nn::Parameter p(tensor({0}, f32));
  Optimizer adam({{"p", p}}, Adam{.beta1 = 0, .beta2 = 0, .eps = 0}, {.lr = 0.5});
  adam.step(std::vector<Tensor>{tensor({1e8}, f32)});
  EXPECT_EQ(p.value().item(), -0.5);
  adam.step(std::vector<Tensor>{tensor({1e-3}, f32)});
  EXPECT_EQ(p.value().item(), -1.0);
}

// The first step is lr in the direction of the sign, whatever the gradient's size (section 2.1 of the paper).
TEST(Adam, FirstStepIsTheRate) {
  const nn::Parameter p(tensor({0, 0}, f64));
  Optimizer adam({{"p", p}}, Adam{.eps = 0}, {.lr = 0.5});
  adam.step(std::vector<Tensor>{tensor({1e-6, -1e6}, f64)});
  EXPECT_NEAR(p.value().to_vector()[0], -0.5, 1e-12);
  EXPECT_NEAR(p.value().to_vector()[1], 0.5, 1e-12);
}

TEST(UsersRules, WorkLikeThoseOfTheLibrary) {
  static const bool is_known = (add_boxed<Rule, SignOfMean>(), true);
  ASSERT_TRUE(is_known);
  const nn::Parameter p(tensor({1, -2}, f64));
  Optimizer by_name({{"p", p}}, config::make<Rule>(config::parse_text("sign_of_mean(0.5)")));
  EXPECT_EQ(by_name.lr(), 1e-4);
  EXPECT_EQ(config::describe(by_name.rule()), "sign_of_mean(0.5)");
  by_name.set_lr(0.25);
  by_name.step(sum(square(p.value())));
  EXPECT_EQ(p.value().to_vector(), (Values{0.75, -1.75}));
  EXPECT_EQ(by_name.state()["p.mean"].to_vector(), (Values{2 * (1 - 0.99), -4 * (1 - 0.99)}));
  Optimizer direct({{"p", p}}, SignOfMean{.beta1 = 0});
  direct.step(sum(p.value()));
  EXPECT_NEAR(p.value().to_vector()[0], 0.75 - 1e-4, 1e-15);
}

}  // namespace
}  // namespace chainrule::optim
