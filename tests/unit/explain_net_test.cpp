// What explains nets, from a program.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/explain/check.h"
#include "chainrule/explain/difference.h"
#include "chainrule/explain/graph.h"
#include "chainrule/explain/net.h"
#include "chainrule/loss.h"
#include "chainrule/nn.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::explain {
namespace {

/// x^3 with the derivative of x^2.
struct WrongCube {
  static constexpr OpInfo kInfo{
      .name = "wrong_cube", .elementwise = true, .doc = "x^3, with a wrong derivative."};
  bool operator==(const WrongCube&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * 2 * v.inputs[0]}; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = x[i] * x[i] * x[i];
    });
  }
};

struct Cubes : nn::LayerOf<Cubes> {
  static constexpr Info kInfo{.name = "cubes", .doc = "x^3."};
  Tensor compute(const Tensor& x, nn::Pass&) const { return apply(WrongCube{}, {x}, Location{}); }
};

Tensor inputs() { return from_data(std::vector<double>{0.5, -1, 2, 1, 0.25, -0.75}, {2, 3}); }
Tensor targets() { return from_data(std::vector<std::int64_t>{0, 1}, {2}); }

TEST(CheckNet, NamesTheFirstWrongOperation) {
  nn::Sequential net{nn::Affine{4}, nn::Tanh{}, Cubes{}, nn::Affine{2}};
  net.build(inputs());
  const auto loss = [&](nn::Pass& pass) {
    return softmax_cross_entropy(net.forward(inputs(), pass), targets());
  };
  const NetCheck made = check_net(net, loss);
  EXPECT_TRUE(made.differs());
  ASSERT_EQ(made.parameters.size(), 4u);
  for (const ParameterCheck& p : made.parameters) {
    EXPECT_EQ(p.differs, p.path.starts_with("affine1")) << p.path;  // what lies behind is right
  }
  const std::string said =
      "The first operation whose own derivative is wrong is wrong_cube. In layer cubes1, called from "
      "explain_net_test.cpp:";
  EXPECT_EQ(made.culprit.substr(0, said.size()), said);
}

TEST(CheckNet, LeavesTheNetAsItWas) {
  nn::Sequential net{nn::Affine{4}, nn::Relu{}, nn::Affine{2}};
  net.build(inputs());
  const std::vector<double> before = net.parameter("affine1.weight").value().to_vector();
  const auto loss = [&](nn::Pass& pass) {
    return softmax_cross_entropy(net.forward(inputs(), pass), targets());
  };
  const NetCheck made = check_net(net, loss, {.elements = 3});
  EXPECT_FALSE(made.differs());
  EXPECT_EQ(made.parameters[0].compared + made.parameters[0].unseen, 4);
  EXPECT_EQ(net.parameter("affine1.weight").value().to_vector(), before);
}

TEST(ExplainNet, TellsWhatIsWrong) {
  nn::Sequential net{nn::Affine{4}, nn::Relu{}, nn::Affine{2}};
  const Tensor x = cast(inputs(), f32);
  net.build(x);
  const auto loss = [&](nn::Pass& pass) { return softmax_cross_entropy(net.forward(x, pass), targets()); };
  EXPECT_EQ(message_of([&] { explain_net(net, [&](nn::Pass&) { return sum(x); }); }),
            "[explain] the loss runs no layer of sequential in the pass that it is given. Call "
            "net.forward(x, pass) with "
            "that pass. (E388)");
  EXPECT_EQ(message_of([&] { check_net(net, loss); }),
            "[check] affine1.weight is f32; differences need f64. Build the net with .dtype = f64. (E386)");
  const optim::Optimizer optimizer(net, "sgd", {.groups = {{.match = "affine1.*", .frozen = true}}});
  const std::vector<std::int64_t> first{0};
  EXPECT_EQ(message_of([&] { explain_update(optimizer, "affine1.bias", first, loss); }),
            "[explain] affine1.bias is frozen: no step changes it. (E383)");
  const std::vector<std::int64_t> rows(1001, 0);
  nn::Sequential scaled{nn::LayerNorm{}, nn::Affine{2}};
  scaled.build(x);
  const auto by_rows = [&](const RowsPass& some) {
    return softmax_cross_entropy(
        scaled.forward(take(x, from_data(std::vector<std::int64_t>(some.rows.begin(), some.rows.end()),
                                         {static_cast<std::int64_t>(some.rows.size())})),
                       some.pass),
        take(targets(), from_data(std::vector<std::int64_t>(some.rows.begin(), some.rows.end()),
                                  {static_cast<std::int64_t>(some.rows.size())})));
  };
  const std::string parameter = scaled.parameters()[0].name;
  EXPECT_EQ(message_of([&] { explain_weight(scaled, parameter, first, by_rows, rows); }),
            "[explain] " + parameter +
                " needs a backward pass for each of 1001 rows; 1000 are allowed. Take fewer rows. "
                "(E382)");
}

// A net whose second unit is off for both rows, and whose third is at the end of tanh.
TEST(ExplainNet, CountsUnits) {
  const Tensor w = from_data(std::vector<float>{1, 0, 0, 0, 0, 0}, {2, 3}),
               b = from_data(std::vector<float>{0, -1, 5}, {3});
  nn::Sequential net{nn::Affine{w, b}, nn::Relu{}, nn::Tanh{}};
  const Tensor x = from_data(std::vector<float>{0.5F, 1, 2, 3}, {2, 2});
  const NetTrace made = explain_net(net, [&](nn::Pass& pass) { return sum(net.forward(x, pass)); });
  ASSERT_EQ(made.layers.size(), 3u);
  EXPECT_FALSE(made.layers[0].is_activation);
  EXPECT_TRUE(made.layers[1].is_activation);
  EXPECT_EQ(made.layers[1].units, 3);
  EXPECT_EQ(made.layers[1].dead, 1);
  EXPECT_EQ(made.layers[1].saturated, 0);
  EXPECT_EQ(made.layers[2].dead, 0);
  EXPECT_EQ(made.layers[2].saturated, 1);  // tanh'(5) = 1.8e-4
  EXPECT_EQ(made.layers[1].output_summary.zeros, 2);
  EXPECT_EQ(made.loss, std::tanh(0.5F) + std::tanh(2.F) + 2 * std::tanh(5.F));
}

TEST(Differences, CountElements) {
  const NamedTensors a{{"w", from_data(std::vector<double>{1, 2, 3, NAN}, {4})}};
  const NamedTensors b{{"w", from_data(std::vector<double>{1, 2.5, 3.001, NAN}, {4})}};
  const std::vector<TensorDifference> made = differences(a, b, 0.01);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].count, 4);
  EXPECT_EQ(made[0].equal_bits, 2);
  EXPECT_EQ(made[0].beyond, 1);
  EXPECT_EQ(made[0].element, 1);
  EXPECT_EQ(made[0].largest, 0.5);
  EXPECT_EQ(made[0].largest_relative, 0.2);
  EXPECT_EQ(differences(a, b)[0].beyond, 2);
  EXPECT_EQ(read_trace_name("step12/a.b").step, 12);
  EXPECT_EQ(read_trace_name("step12/a.b").name, "a.b");
  for (const char* plain : {"a.b", "step/a", "stepx/a", "step-1/a", "step1", "step99999999999999999999/a"}) {
    EXPECT_EQ(read_trace_name(plain).step, -1) << plain;
    EXPECT_EQ(read_trace_name(plain).name, plain);
  }
}

}  // namespace
}  // namespace chainrule::explain
