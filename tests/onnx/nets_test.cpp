// Nets written to ONNX and read again: names, numbers, any size of the batch, further training.
#include <gtest/gtest.h>

#include <algorithm>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"
#include "message_of.h"
#include "onnx/model.h"
#include "onnx_nets.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

class OnnxNets : public testing::TestWithParam<NamedNet> {};

TEST_P(OnnxNets, ReadBackTheyGiveTheSame) {
  const NamedNet& named = GetParam();
  const TemporaryFolder folder;
  const std::string file = (folder / "net.onnx").string();
  const Shared<nn::Layer> net = named.make();
  const OnnxReport report = save_onnx(file, *net, nn::Inputs(named.inputs()));
  EXPECT_LE(report.largest_difference, 2e-6);
  const nn::OnnxNet again = load_onnx(file);
  const std::vector<nn::NamedParameter> own = net->parameters(), read = again.parameters();
  ASSERT_EQ(own.size(), read.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(own[i].name, read[i].name);
    EXPECT_TRUE(all(equal(own[i].parameter.value(), read[i].parameter.value())).item<bool>());
  }
  EXPECT_EQ(net->states().size(), again.states().size());
  // Once more: the same file but for who says what net it is.
  std::vector<Tensor> given = named.inputs();
  std::erase_if(given, [](const Tensor& x) { return x.is_empty(); });
  EXPECT_LE(save_onnx((folder / "again.onnx").string(), again, nn::Inputs(given)).largest_difference, 2e-6);
}

/// Layers of recurrent nets are one operator each, however many steps there are.
TEST(OnnxRecurrent, EachLayerIsOneOperator) {
  const auto operations = [](const nn::Layer& net, std::vector<Tensor> inputs, std::int64_t steps) {
    inputs[0] = broadcast_to(slice(inputs[0], 1, 0, 1), {4, steps, inputs[0].shape()[2]});
    const std::string bytes = onnx_bytes(net, nn::Inputs(inputs));
    return onnx::parse_model(bytes, "net.onnx", "").graph.operations;
  };
  for (const NamedNet& named : recurrent_nets()) {
    const Shared<nn::Layer> net = named.make();
    const std::string operators = named.name.starts_with("rnn")   ? "RNN"
                                  : named.name.starts_with("gru") ? "GRU"
                                                                  : "LSTM";
    const std::vector<onnx::Operation> some = operations(*net, named.inputs(), 3);
    const auto loops =
        std::count_if(some.begin(), some.end(), [&](const auto& one) { return one.type == operators; });
    EXPECT_EQ(loops, dynamic_cast<const nn::Recurrent&>(*net).options.layers) << named.name;
    EXPECT_EQ(some.size(), operations(*net, named.inputs(), 40).size()) << named.name;
  }
}

/// What is given goes into the operator as it is: parts are neither joined nor cut out, but the two biases.
TEST(OnnxRecurrent, StatesAreNotJoinedAndCutAgain) {
  nn::Lstm net(6);
  const Tensor x = detach(normal({4, 5, 2}, {.seed = 1})), h = detach(normal({4, 1, 6}, {.seed = 2}));
  const std::string bytes = onnx_bytes(net, nn::Inputs({x, h, h}));
  int joined = 0, cut = 0;
  for (const onnx::Operation& one : onnx::parse_model(bytes, "net.onnx", "").graph.operations)
    joined += one.type == "Concat", cut += one.type == "Slice";
  EXPECT_EQ(joined, 1);
  EXPECT_EQ(cut, 0);
}

/// A sequence may have no steps, or more than there are.
TEST(OnnxRecurrent, LengthsOutsideAreThoseOfTheLayer) {
  nn::Lstm net(3, {.bidirectional = true});
  const Tensor x = detach(normal({4, 5, 2}, {.seed = 1})), h = detach(normal({4, 2, 3}, {.seed = 2})),
               c = h * 2;
  const std::vector<Tensor> inputs{x, h, detach(c), tensor({0, 9, 5, 2}, i64)};
  const nn::OnnxNet again = load_onnx_bytes(onnx_bytes(net, nn::Inputs(inputs)), "net.onnx");
  const nn::Ports own = net.predict_all(nn::Inputs(inputs)), read = again.predict_all(nn::Inputs(inputs));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(max(abs(own[i] - read[i])).item(), 1e-6) << i;
}

/// With batch norm in the weights: fewer operations, the same numbers, no statistics left.
TEST(OnnxFold, PutsBatchNormIntoTheWeights) {
  const TemporaryFolder folder;
  const std::string file = (folder / "net.onnx").string();
  nn::Sequential net{nn::Conv2d(4, 3), nn::BatchNorm(), nn::Relu(), nn::Flatten(),
                     nn::Affine(6),    nn::BatchNorm(), nn::Tanh()};
  const Tensor x = detach(normal({8, 2, 6, 6}, {.seed = 3}));
  nn::Pass pass = nn::Pass::training(1, 0);
  evaluate({net.forward(x, pass)});
  pass.store();  // statistics that are not 0 and 1
  const OnnxReport plain = save_onnx(file, net, x);
  const OnnxReport folded = save_onnx(file, net, x, {.fold = true});
  EXPECT_LE(folded.largest_difference, 2e-6);
  EXPECT_LT(folded.operations, plain.operations - 8);
  EXPECT_EQ(load_onnx(file).parameters().size(), 4);
}

/// What nothing is put into stays as it is called, and states that are gone are not spoken of.
TEST(OnnxFold, LeavesOthersAsTheyAre) {
  nn::Sequential net{nn::Conv2d(4, 3), nn::BatchNorm(), nn::Flatten(),
                     nn::Affine(6),    nn::Relu(),      nn::BatchNorm()};
  const Tensor x = detach(normal({8, 2, 6, 6}, {.seed = 3}));
  const nn::OnnxNet read = load_onnx_bytes(onnx_bytes(net, x, {.fold = true}), "net.onnx");
  std::vector<std::string> names;
  for (const nn::NamedParameter& each : read.parameters()) names.push_back(each.name);
  std::sort(names.begin(), names.end());
  const std::vector<std::string> wanted{"affine1.bias",      "affine1.weight",      "batch_norm2.scale",
                                        "batch_norm2.shift", "conv2d1.folded_bias", "conv2d1.folded_weight"};
  EXPECT_EQ(names, wanted);
  std::string states;
  for (const auto& [key, text] : read.metadata()) states += key == "chainrule.states" ? text : "";
  EXPECT_EQ(states, "batch_norm2.mean\nbatch_norm2.variance");
  EXPECT_EQ(read.states().size(), 2);
}

/// A file in f32 as f64, whatever it says inside: casts, constants, and what is f32 unless it is said.
TEST(OnnxInF64, ComputesEverythingInF64) {
  using Attribute = onnx::Attribute;
  onnx::Model model;
  onnx::Value x{.name = "x", .type = onnx::kFloat, .has_shape = true, .sizes = {{-1, "N"}, {2, ""}}};
  model.graph.name = "g";
  model.graph.inputs = {x};
  x.name = "y";
  model.graph.outputs = {x};
  model.graph.initializers.add("w", tensor({1, 2}));
  model.graph.initializers.add("sizes", tensor({2}, i64));
  const Attribute to{.name = "to", .integers = {onnx::kFloat}};
  const Attribute third{.name = "value_float", .kind = Attribute::Kind::number, .numbers = {3}};
  model.graph.operations = {{"Mul", "", "", {"x", "w"}, {"a"}, {}},
                            {"Cast", "", "", {"a"}, {"b"}, {to}},
                            {"Constant", "", "", {}, {"three"}, {third}},
                            {"Div", "", "", {"b", "three"}, {"c"}, {}},
                            {"ConstantOfShape", "", "", {"sizes"}, {"none"}, {}},
                            {"Add", "", "", {"c", "none"}, {"y"}, {}}};
  const std::string bytes = onnx::model_bytes(model);
  const nn::OnnxNet net = load_onnx_bytes(bytes, "net.onnx", "", {.in_f64 = true});
  EXPECT_EQ(net.parameter("w").value().dtype(), f64);
  EXPECT_EQ(net.example_inputs()[0].dtype(), f64);
  const Tensor y = net.predict(tensor({1, 1}, {1, 2}, f64));
  EXPECT_EQ(y.dtype(), f64);
  EXPECT_EQ(y.to_vector<double>(), (std::vector<double>{1.0 / 3, 2.0 / 3}));
  EXPECT_EQ(load_onnx_bytes(bytes).predict(tensor({1, 1}, {1, 2})).dtype(), f32);
}

INSTANTIATE_TEST_SUITE_P(All, OnnxNets, testing::ValuesIn(named_nets()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace chainrule
