// What an optimizer does beside its rule: groups, weight decay, clipping, states, errors.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"

namespace chainrule::optim {
namespace {

using Values = std::vector<double>;

Values after(const nn::Parameter& p, Optimizer& optimizer, const Tensor& gradient) {
  optimizer.step(std::vector<Tensor>{gradient});
  return p.value().to_vector();
}

TEST(Options, ClipValueCutsEachNumber) {
  const nn::Parameter p(zeros({4}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = 1, .clip_value = 2});
  EXPECT_EQ(after(p, sgd, tensor({-5, -1, 2, 7}, f64)), (Values{2, 1, -2, -2}));
}

// Gradients (3, 0), (0, 4) have the norm 5 together.
TEST(Options, ClipNormScalesAllTogether) {
  const auto clipped = [](double norm) {
    const nn::Parameter a(zeros({2}, f64)), b(zeros({2}, f64));
    Optimizer sgd({{"a", a}, {"b", b}}, Sgd{}, {.lr = 1, .clip_norm = norm});
    sgd.step({tensor({3, 0}, f64), tensor({0, 4}, f64)});
    return Values{a.value().to_vector()[0], b.value().to_vector()[1]};
  };
  EXPECT_EQ(clipped(2.5), (Values{-1.5, -2}));
  EXPECT_EQ(clipped(5), (Values{-3, -4}));
  EXPECT_EQ(clipped(100), (Values{-3, -4}));
}

TEST(Options, ClipNormTakesZerosAndDtypesThatDiffer) {
  const nn::Parameter a(zeros({2}, f32)), b(zeros({2}, f64));
  Optimizer sgd({{"a", a}, {"b", b}}, Sgd{}, {.lr = 1, .clip_norm = 2.5});
  sgd.step({zeros({2}), zeros({2}, f64)});
  EXPECT_EQ(a.value().to_vector(), Values(2));
  sgd.step({tensor({3, 0}, f32), tensor({0, 4}, f64)});
  EXPECT_EQ(a.value().to_vector(), (Values{-1.5, 0}));
  EXPECT_EQ(b.value().to_vector(), (Values{0, -2}));
  EXPECT_EQ(a.value().dtype(), f32);
}

TEST(Options, WeightDecayIsForWeights) {
  const nn::Parameter weight(full({1, 2}, 10, f64)), bias(full({2}, 10, f64)), number(scalar(10, f64));
  Optimizer sgd({{"weight", weight}, {"bias", bias}, {"number", number}}, Sgd{},
                {.lr = 0.5, .weight_decay = 0.2});
  sgd.step({ones({1, 2}, f64), ones({2}, f64), ones({}, f64)});
  EXPECT_EQ(weight.value().to_vector(), (Values{8.5, 8.5}));  // 10 - 0.5 (1 + 0.2 * 10)
  EXPECT_EQ(bias.value().to_vector(), (Values{9.5, 9.5}));
  EXPECT_EQ(number.value().item(), 9.5);
}

/// Parameters of ones, two axes each, and their values after a step with gradients of ones and lr 1.
Values grouped(std::vector<Group> groups, double weight_decay = 0) {
  const nn::Parameter a(ones({1, 1}, f64)), b(ones({1, 1}, f64)), c(ones({1, 1}, f64));
  Optimizer sgd({{"conv1.weight", a}, {"conv1.bias", b}, {"affine1.weight", c}}, Sgd{},
                {.lr = 1, .weight_decay = weight_decay, .groups = std::move(groups)});
  sgd.step(sum(a.value() + b.value() + c.value()));
  return {a.value().item(), b.value().item(), c.value().item()};
}

TEST(Groups, ChangeWhatTheirPatternMatches) {
  EXPECT_EQ(grouped({}), (Values{0, 0, 0}));
  EXPECT_EQ(grouped({{.match = "conv*", .lr_factor = 0.5}}), (Values{0.5, 0.5, 0}));
  EXPECT_EQ(grouped({{.match = "*.weight", .frozen = true}}), (Values{1, 0, 1}));
  EXPECT_EQ(grouped({{.match = "*1.*i*", .lr_factor = 0}}), (Values{1, 1, 1}));
  EXPECT_EQ(grouped({{.match = "conv1.bias", .weight_decay = 3}}, 2), (Values{-2, -3, -2}));
  EXPECT_EQ(grouped({{.match = "conv1.bias", .weight_decay = 0}}, 2), (Values{-2, 0, -2}));
}

// The last that matches and says something counts: the others stay as they were.
TEST(Groups, ChangeWhatTheySay) {
  const Group frozen{.match = "*", .frozen = true}, twice{.match = "conv1*", .lr_factor = 2};
  EXPECT_EQ(grouped({frozen, twice, {.match = "*bias"}}), (Values{1, 1, 1}));
  EXPECT_EQ(grouped({frozen, {.match = "*bias", .frozen = false}}), (Values{1, 0, 1}));
  EXPECT_EQ(grouped({{.match = "conv*", .frozen = true}, {.match = "*.bias", .lr_factor = 2}}),
            (Values{1, 1, 0}));
  EXPECT_EQ(grouped({twice, {.match = "*bias", .lr_factor = 1}}), (Values{-1, 0, 0}));
  EXPECT_EQ(grouped({{.match = "conv*", .weight_decay = 3}, {.match = "*bias", .lr_factor = 1}}),
            (Values{-3, -3, 0}));
  EXPECT_EQ(grouped({{.match = "conv*", .l1 = 3}, {.match = "*bias", .weight_decay = 1}}),
            (Values{-3, -4, 0}));
}

TEST(Groups, AreReadAndWrittenWithWhatTheySay) {
  Options options;
  config::read(options, config::parse_toml("groups = [{match = \"a*\", frozen = true}, {match = \"b\", "
                                           "frozen = false, lr_factor = 2}, {match = \"c\"}]",
                                           "text"));
  ASSERT_EQ(options.groups.size(), 3u);
  EXPECT_TRUE(bool(options.groups[0].frozen));
  EXPECT_EQ(options.groups[1].frozen.as, Said::As::no);
  EXPECT_EQ(options.groups[2].frozen.as, Said::As::not_said);
  const std::string text = config::to_toml(config::write(options));
  EXPECT_NE(text.find("frozen = true"), std::string::npos) << text;
  EXPECT_NE(text.find("frozen = false"), std::string::npos) << text;
  Options again;
  config::read(again, config::parse_toml(text, "text"));
  EXPECT_EQ(config::to_toml(config::write(again)), text);
}

TEST(Groups, MatchWholePaths) {
  for (const char* pattern : {"conv", "weight", "conv1.weight1", "*.Weight", "", "conv*x"}) {
    EXPECT_THROW(grouped({{.match = pattern}}), ValueError) << pattern;
  }
}

TEST(Groups, FrozenParametersNeedNoGradient) {
  const nn::Parameter used(ones({2}, f64)), other(ones({2}, f64));
  Optimizer adam({{"used", used}, {"other", other}}, Adam{},
                 {.groups = {{.match = "other", .frozen = true}}});
  adam.step(sum(used.value()));
  EXPECT_EQ(other.value().to_vector(), (Values{1, 1}));
  EXPECT_EQ(adam.state().names(), (std::vector<std::string>{"steps", "used.m", "used.v"}));
  EXPECT_EQ(adam.parameters().size(), 2u);
  Optimizer none({{"used", used}}, Adam{}, {.groups = {{.frozen = true}}});
  EXPECT_EQ(none.step(sum(used.value())), sum(used.value()).item());
}

TEST(Options, OutOfRangeAreRefused) {
  const nn::Parameter p(ones({2}));
  const auto refused = [&](AnyRule rule, const Options& options, const char* what) {
    const std::string text = message_of([&] { Optimizer({{"p", p}}, rule, options); });
    EXPECT_NE(text.find(what), std::string::npos) << text;
    EXPECT_NE(text.find("(E228)"), std::string::npos) << text;
  };
  refused(Adam{.beta1 = 1}, {}, "'beta1' of adam is 1");
  refused(Adam{.beta2 = -0.1}, {}, "'beta2' of adam is -0.1");
  refused(Adam{.eps = NAN}, {}, "'eps' of adam is nan");
  refused(Momentum{.momentum = 1}, {}, "'momentum' of momentum is 1");
  refused(AdamW{.decay = -1}, {}, "'decay' of adamw is -1");
  refused(Sgd{}, {.lr = -1}, "'lr' of constant is -1");
  refused(Sgd{}, {.lr = INFINITY}, "'lr' of constant is inf. Need a finite number, at least 0");
  refused(Sgd{}, {.weight_decay = -1}, "'weight_decay' is -1");
  refused(Sgd{}, {.clip_norm = NAN}, "'clip_norm' is nan");
  refused(Sgd{}, {.clip_value = -2}, "'clip_value' is -2");
  refused(Sgd{}, {.groups = {{.lr_factor = -2}}}, "'lr_factor' of groups is -2");
  Optimizer sgd({{"p", p}}, Sgd{});
  EXPECT_NE(message_of([&] { sgd.set_lr(-1); }).find("(E228)"), std::string::npos);
  EXPECT_NE(message_of([&] { sgd.set_lr(Rate()); }).find("(E239)"), std::string::npos);
  EXPECT_NE(message_of([&] { Optimizer({{"p", p}}, AnyRule()); }).find("(E239)"), std::string::npos);
  EXPECT_EQ(sgd.lr(), 0.01);
}

TEST(Options, LeftOutAreTheRules) {
  const nn::Parameter p(ones({2}));
  EXPECT_EQ(Optimizer({{"p", p}}, Adam{}).lr(), 0.001);
  EXPECT_EQ(Optimizer({{"p", p}}, Sgd{}).lr(), 0.01);
  EXPECT_EQ(Optimizer({{"p", p}}, Adam{}, {.lr = 0.5}).lr(), 0.5);
}

TEST(Options, ARuleIsFoundByItsName) {
  nn::Affine layer(2);
  Optimizer named(layer, "momentum(0.5)");
  EXPECT_EQ(config::describe(named.rule()), "momentum(0.5)");
  EXPECT_NE(message_of([&] { Optimizer(layer, "momentun"); }).find("momentum"), std::string::npos);
}

// Broadcasting would take one number for all, or fail when the parameters before have changed.
TEST(Gradients, ThatDoNotFitAreRefused) {
  const nn::Parameter p(tensor({1, 2}, f32));
  Optimizer adam({{"p", p}}, Adam{}), sgd({{"p", p}}, Sgd{});
  for (const Tensor& g : {tensor({1}, f32), ones({3, 2}), ones({3}), ones({2}, f64), Tensor()}) {
    EXPECT_THROW(adam.step(std::vector<Tensor>{g}), ValueError);
    EXPECT_THROW(sgd.step(std::vector<Tensor>{g}), ValueError);
  }
  EXPECT_THROW(sgd.step(std::vector<Tensor>{}), ValueError);
  EXPECT_THROW(sgd.step(), ValueError);
  EXPECT_EQ(p.value().to_vector(), (Values{1, 2}));
  EXPECT_EQ(adam.steps(), 0);
}

TEST(Steps, ChangeNothingWhereComputingFails) {
  const nn::Parameter p(tensor({1, 2}, f64));
  Optimizer adam({{"p", p}}, Adam{});
  EXPECT_THROW(adam.step(std::vector<Tensor>{take(tensor({1, 2}, f64), tensor({0, 5}, i64))}), ValueError);
  EXPECT_EQ(p.value().to_vector(), (Values{1, 2}));
  EXPECT_EQ(adam.steps(), 0);
}

TEST(Steps, NameWhatMadeTheLossInfinite) {
  nn::Sequential net(nn::Affine(tensor({1e30, -1e30}, {1, 2}), zeros({2})), nn::BatchNorm({.affine = false}));
  net.build(zeros({1, 1}));
  const Values mean = net.states()[0].state.value().to_vector();
  Optimizer sgd(net, Momentum{}, {.lr = 0.5});
  nn::Pass pass = nn::Pass::training(1, 0);
  net.forward(ones({4, 1}), pass);
  Tensor also = ones({2}) * 2;
  const std::string text = message_of([&] {
    const Tensor y = net[0].forward(ones({4, 1}), pass);
    sgd.step(sum(exp(y)), pass, {&also, 1});
  });
  const std::string line = std::to_string(__LINE__ - 2);
  EXPECT_EQ(
      text,
      "[momentum] the loss is infinite at step 1: the first number that is not finite came from exp, called "
      "from options_test.cpp:" +
          line + ". Nothing was changed. Use a smaller lr than 0.5, or clip_norm. (E080)");
  EXPECT_EQ(net.parameters()[0].parameter.value().to_vector(), tensor({1e30, -1e30}).to_vector());
  EXPECT_EQ(net.states()[0].state.value().to_vector(), mean);
  EXPECT_EQ(sgd.steps(), 0);
  EXPECT_EQ(also.to_vector(), (Values{2, 2}));  // what was handed over is there again
  pass.store();
  EXPECT_NE(net.states()[0].state.value().to_vector(), mean);
}

TEST(Steps, NameALeafThatIsNotFinite) {
  const nn::Parameter p(tensor({1, NAN}, f64));
  Optimizer sgd({{"p", p}}, Sgd{});
  EXPECT_EQ(message_of([&] { sgd.step(sum(p.value())); }),
            "[sgd] the loss is nan at step 1: the first number that is not finite came from parameter "
            "p. Nothing was changed. Use a smaller lr than 0.01, or clip_norm. (E080)");
}

TEST(Steps, NameTheDataThatIsNotFinite) {
  const nn::Parameter p(tensor({1, 2}, f64));
  Optimizer sgd({{"p", p}}, Sgd{});
  EXPECT_EQ(message_of([&] {
              sgd.step(sum(p.value() * tensor({1, NAN}, f64)));
            }),
            "[sgd] the loss is nan at step 1: the first number that is not finite came from a tensor of "
            "shape (2,) that was given. Nothing was changed. Mend the data, or leave those rows out. (E080)");
}

TEST(Steps, NeedThePassThatStatisticsAreIn) {
  nn::Sequential net{nn::Affine(2), nn::BatchNorm{}};
  Optimizer sgd(net, Sgd{});
  EXPECT_EQ(
      message_of([&] {
        sgd.step(mean(net.forward(ones({4, 3}))));
      }),
      "[sgd] the net keeps statistics (batch_norm1.mean), which a pass collects. Make the loss with a pass, "
      "and use step(loss, pass). (E266)");
}

TEST(Steps, NeedSomethingToTrain) {
  nn::Sequential net{nn::Relu()};
  Optimizer sgd(net, Sgd{});
  EXPECT_EQ(message_of([&] {
              sgd.step(mean(net.forward(ones({4, 3}))));
            }),
            "[sgd] there is nothing to train: the net has no parameters. Does each layer list its own in "
            "members()? (E267)");
}

/// Rules that a user gets wrong.
struct Many {
  static constexpr Info kInfo{.name = "many", .doc = "Eight numbers."};
  Numbers numbers(std::int64_t, double lr) const { return {lr, 1, 2, 3, 4, 5, 6, 7}; }
  Tensor update(const Tensor& value, const Tensor&, std::span<Tensor>, std::span<const Tensor>) const {
    return value;
  }
};
struct Shrinking {
  static constexpr Info kInfo{.name = "shrinking", .doc = "A state of another shape."};
  static constexpr std::string_view kStates = "norm";
  Numbers numbers(std::int64_t, double lr) const { return {lr}; }
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const {
    states[0] = sum(gradient);
    return value - numbers[0] * gradient;
  }
};

TEST(UsersRules, ThatAreWrongSaySo) {
  const nn::Parameter p(tensor({1, 2}, f64));
  Optimizer many({{"p", p}}, Many{}), shrinking({{"p", p}}, Shrinking{});
  EXPECT_EQ(
      message_of([&] { many.step(sum(p.value())); }),
      "[optimizer] a rule gives 8 numbers a step; it may give 6. Compute the others from those, as graph. "
      "(E265)");
  EXPECT_EQ(
      message_of([&] { shrinking.step(sum(p.value())); }),
      "[shrinking] the rule made () of parameter p or a state of it, which is (2,) f64; both must be alike. "
      "(E268)");
}

TEST(Steps, ComputeOthersInTheSameRun) {
  const nn::Parameter p(tensor({1, 2}, f64));
  Optimizer sgd({{"p", p}}, Sgd{}, {.lr = 1});
  const Tensor y = p.value() * 3;
  std::vector<Tensor> also{max(y), y + 0};
  nn::Pass pass = nn::Pass::training(1, 0);
  EXPECT_EQ(sgd.step(sum(y), pass, also), 9);
  EXPECT_EQ(also[0].item(), 6);  // by the old parameters
  EXPECT_EQ(also[1].to_vector(), (Values{3, 6}));
  EXPECT_EQ(p.value().to_vector(), (Values{-2, -1}));
  EXPECT_THROW(grad(also[0], p.value()), ValueError);  // leaves
}

TEST(Steps, TakeANetThatIsBuiltLater) {
  nn::Sequential net(nn::Affine(3), nn::Relu(), nn::Affine(1));
  Optimizer adam(net, "adam");
  ASSERT_EQ(adam.parameters().size(), 4u);
  EXPECT_EQ(adam.parameters()[3].name, "affine2.bias");
  const Tensor x = ones({2, 4});
  const double before = adam.step(mean(square(net.predict(x) - 1)));
  EXPECT_LT(mean(square(net.predict(x) - 1)).item(), before);
}

TEST(States, ListWhatDoesNotFit) {
  const nn::Parameter p(ones({2})), q(ones({3}));
  Optimizer momentum({{"p", p}, {"q", q}}, Momentum{});
  NamedTensors other{{"steps", scalar(7, i64)}, {"p.velocity", ones({3})}, {"r.velocity", ones({2})}};
  EXPECT_EQ(message_of([&] { momentum.restore(other); }),
            "[momentum] the state does not fit this optimizer: p.velocity is (3,) f32 instead of (2,) f32; "
            "q.velocity "
            "is missing; r.velocity is not known. Is it that of the same net, rule and groups? (E264)");
  EXPECT_EQ(momentum.steps(), 0);
  EXPECT_EQ(momentum.state()["p.velocity"].to_vector(), (Values{0, 0}));
}

// The restored state is the optimizer's own: later steps do not write over what was given.
TEST(States, AreCopiedWhenRestored) {
  const nn::Parameter p(zeros({2000}));
  Optimizer momentum({{"p", p}}, Momentum{}, {.lr = 1});
  const NamedTensors given{{"steps", scalar(7, i64)}, {"p.velocity", full({2000}, 2)}};
  momentum.restore(given);
  for (int i = 0; i < 4; ++i) momentum.step(sum(p.value()));
  EXPECT_EQ(momentum.steps(), 11);
  EXPECT_EQ(given["p.velocity"].to_vector(), Values(2000, 2));
}

// The slope of sqrt is infinite at 0, and 0 times infinity NaN, beside a loss that is finite.
TEST(NotFinite, GradientOfAFiniteLossIsNamed) {
  const nn::Parameter w(ones({2}, f64)), b(ones({2}, f64));
  Optimizer sgd({{"w", w}, {"b", b}}, Sgd{}, {.lr = 0.1});
  const auto loss = [&] { return sum(square(b.value())) + sum(sqrt(square(w.value() - w.value()))); };
  EXPECT_EQ(sgd.step(loss()), 2);
  const std::string text = message_of([&] { sgd.step(loss()); });
  EXPECT_NE(
      text.find(
          "came from parameter w, which step 1 made nan although its loss was finite: the gradient of w was "
          "not. Nothing was changed. No smaller lr mends that"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("Use a smaller lr"), std::string::npos) << text;
  EXPECT_NEAR(b.value().to_vector()[0], 0.8, 1e-12);
}

TEST(Names, OfParametersDiffer) {
  const nn::Parameter a(ones({2})), b(ones({2}));
  const std::string text = message_of([&] { Optimizer({{"weight", a}, {"weight", b}}, Adam{}); });
  EXPECT_NE(text.find("[adam] two parameters are called weight."), std::string::npos) << text;
  EXPECT_EQ(Optimizer({{"weight", a}, {"weight", a}}, Adam{}).parameters().size(), 1u);  // one, listed twice
}

TEST(AllowUnused, LeavesWhatTheLossDoesNotReach) {
  for (const double clip_norm : {0.0, 100.0}) {
    const nn::Parameter a(ones({2}, f64)), b(ones({2}, f64));
    Optimizer adam({{"a", a}, {"b", b}}, Adam{}, {.lr = 0.1, .clip_norm = clip_norm, .allow_unused = true});
    adam.step(sum(a.value() + b.value()));
    const Values before = b.value().to_vector(), state = adam.state()["b.m"].to_vector();
    adam.step(sum(a.value()));
    EXPECT_EQ(b.value().to_vector(), before);  // though its velocity is not 0
    EXPECT_EQ(adam.state()["b.m"].to_vector(), state);
    EXPECT_NE(a.value().to_vector(), before);
    EXPECT_EQ(adam.gradients(sum(a.value()))[1].to_vector(), (Values{0, 0}));
  }
}

}  // namespace
}  // namespace chainrule::optim
