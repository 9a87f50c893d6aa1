// What CONTRIBUTING.md says a new layer, optimizer, schedule, metric and option take: its examples, as they
// stand there.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "chainrule/plot.h"

using namespace chainrule;
#include "contributing.h"  // made of CONTRIBUTING.md

namespace {

// Derivatives of sin(x) / x from its series, 1 - x^2/6 + x^4/120 - ...: at 0 they are 0 and -1/3.
TEST(Extension, ARemovableSingularity) {
  const Tensor x = tensor({0, 1e-3, -0.0999, 0.1001, 2}, f64);
  const Tensor y = sinc(x), first = grad(sum(y), x), second = grad(sum(first), x);
  EXPECT_EQ(y.to_vector()[0], 1);
  EXPECT_EQ(first.to_vector()[0], 0);
  EXPECT_DOUBLE_EQ(second.to_vector()[0], -1.0 / 3);
  for (std::size_t i = 1; i < 5; ++i) {
    const double at = x.to_vector()[i], s = std::sin(at), c = std::cos(at);
    EXPECT_NEAR(y.to_vector()[i], s / at, 1e-15);
    EXPECT_NEAR(first.to_vector()[i], at * at > 1e-5 ? c / at - s / (at * at) : -at / 3, 1e-9);
    EXPECT_NEAR(second.to_vector()[i], -s / at - 2 * first.to_vector()[i] / at, 1e-11);
  }
}

TEST(Extension, ALayer) {
  registry<nn::Layer>().add<Scale>();
  const auto net = config::make<nn::Layer>(config::parse_text("sequential([scale(3), affine(1)])"));
  EXPECT_EQ(net->describe(), "sequential([scale(3.0), affine(1)])");
  net->build(ones({1, 2}));
  EXPECT_EQ(net->parameters()[0].name, "scale1.factor");
  EXPECT_EQ(net->parameters()[0].parameter.value().item(), 3);
  nn::Parameter factor = net->parameters()[0].parameter;
  Tensor y = net->forward(ones({1, 2}));
  net->backward(ones({1, 1}));
  const Tensor weight = net->parameter("affine1.weight").value();
  EXPECT_FLOAT_EQ(static_cast<float>(factor.grad().item()), static_cast<float>(sum(weight).item()));
}

TEST(Extension, AnOptimizer) {
  add_boxed<optim::Rule, SignDescent>();
  const nn::Parameter p(tensor({1, -2, 3}));
  optim::Optimizer optimizer({{"p", p}}, config::make<optim::Rule>(config::parse_text("sign_descent")),
                             {.lr = 0.5});
  optimizer.step(sum(square(p.value())));
  EXPECT_EQ(p.value().to_vector(), (std::vector<double>{0.5, -1.5, 2.5}));
}

TEST(Extension, ASchedule) {
  add_boxed<optim::Schedule, InverseRoot>();
  const auto schedule = config::make<optim::Schedule>(config::parse_text("inverse_root(0.2, decay=1.5)"));
  EXPECT_DOUBLE_EQ(schedule->at(2, 0), 0.1);
  EXPECT_DOUBLE_EQ(optim::Rate(InverseRoot{.lr = 0.2, .decay = 1.5}).at(2), 0.1);
}

TEST(Extension, AMetric) {
  add_boxed<metric::Metric, Bias>();
  nn::Sequential net{nn::Affine(tensor({1}, {1, 1}), tensor({2}))};
  const data::Source source = data::arrays(tensor({1, 2, 3}, {3, 1}), tensor({1, 2, 3}, {3, 1}));
  EXPECT_DOUBLE_EQ(train::evaluate(net, source, Bias{}), 2);
}

TEST(Extension, APlot) {
  registry<plot::Plot>().add<Sizes>();
  const auto plot = config::make<plot::Plot>(config::Value("sizes"));
  EXPECT_EQ(plot->draw({}).missing, "it needs a trained net");
  const Shared<nn::Layer> net(new nn::Affine(3));
  net->build(ones({1, 2}));
  plot::Subject subject;
  subject.model.net = net;
  const plot::Figure figure = plot->draw(subject).figures.at(0);
  EXPECT_EQ(figure.series.at(0).y, (std::vector<double>{6, 3}));
  EXPECT_NE(plot::svg(figure).find(">sizes</text>"), std::string::npos);
}

TEST(Extension, AnOption) {
  TrainingOptions options;
  config::set(options, "lr", "0.5");
  EXPECT_EQ(options.lr, 0.5);
  EXPECT_THROW(config::set(options, "lr", "0"), ValueError);
  EXPECT_EQ(config::leaves(config::Settings(options))[1].doc, "passes over the training set");
}

}  // namespace
