// Layers to text and back.
#include <cmath>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "nn/samples.h"

namespace chainrule::nn {
namespace {

class LayerSettings : public EveryLayer {};
INSTANTIATE_TEST_SUITE_P(Samples, LayerSettings, ::testing::ValuesIn(samples()), test_name);

TEST_P(LayerSettings, AreWhatTheyWereAfterText) {
  const Shared<Layer> layer = make(GetParam());
  const std::string said = layer->describe();
  EXPECT_EQ(said.substr(0, said.find('(')), GetParam().kind());
  EXPECT_EQ(config::make<Layer>(config::parse_text(said))->describe(), said);

  const config::Value all = config::write(*layer);
  const auto made_of = [](const config::Value& value) { return config::make<Layer>(value); };
  EXPECT_EQ(config::write(*made_of(config::parse_text(config::to_text(all)))), all);
  EXPECT_EQ(config::write(*made_of(config::parse_json(config::to_json(all), "a.json"))), all);
  if (all.kind != config::Value::Kind::call) return;  // TOML holds tables, not single words
  EXPECT_EQ(config::write(*made_of(config::parse_toml(config::to_toml(all), "a.toml"))), all);
}

TEST_P(LayerSettings, StayWhenItIsBuilt) {
  const Shared<Layer> layer = make(GetParam());
  const std::string said = layer->describe();
  layer->build(Inputs(zeros_for(GetParam(), 1)));
  EXPECT_EQ(layer->describe(), said);
  EXPECT_EQ(layer->clone()->describe(), said);
}

TEST_P(LayerSettings, MakeTheSameLayer) {
  const Shared<Layer> layer = make(GetParam());
  const Shared<Layer> again = config::make<Layer>(config::parse_text(layer->describe()));
  const std::vector<Tensor> inputs = inputs_of(GetParam(), 2);
  EXPECT_EQ(again->predict_all(Inputs(inputs))[0].to_vector(),
            layer->predict_all(Inputs(inputs))[0].to_vector());
}

// What constructors take is what settings say.
TEST(LayerSettings, AreThoseOfTheConstructors) {
  const auto expect_same = [](const Layer& layer, const char* text) {
    EXPECT_EQ(config::write(layer), config::write(*config::make<Layer>(config::parse_text(text)))) << text;
    EXPECT_EQ(layer.describe(), text);
  };
  expect_same(Affine(5), "affine(5)");
  expect_same(Affine(5, {.bias = false, .weight_init = Zeros{}}), "affine(5, bias=false, weight_init=zeros)");
  expect_same(Conv2d(8, 5), "conv2d(8, 5)");
  expect_same(Conv2d(8, {3, 5}, {.stride = 2, .padding = {1, 2}, .dilation = 3, .groups = 2, .bias = false}),
              "conv2d(8, [3, 5], stride=2, padding=[1, 2], dilation=3, groups=2, bias=false)");
  expect_same(MaxPool2d(3, {.stride = 2, .ceil_mode = true}), "max_pool2d(3, 2, ceil_mode=true)");
  expect_same(MaxPool2d(3, {.padding = Padding::of(0, 1), .dilation = {1, 2}}),
              "max_pool2d(3, padding=[0, 0, 1, 1], dilation=[1, 2])");
  expect_same(Conv1d(8, 5, {.padding = Padding::same()}), "conv1d(8, 5, padding=same)");
  expect_same(Conv3d(8, {1, 2, 3}, {.stride = {1, 1, 2}}), "conv3d(8, [1, 2, 3], stride=[1, 1, 2])");
  expect_same(ConvTranspose2d(8, 4, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2}),
              "conv_transpose2d(8, 4, stride=2, padding=1, output_padding=1, groups=2)");
  expect_same(AvgPool2d(3, {.stride = 2, .ceil_mode = true, .count_include_pad = true}),
              "avg_pool2d(3, 2, ceil_mode=true, count_include_pad=true)");
  expect_same(AdaptiveAvgPool({3, 2}), "adaptive_avg_pool([3, 2])");
  expect_same(AdaptiveMaxPool(4), "adaptive_max_pool(4)");
  expect_same(Upsample({1, 2}, {.mode = UpsampleMode::linear, .align_corners = true}),
              "upsample([1, 2], mode=linear, align_corners=true)");
  expect_same(Pad({1, 2}, PadMode::reflect), "pad([1, 2], reflect)");
  expect_same(Pad(3, PadMode::constant, 0.5), "pad(3, value=0.5)");
  expect_same(Flatten(2, 3), "flatten(2, 3)");
  expect_same(Reshape({3, -1}), "reshape([3, -1])");
  expect_same(LeakyRelu(0.2), "leaky_relu(0.2)");
  expect_same(Elu(2), "elu(2.0)");
  expect_same(HardSigmoid(0.5, 0.25), "hard_sigmoid(0.5, 0.25)");
  expect_same(Prelu(0.5, true), "prelu(0.5, per_channel=true)");
  expect_same(Softmax(1), "softmax(1)");
  expect_same(LogSoftmax(1), "log_softmax(1)");
  expect_same(LayerNorm(1, {.eps = 0.5, .affine = false}), "layer_norm(1, 0.5, affine=false)");
  expect_same(RmsNorm(1, {.eps = 0.5, .affine = false}), "rms_norm(1, 0.5, affine=false)");
  expect_same(GroupNorm(4, {.eps = 0.5}), "group_norm(4, 0.5)");
  expect_same(InstanceNorm({.affine = false}), "instance_norm(affine=false)");
  expect_same(LocalResponseNorm({.size = 3, .alpha = 2, .beta = 0.5, .k = 3}),
              "local_response_norm(3, 2.0, beta=0.5, k=3.0)");
  expect_same(Parallel(Affine(3), Relu()), "parallel([affine(3), relu])");
  expect_same(TimeDistributed(Affine(3)), "time_distributed(affine(3))");
  expect_same(Dropout(0.3, false), "dropout(0.3, inverted=false)");
  expect_same(BatchNorm({.momentum = 0.2, .eps = 0.5, .affine = false}),
              "batch_norm(0.2, 0.5, affine=false)");
  expect_same(Sequential(Affine(3), Relu()), "sequential([affine(3), relu])");
  expect_same(Residual(Tanh(), Affine(2)), "residual(tanh, affine(2))");
  expect_same(TwoLayerNet({.hidden = 7, .output = 3}), "two_layer_net(7, 3)");
  expect_same(SimpleConvNet({.height = 10, .width = 10, .filters = 2, .hidden = 9}),
              "simple_conv_net(2, hidden=9)");
  expect_same(DeepConvNet({.height = 10, .width = 10, .hidden = 9}), "deep_conv_net(9)");
}

// A program sets members itself; the ranges are checked when the layer is made.
TEST(LayerSettings, AreCheckedWhenItIsBuilt) {
  const Tensor x = ones({2, 3}), image = ones({2, 3, 8, 8});
  const auto expect_refused = [](const Layer& layer, const Tensor& input, const char* what) {
    try {
      layer.predict(input);
      ADD_FAILURE() << layer.describe();
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), 228) << error.what();
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  };
  expect_refused(Affine(), x, "'outputs' of affine is 0");
  expect_refused(Affine(3, {.weight_init = Normal{-1}}), x, "'deviation' of normal is -1");
  expect_refused(Conv2d(-1), image, "'filters' of conv2d is -1");
  expect_refused(Conv2d(3, 0), image, "'kernel' of conv2d holds 0");
  expect_refused(Conv2d(3, 3, {.stride = 0}), image, "'stride' of conv2d holds 0");
  expect_refused(Conv2d(3, 3, {.groups = 0}), image, "'groups' of conv2d is 0");
  expect_refused(Dropout(1.5), x, "'p' of dropout is 1.5");
  expect_refused(Dropout(NAN), x, "'p' of dropout is nan");
  expect_refused(BatchNorm({.eps = -1}), x, "'eps' of batch_norm is -1");
  expect_refused(Sequential(Relu(), Affine(-2)), x, "'outputs' of affine is -2");
}

}  // namespace
}  // namespace chainrule::nn
