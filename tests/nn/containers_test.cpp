// Layers that hold others: side by side, over steps, in themselves; nets with names.
#include <gtest/gtest.h>

#include <chrono>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"

namespace chainrule::nn {
namespace {

Tensor numbers(const Shape& shape) { return detach(normal(shape, {.seed = 3}, 0, 1, f64)); }

TEST(Parallels, JoinWhatTheirLayersGive) {
  const Tensor x = numbers({2, 3});
  const Affine first(2), second(4);
  const Tensor a = first(x), b = second(x);
  Parallel net(first, second);
  EXPECT_EQ(net(x).to_vector(), concatenate({a, b}, 1).to_vector());
  EXPECT_EQ(net.parameters()[2].name, "affine2.weight");
  Parallel sum(first, Sequential(first, Tanh()));
  sum.join = Join::add;
  EXPECT_EQ(sum(x).to_vector(), (a + tanh(a)).to_vector());
  Parallel rows(first, first);
  rows.axis = 0;
  EXPECT_EQ(rows(x).shape(), (Shape{4, 2}));
  EXPECT_EQ(message_of([] { Parallel()(ones({1, 2})); }).find("[parallel] there are no layers"), 0u);
}

TEST(TimeDistributeds, ApplyTheirLayerToEachStep) {
  const Tensor x = numbers({2, 4, 3});
  const Affine step(5);
  TimeDistributed net(step);
  const Tensor y = net(x);
  EXPECT_EQ(y.shape(), (Shape{2, 4, 5}));
  for (std::int64_t t = 0; t < 4; ++t) {
    const Tensor at = reshape(slice(x, 1, t, t + 1), {2, 3});
    EXPECT_EQ(reshape(slice(y, 1, t, t + 1), {2, 5}).to_vector(), step(at).to_vector()) << t;
  }
  EXPECT_EQ(net(zeros({2, 0, 3}, f64)).shape(), (Shape{2, 0, 5}));
  EXPECT_EQ(message_of([&] {
              TimeDistributed(Flatten(0))(x);
            }).find("[time_distributed] (24,) is what the layer gives for 8 steps; need a row for each."),
            0u);
  EXPECT_EQ(message_of([] {
              TimeDistributed()(ones({1, 2}));
            }).find("[time_distributed] there is no body"),
            0u);
}

/// Ends what a net does that holds itself: it would be kept for ever.
struct Knot {
  Shared<Layer> net{new Sequential(Relu())};
  Sequential& inside() { return dynamic_cast<Sequential&>(*net); }
  ~Knot() { inside().layers.pop_back(); }
};

TEST(Containers, ThatHoldThemselvesAreAnError) {
  Knot knot;
  Sequential around;
  around.append(knot.net);
  knot.inside().layers.push_back(Shared<Layer>(new Residual(around)));
  const auto expect_refused = [](const auto& call) {
    EXPECT_NE(message_of(call).find("the layer holds itself"), std::string::npos) << message_of(call);
  };
  const Layer& net = *knot.net;
  expect_refused([&] { net.predict(ones({1, 2})); });
  expect_refused([&] { net.parameters(); });
  expect_refused([&] { net.states(); });
  expect_refused([&] { net.clone(); });
  expect_refused([&] { net.describe(); });
  expect_refused([&] { config::write(net); });
  expect_refused([&] { config::describe(net); });
  expect_refused([&] { net.summary(ones({1, 2})); });
  expect_refused([&] { save("never.safetensors", net); });
}

TEST(Containers, ThatComeToHoldThemselvesAreAnError) {
  Knot knot;
  knot.net->predict(ones({1, 2}));
  knot.inside().append(knot.net);
  EXPECT_NE(message_of([&] {
              knot.net->predict(ones({1, 2}));
            }).find("the layer holds itself"),
            std::string::npos);
}

// A third of a second; where each layer looks at all others in a costly way, minutes.
TEST(Containers, OfThousandsOfLayersAreQuick) {
  Sequential net;
  for (int i = 0; i < 2000; ++i) net.add(Affine(4));
  const auto start = std::chrono::steady_clock::now();
  net.build(zeros({1, 4}));
  EXPECT_EQ(net.parameters().size(), 4000u);
  EXPECT_NE(net.summary(zeros({1, 4})).find("affine2000"), std::string::npos);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  RecordProperty("seconds", std::to_string(seconds.count()));
  EXPECT_LT(seconds.count(), 10);
}

TEST(Mlps, AreWhatTheirSettingsSay) {
  const auto layers_of = [](const char* text) {
    const Shared<Layer> made = config::make<Layer>(text);
    return dynamic_cast<Mlp&>(*made).layers().describe();
  };
  EXPECT_EQ(layers_of("mlp([5, 2])"), "sequential([affine(5), relu, affine(2)])");
  EXPECT_EQ(layers_of("mlp(3)"), "sequential([affine(3)])");
  EXPECT_EQ(layers_of("mlp([5, 2], none)"), "sequential([affine(5), affine(2)])");
  EXPECT_EQ(layers_of("mlp([5, 4, 2], tanh, dropout=0.3, batch_norm=true)"),
            "sequential([affine(5, bias=false), batch_norm, tanh, dropout(0.3), affine(4, bias=false), "
            "batch_norm, tanh, dropout(0.3), affine(2)])");
  EXPECT_EQ(Mlp({5, 2}, {.activation = Shared<Layer>(new Gelu())}).describe(), "mlp([5, 2], gelu)");
  Mlp net({5, 4, 2}, {.activation = Shared<Layer>(new Prelu())});
  net.build(zeros({1, 3}));
  EXPECT_EQ(net.parameters().size(), 8u);  // each activation has a slope of its own
  EXPECT_FALSE(net.parameter("prelu1.slope") == net.parameter("prelu2.slope"));
  // The short form is the same net.
  const Tensor x = numbers({2, 3});
  EXPECT_EQ(Mlp({5, 2})(x).to_vector(), mlp({5, 2})(x).to_vector());
}

// LeCun et al. 1998, with every map of the third layer connected: 6 (25 + 1) + 16 (6 25 + 1) + 120 (16 25 +
// 1)
// + 84 (120 + 1) + 10 (84 + 1) = 61706.
TEST(LeNets, HaveTheParametersOfThePaper) {
  LeNet net;
  net.build(zeros({1, 1, 28, 28}));
  std::int64_t count = 0;
  for (const NamedParameter& p : net.parameters()) count += p.parameter.value().numel();
  EXPECT_EQ(count, 61706);
  EXPECT_EQ(net.predict(zeros({3, 1, 28, 28})).shape(), (Shape{3, 10}));
  EXPECT_EQ(net.layers().describe(),
            "sequential([conv2d(6, 5, padding=2, weight_init=xavier), tanh, avg_pool2d, conv2d(16, 5, "
            "weight_init=xavier), tanh, avg_pool2d, affine(120, weight_init=xavier), tanh, affine(84, "
            "weight_init=xavier), tanh, affine(10, weight_init=xavier)])");
}

TEST(Nets, TakeDefaultOptionsAsBraces) {
  EXPECT_TRUE(TwoLayerNet({}).is_built());
  EXPECT_TRUE(SimpleConvNet({}).is_built());
  EXPECT_TRUE(DeepConvNet({}).is_built());
  EXPECT_FALSE(TwoLayerNet().is_built());
}

// Pictures as bytes into layers with parameters and without: one dtype throughout.
TEST(WholeNumbers, MakeANetOfOneDtype) {
  Sequential net(Conv2d(2, 3), Sigmoid(), MaxPool2d(2), Flatten(), Affine(3));
  const Tensor bytes = cast(reshape(arange(72), {2, 1, 6, 6}), u8);
  const std::vector<double> from_bytes = net.predict(bytes).to_vector();
  for (const NamedParameter& p : net.parameters()) EXPECT_EQ(p.parameter.value().dtype(), f32) << p.name;
  EXPECT_EQ(net.predict(cast(bytes, f32)).to_vector(), from_bytes);
  Mlp mlp({3, 2});
  mlp.predict(reshape(arange(6), {2, 3}));
  for (const NamedParameter& p : mlp.parameters()) EXPECT_EQ(p.parameter.value().dtype(), f32) << p.name;
}

// What has no parameters of its own takes the dtype of the net around it, or of another input.
TEST(WholeNumbers, AreTakenInTheDtypeOfTheNet) {
  Sequential net(Sigmoid(), Residual(Sequential(Tanh(), Affine(3))));
  net.build(zeros({1, 3}, f64), {.dtype = f64});
  const Tensor x = reshape(arange(6), {2, 3});
  EXPECT_EQ(net.predict(x).dtype(), f64);
  EXPECT_EQ(net.predict(x).to_vector(), net.predict(cast(x, f64)).to_vector());
  EXPECT_EQ(Mul().predict(x, ones({2, 3}, f64)).dtype(), f64);
  EXPECT_EQ(Sequential(Identity(), Embedding(6, 2)).predict(x).shape(), Shape({2, 3, 2}));
}

/// The message of what throws error 661.
std::string other_shapes(const Layer& layer, const Tensor& x) {
  const std::string text = message_of([&] { layer.predict(x); });
  EXPECT_NE(text.find("(E661)"), std::string::npos) << text;
  return text.substr(0, text.find(';'));
}

// Numbers would be repeated without a word.
TEST(Sums, NeedEqualShapes) {
  EXPECT_EQ(other_shapes(Residual(Affine(1)), ones({4, 5})),
            "[residual] x is (4, 5), what the body gives is (4, 1)");
  EXPECT_EQ(other_shapes(Residual(Conv2d(1, 3, {.padding = 1})), ones({2, 3, 4, 4})),
            "[residual] x is (2, 3, 4, 4), what the body gives is (2, 1, 4, 4)");
  EXPECT_EQ(other_shapes(Residual(Affine(2), Affine(1)), ones({4, 5})),
            "[residual] what the shortcut gives is (4, 1), the body's is (4, 2)");
  Parallel parallel{Affine(3), Affine(1)};
  parallel.join = Join::add;
  EXPECT_EQ(other_shapes(parallel, ones({4, 5})),
            "[parallel] the result of layer 1 is (4, 3), that of layer 2 is (4, 1)");
  Ensemble ensemble;
  ensemble.add(Affine(1));
  ensemble.add(Affine(3));
  EXPECT_EQ(other_shapes(ensemble, ones({4, 5})), "[ensemble] net 1 gives (4, 1), another one (4, 3)");
}

}  // namespace
}  // namespace chainrule::nn
