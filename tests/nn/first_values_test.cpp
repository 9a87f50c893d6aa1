// What parameters start from: the initialisers against their formulas, and what the numbers depend on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "chainrule/config.h"
#include "nn/samples.h"

namespace chainrule::nn {
namespace {

/// What an initialiser must give for many numbers.
struct Expected {
  double mean = 0;
  double deviation = 0;
  double bound = INFINITY;  // of all numbers' sizes
};
constexpr Fans kFans{.in = 300, .out = 100};

/// The formulas of the papers, by name and settings. An initialiser without one fails the test below.
const std::map<std::string, Expected> kFormulas = {
    {"zeros", {0, 0, 0}},
    {"constant(-1.5)", {-1.5, 0, 1.5}},
    {"normal(0.2)", {0, 0.2}},
    {"uniform(-0.3, 0.5)", {0.1, 0.8 / std::sqrt(12.0), 0.5}},
    {"xavier", {0, std::sqrt(2.0 / 400)}},
    {"xavier(2, uniform=true)", {0, 2 * std::sqrt(2.0 / 400), 2 * std::sqrt(6.0 / 400)}},
    {"he", {0, std::sqrt(2.0 / 300)}},
    {"he(0.5, uniform=true)", {0, 0.5 * std::sqrt(2.0 / 300), 0.5 * std::sqrt(6.0 / 300)}},
    {"lecun", {0, std::sqrt(1.0 / 300)}},
    {"lecun(uniform=true)", {0, std::sqrt(1.0 / 300), std::sqrt(3.0 / 300)}},
    {"orthogonal(3)", {0, 3 / std::sqrt(300.0)}},  // columns of length 3 with 300 numbers each
};

Shared<Initializer> make(std::string_view text) {
  return config::make<Initializer>(config::parse_text(text, "initializer"));
}

TEST(Initializers, FollowTheirFormulas) {
  const Shape shape{300, 200};
  const auto count = static_cast<double>(shape.numel());
  for (const auto& [text, expected] : kFormulas) {
    const Tensor made = make(text)->make(shape, kFans, {.seed = 5});
    EXPECT_EQ(made.dtype(), f64) << text;
    const std::vector<double> x = made.to_vector();
    const double mean = chainrule::mean(made).item();
    const double deviation = std::sqrt(chainrule::mean(square(made - mean)).item());
    // Four deviations of the estimate: of a mean d / sqrt(n), of a deviation at most d / sqrt(2 n).
    EXPECT_NEAR(mean, expected.mean, 4 * expected.deviation / std::sqrt(count)) << text;
    EXPECT_NEAR(deviation, expected.deviation, 4 * expected.deviation / std::sqrt(2 * count)) << text;
    for (const double number : x) ASSERT_LE(std::abs(number), expected.bound) << text;
    if (expected.deviation > 0 && std::isfinite(expected.bound)) {
      EXPECT_GT(*std::max_element(x.begin(), x.end()), 0.999 * expected.bound) << text;
    }
  }
}

TEST(Initializers, HaveEachAFormula) {
  for (const std::string& name : registry<Initializer>().names()) {
    const auto is_of_it = [&](const auto& row) { return row.first.substr(0, row.first.find('(')) == name; };
    EXPECT_TRUE(std::any_of(kFormulas.begin(), kFormulas.end(), is_of_it)) << name << " has no formula here";
  }
}

TEST(Initializers, AreReadAndWritten) {
  for (const auto& [text, expected] : kFormulas) {
    const Shared<Initializer> made = make(text);
    const std::string said = config::describe(*made);
    EXPECT_EQ(config::describe(*make(said)), said);
    EXPECT_EQ(make(said)->make({4, 3}, kFans, {.seed = 2}).to_vector(),
              made->make({4, 3}, kFans, {.seed = 2}).to_vector());
  }
}

TEST(Initializers, DependOnTheKeyAlone) {
  for (const auto& [text, expected] : kFormulas) {
    const Shared<Initializer> made = make(text);
    const auto drawn = [&](std::uint64_t seed, std::uint64_t step) {
      return made->make({4, 3}, kFans, {.seed = seed, .step = step}).to_vector();
    };
    const bool is_drawn = expected.deviation > 0;
    EXPECT_EQ(drawn(1, 2), drawn(1, 2)) << text;
    EXPECT_EQ(drawn(1, 2) != drawn(2, 2), is_drawn) << text;
    EXPECT_EQ(drawn(1, 2) != drawn(1, 3), is_drawn) << text;
  }
}

TEST(Initializers, TakeShapesOfAllKinds) {
  for (const auto& [text, expected] : kFormulas) {
    for (const Shape& shape :
         {Shape{}, Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{1}, Shape{7}, Shape{2, 3, 4, 5}}) {
      const Tensor made = make(text)->make(shape, {.in = 0, .out = 0}, {.seed = 1});
      EXPECT_EQ(made.shape(), shape) << text;
      for (const double number : made.to_vector()) EXPECT_TRUE(std::isfinite(number)) << text << " " << shape;
    }
  }
}

// Rows at right angles where there are fewer of them, else columns; each of length gain.
TEST(Initializers, OrthogonalIsOrthogonal) {
  for (const Shape& shape :
       {Shape{40, 40}, Shape{60, 20}, Shape{20, 60}, Shape{12, 4, 3, 3}, Shape{50, 2, 2, 3}}) {
    const Tensor flat = reshape(Orthogonal{.gain = 2}.make(shape, {}, {.seed = 3}), {shape[0], -1});
    const bool is_tall = flat.shape()[0] > flat.shape()[1];
    const Tensor products = is_tall ? matmul(transpose(flat), flat) : matmul(flat, transpose(flat));
    const std::int64_t n = products.shape()[0];
    const std::vector<double> found = products.to_vector();
    for (std::int64_t i = 0; i < n * n; ++i) {
      ASSERT_NEAR(found[static_cast<std::size_t>(i)], i % (n + 1) == 0 ? 4 : 0, 1e-12) << shape;
    }
  }
}

/// All first values by path.
std::map<std::string, std::vector<double>> first_values(const Layer& layer, const std::vector<Tensor>& inputs,
                                                        std::uint64_t seed = 1) {
  const Shared<Layer> made = layer.clone();
  made->build(Inputs(inputs), {.seed = seed});
  std::map<std::string, std::vector<double>> values;
  for (const NamedParameter& p : made->parameters()) values[p.name] = p.parameter.value().to_vector();
  return values;
}

class FirstValues : public EveryLayer {};
INSTANTIATE_TEST_SUITE_P(Samples, FirstValues, ::testing::ValuesIn(samples()), test_name);

TEST_P(FirstValues, DependOnSeedAndPathAlone) {
  const std::vector<Tensor> inputs = zeros_for(GetParam(), 2);
  const Shared<Layer> layer = make(GetParam());
  const auto expected = first_values(*layer, inputs);
  // Other nets, made and built before and in between.
  for (const LayerSample& other : samples()) make(other)->build(Inputs(zeros_for(other, 1)), {.seed = 9});
  EXPECT_EQ(first_values(*make(GetParam()), inputs), expected);
  // By the first call, with other numbers and another batch.
  const Shared<Layer> called = make(GetParam());
  called->predict_all(Inputs(inputs_of(GetParam(), 5)));
  EXPECT_EQ(first_values(*called, inputs), expected);
  Pass pass = Pass::training(77, 5);
  const Shared<Layer> trained = make(GetParam());
  trained->run(Inputs(inputs_of(GetParam(), 5)), pass);
  EXPECT_EQ(first_values(*trained, inputs), expected);
}

TEST_P(FirstValues, ArePlacedByPathAmongOtherLayers) {
  if (GetParam().inputs.size() != 1 || GetParam().kind() == "scale") return;
  if (GetParam().inputs[0].classes > 0) return;  // no other layer may stand before it
  const auto inside = [&](int layers_before) {
    Sequential net;
    for (int i = 0; i < layers_before; ++i)
      net.layers.push_back(config::make<Layer>(config::parse_text("scale")));
    net.layers.push_back(make(GetParam()));
    auto values = first_values(net, zeros_for(GetParam(), 1));
    std::erase_if(values, [](const auto& value) { return value.first.find("factor") != std::string::npos; });
    return values;
  };
  EXPECT_EQ(inside(0), inside(2));
}

TEST(FirstValues, OfTwoLayersDiffer) {
  const auto values = first_values(Sequential(Affine(4), Affine(4)), {zeros({1, 4})});
  EXPECT_NE(values.at("affine1.weight"), values.at("affine2.weight"));
  EXPECT_NE(first_values(Affine(4), {zeros({1, 4})}), first_values(Affine(4), {zeros({1, 4})}, 2));
}

TEST(FirstValues, FollowBuildAndPass) {
  Affine layer(3);
  layer.build(zeros({1, 2}), {.seed = 5, .dtype = f64, .follow = false});
  EXPECT_EQ(layer.weight.value().dtype(), f64);  // whatever that of the input
  Affine other(3);
  Pass pass = Pass::inference();
  pass.init = {.seed = 5, .dtype = f64, .follow = false};
  other.forward(zeros({1, 2}, f64), pass);
  EXPECT_EQ(other.weight.value().to_vector(), layer.weight.value().to_vector());
  Affine of_numbers(3);
  of_numbers.build(zeros({1, 2}), {.zeros = true});
  EXPECT_EQ(of_numbers.weight.value().to_vector(), std::vector<double>(6));
}

// A parameter that is given decides its dtype, and stays as it is.
TEST(FirstValues, LeaveWhatIsThere) {
  Affine layer(2);
  layer.weight.set_value(tensor({1, 2, 3, 4}, {2, 2}, f64));
  EXPECT_EQ(layer.predict(ones({1, 2}, f64)).to_vector(), (std::vector<double>{4, 6}));
  EXPECT_EQ(layer.bias.value().dtype(), f64);
}

}  // namespace
}  // namespace chainrule::nn
