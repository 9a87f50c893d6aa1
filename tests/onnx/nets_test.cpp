// Nets written to ONNX and read again: names, numbers, any size of the batch, further training.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"
#include "message_of.h"
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
  EXPECT_LE(save_onnx((folder / "again.onnx").string(), again, nn::Inputs(named.inputs())).largest_difference,
            2e-6);
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

INSTANTIATE_TEST_SUITE_P(All, OnnxNets, testing::ValuesIn(named_nets()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace chainrule
