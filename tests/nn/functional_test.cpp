#include "chainrule/nn/functional.h"

#include <gtest/gtest.h>

#include "chainrule/chainrule.h"

namespace chainrule::testing {
namespace {

nn::Sequential net_for_functional_call() {
  nn::Sequential net(nn::Affine(3), nn::BatchNorm{}, nn::Tanh{}, nn::Affine(1));
  net.build(ones({4, 2}, f64), {.dtype = f64, .follow = false});
  return net;
}

Tensor rows_for_functional_call() { return tensor({0.5, -1, 2, 0.25, 1, 1, -0.5, 3}, {4, 2}, f64); }

NamedTensors scaled_parameters_of(const nn::Sequential& net, double factor) {
  NamedTensors values;
  for (const nn::NamedParameter& p : net.parameters()) values.add(p.name, p.parameter.value() * factor);
  return values;
}

TEST(FunctionalCall, IsTheNetWithOtherValues) {
  const nn::Sequential net = net_for_functional_call();
  const std::vector<double> own = net.predict(rows_for_functional_call()).to_vector();
  const NamedTensors values = scaled_parameters_of(net, 1.5);
  const Tensor y = nn::functional_call(net, values, rows_for_functional_call())[0];
  EXPECT_EQ(net.predict(rows_for_functional_call()).to_vector(), own);
  const Shared<nn::Layer> other = net.clone();
  for (nn::NamedParameter& p : other->parameters()) p.parameter.set_value(values[p.name]);
  EXPECT_EQ(y.to_vector(), other->predict(rows_for_functional_call()).to_vector());
  EXPECT_NE(y.to_vector(), own);
}

TEST(FunctionalCall, GradientsAndHessiansGoToTheValues) {
  const nn::Sequential net = net_for_functional_call();
  const Tensor start = net.parameter("affine1.weight").value();
  const auto loss = [&](const Tensor& scale) {
    return sum(
        square(nn::functional_call(net, {{"affine1.weight", start * scale}}, rows_for_functional_call())[0]));
  };
  EXPECT_TRUE(grad_check(loss, scalar(0.75, f64)).ok());
  EXPECT_TRUE(grad_check(loss, scalar(0.75, f64), {.order = 2}).ok());
}

TEST(FunctionalCall, StatesHaveOtherValuesToo) {
  const nn::Sequential net = net_for_functional_call();
  const nn::NamedState mean = net.states().front();
  const Tensor moved =
      nn::functional_call(net, {{mean.name, mean.state.value() + 1.0}}, rows_for_functional_call())[0];
  EXPECT_NE(moved.to_vector(), net.predict(rows_for_functional_call()).to_vector());
}

TEST(FunctionalCall, TheNetHasItsOwnValuesAfterAnError) {
  const nn::Sequential net = net_for_functional_call();
  const std::vector<double> own = net.predict(rows_for_functional_call()).to_vector();
  EXPECT_THROW(nn::functional_call(net, scaled_parameters_of(net, 2), ones({4, 5}, f64)), Error);
  EXPECT_EQ(net.predict(rows_for_functional_call()).to_vector(), own);
}

// The loop over time is one operation, which takes numbers of one dtype: memory behind f32 was read as f64.
TEST(FunctionalCall, TakesWiderValuesInRecurrentLayers) {
  const Tensor x = rows_for_functional_call();
  const auto check = [&](nn::Sequential net) {
    const Tensor steps = cast(reshape(x, {2, 2, 2}), f32);
    net.build(steps);
    const Tensor own = net.predict(steps);
    NamedTensors all;
    for (const nn::NamedParameter& p : net.parameters()) {
      all.add(p.name, cast(p.parameter.value(), f64));
      const Tensor y = nn::functional_call(net, {{p.name, all[p.name]}}, steps)[0];
      EXPECT_TRUE(allclose(y, own, 1e-5, 1e-6)) << p.name;
    }
    EXPECT_TRUE(allclose(nn::functional_call(net, all, steps)[0], own, 1e-5, 1e-6));
  };
  check(nn::Sequential(nn::Rnn(3)));
  check(nn::Sequential(nn::Rnn(3, {.layers = 2, .bidirectional = true, .bias = false})));
  check(nn::Sequential(nn::Lstm(3)));
  check(nn::Sequential(nn::Gru(3)));
  nn::Gru first_paper(3);
  first_paper.reset_after = false;
  check(nn::Sequential(first_paper));
}

TEST(FunctionalCall, RefusesTwoValuesOfOneParameter) {
  const nn::Affine both(2);
  nn::Sequential net(both, nn::Tanh{}, both);
  const Tensor x = rows_for_functional_call(), w = 2.0 * eye(2, 2, f64);
  net.build(x, {.dtype = f64});
  EXPECT_NO_THROW(nn::functional_call(net, {{"affine1.weight", w}, {"affine2.weight", w}}, x));
  EXPECT_THROW(nn::functional_call(net, {{"affine1.weight", w}, {"affine2.weight", 2.0 * w}}, x), ValueError);
}

TEST(FunctionalCall, ErrorsNameWhatDoesNotFit) {
  const nn::Sequential net = net_for_functional_call();
  const auto message = [&](const NamedTensors& values) -> std::string {
    try {
      nn::functional_call(net, values, rows_for_functional_call());
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_EQ(
      message({{"affine1.wieght", zeros({2, 3})}}),
      "[functional_call] no parameter or state \"affine1.wieght\". Did you mean \"affine1.weight\"? (E043)");
  EXPECT_EQ(message({{"affine1.weight", zeros({3, 2}, f64)}}),
            "[functional_call] the value of affine1.weight is (3, 2) f64, the net's (2, 3) f64. (E042)");
  EXPECT_EQ(message({{"affine1.weight", zeros({2, 3}, i64)}}),
            "[functional_call] the value of affine1.weight is (2, 3) i64, the net's (2, 3) f64. (E042)");
  EXPECT_THROW(nn::WithValues(nn::Affine(3), {{"weight", zeros({2, 3})}}), ValueError);  // E240
}

}  // namespace
}  // namespace chainrule::testing
