// Nets in files: what is saved is what is loaded, and what does not fit is refused whole.
#include "chainrule/nn/model.h"

#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "chainrule/io.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

nn::Sequential conv_net() {
  return nn::Sequential(nn::Conv2d(4, 3), nn::Relu(), nn::MaxPool2d(2), nn::Affine(6), nn::BatchNorm(),
                        nn::Residual(nn::Sequential(nn::Affine(6), nn::Tanh())), nn::Dropout(0.2),
                        nn::Affine(3));
}

Tensor images() { return normal({5, 1, 8, 8}, {.seed = 1}); }

class ModelFile : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string path_ = (folder_ / "net.safetensors").string();
};

TEST_F(ModelFile, LoadsAsItWasSaved) {
  nn::Sequential net = conv_net();
  auto pass = nn::Pass::training(1, 0);
  net.forward(images(), pass);
  pass.store();  // running statistics that are not their first values
  save(path_, net, {.classes = {"a", "b", "c, d"}, .notes = {{"trained by", "a test"}}});
  const Model model = load_model(path_);
  EXPECT_EQ(model.net->describe(), net.describe());
  EXPECT_EQ(model.predict(images()).to_vector<float>(), net.predict(images()).to_vector<float>());
  EXPECT_EQ(model.options.classes, (std::vector<std::string>{"a", "b", "c, d"}));
  ASSERT_EQ(model.options.notes.size(), 1u);
  EXPECT_EQ(model.options.notes[0].second, "a test");
  EXPECT_EQ(model.classify(images()).size(), 5u);
}

TEST_F(ModelFile, PredictsOfTwoInputs) {
  const nn::Add net;
  save(path_, net,
       {.before = Shared<nn::Layer>(new nn::ScaleShift({2}, {1})),
        .after = Shared<nn::Layer>(new nn::ScaleShift({10}, {0}))});
  const Tensor sum = load_model(path_).predict(tensor({1, 2}, {1, 2}), tensor({5, 7}, {1, 2}));
  EXPECT_EQ(sum.to_vector(), (std::vector<double>{80, 120}));
}

TEST_F(ModelFile, KeepsWeightsInFewerBytes) {
  nn::Sequential net = conv_net();
  net.build(images());
  for (const DType dtype : {f16, bf16}) {
    save(path_, net, {.weights = dtype});
    for (const auto& [name, tensor] : io::read_safetensors(path_).tensors) {
      const bool is_weight = name.find("norm1.mean") == name.npos && name.find("variance") == name.npos;
      EXPECT_EQ(tensor.dtype(), is_weight ? dtype : f32) << name;
    }
    const Model model = load_model(path_);
    for (const nn::NamedParameter& p : model.net->parameters()) {
      EXPECT_EQ(p.parameter.value().dtype(), f32) << p.name;
      const Tensor rounded = cast(tensors_of(net)[p.name], dtype);
      EXPECT_EQ(p.parameter.value().to_vector(), rounded.to_vector()) << p.name;
    }
    // The same as a net that keeps them: computed in f32.
    keep_weights(*model.net, dtype);
    EXPECT_EQ(model.net->parameters()[0].parameter.value().dtype(), dtype);
    EXPECT_EQ(model.predict(images()).to_vector(), load_model(path_).predict(images()).to_vector());
    nn::Sequential again = conv_net();
    again.build(images());
    load(path_, again);
    EXPECT_EQ(again.predict(images()).to_vector(), model.predict(images()).to_vector());
  }
}

TEST_F(ModelFile, RefusesWeightsThatDoNotFit) {
  nn::Affine net(1);
  net.build(zeros({1, 2}));
  net.bias.set_value(tensor({65520}));
  EXPECT_EQ(
      message_of([&] { save(path_, net, {.weights = f16}); }),
      "[save] element 0 of bias is 65520, which is infinite as f16. Take a dtype of a larger range. (E206)");
  EXPECT_EQ(
      message_of([&] { keep_weights(net, f16); }),
      "[keep_weights] element 0 of bias is 65520, which is infinite as f16. Take a dtype of a larger range. "
      "(E206)");
  EXPECT_EQ(net.weight.value().dtype(), f32);  // nothing was changed
  keep_weights(net, bf16);
  EXPECT_NE(message_of([&] { keep_weights(net, f16); }).find("(E206)"), std::string::npos);
  keep_weights(net, f32);
  EXPECT_EQ(message_of([&] { save(path_, net, {.weights = i64}); }),
            "[save] weights cannot be i64. Need f64, f32, bf16 or f16. (E591)");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// Layers and parameters that stand in several places are one again.
TEST_F(ModelFile, KeepsTies) {
  const nn::Affine square(3);
  const nn::BatchNorm norm;
  const Shared<nn::Layer> twice(new nn::Affine(3));
  nn::Sequential net{square, norm, nn::Tanh(), square, norm};
  net.layers.push_back(twice);
  net.layers.push_back(twice);
  const Tensor x = normal({6, 3}, {.seed = 4});
  auto pass = nn::Pass::training(1, 0);
  net.forward(x, pass);
  pass.store();
  save(path_, net);
  const Model model = load_model(path_);
  EXPECT_EQ(model.predict(x).to_vector(), net.predict(x).to_vector());
  EXPECT_EQ(model.net->parameters().size(), net.parameters().size());
  EXPECT_EQ(model.net->states().size(), 2u);
  optim::Optimizer optimizer(*model.net, optim::Sgd{});
  auto training = nn::Pass::training(1, 0);
  optimizer.step(mean(chainrule::square(model.net->forward(x, training))), training);
  const auto all = model.net->variables();
  EXPECT_TRUE(all[0].is_same(all[6])) << all[6].name;
}

TEST_F(ModelFile, WhatCannotBeReadAgainIsNotWritten) {
  Shared<nn::Layer> net(new nn::Affine(2));
  for (int i = 0; i < 70; ++i) {
    nn::Residual around;
    around.body = net;
    net = Shared<nn::Layer>(new nn::Residual(around));
  }
  net->build(ones({1, 2}));
  EXPECT_NE(message_of([&] { save(path_, *net); }).find("(E224)"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ModelFile, ABitThatFlippedIsNoticed) {
  nn::Sequential net{nn::Affine(2)};
  net.build(ones({1, 2}));
  save(path_, net);
  const std::string whole = io::read_file(path_);
  const std::size_t data = whole.size() - 6 * sizeof(float);  // of weight and bias
  for (std::size_t at = data; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    io::replace_file(path_, damaged);
    const std::string message = "[load] " + path_ +
                                ": its checksum does not fit: it was changed after it was saved. Take a copy "
                                "that is whole, or save the net again. (E256)";
    EXPECT_EQ(message_of([&] { load_model(path_); }), message);
    EXPECT_EQ(message_of([&] { load(path_, net); }), message);
  }
  std::string damaged = whole;
  damaged[damaged.find("affine(2)") + 7] = '3';
  io::replace_file(path_, damaged);
  EXPECT_NE(message_of([&] { load_model(path_); }), "");
}

TEST_F(ModelFile, OfANewerFormatIsRefused) {
  io::write_safetensors(path_, {{"w", ones({2})}}, {{"chainrule.format", "2"}, {"chainrule.net", "relu"}});
  EXPECT_EQ(message_of([&] { load_model(path_); }),
            "[load_model] " + path_ +
                " is a model file of format 2; this program reads 1. Use a newer one. (E245)");
}

TEST_F(ModelFile, AnEmptyModelSaysSo) {
  nn::Sequential net{nn::Affine(2)};
  net.build(ones({1, 2}));
  save(path_, net, {.classes = {"a", "b", "c"}});
  Model model = load_model(path_);
  EXPECT_EQ(
      message_of([&] {
        model.classify(ones({5, 2}));
      }),
      "[classify] the net's output is (5, 2); need (rows, 3), a number a class: there are 3 names. (E249)");
  const Model other = std::move(model);
  EXPECT_NE(message_of([&] { model.predict(ones({1, 2})); }).find("(E010)"), std::string::npos);
}

TEST_F(ModelFile, ScalesBeforeAndAfter) {
  nn::Sequential net{nn::Affine(tensor({2}, {1, 1}), tensor({1}))};
  save(path_, net,
       {.before = Shared<nn::Layer>(new nn::ScaleShift({0.5}, {1})),
        .after = Shared<nn::Layer>(new nn::ScaleShift({10}, {-3}))});
  // x = 4 -> 4 / 2 + 1 = 3 -> 2 * 3 + 1 = 7 -> 10 * 7 - 3 = 67
  EXPECT_EQ(load_model(path_).predict(tensor({4}, {1, 1})).item(), 67);
}

TEST_F(ModelFile, KnowsTheBooksNames) {
  const nn::TwoLayerNet net({.input = 4, .hidden = 3, .output = 2});
  save(path_, net);
  EXPECT_EQ(io::read_safetensors(path_).tensors.names(), (std::vector<std::string>{"W1", "W2", "b1", "b2"}));
  EXPECT_EQ(load_model(path_).net->predict(ones({1, 4})).to_vector(), net.predict(ones({1, 4})).to_vector());
}

TEST_F(ModelFile, RefusesWhatDoesNotFitAndChangesNothing) {
  nn::Sequential net{nn::Affine(2)};
  net.build(ones({1, 3}));
  const auto before = net.parameter("affine1.weight").value().to_vector();
  try {
    load(NamedTensors{{"affine1.weight", ones({2, 3})}, {"affine2.bias", ones({2})}}, net);
    FAIL() << "took them";
  } catch (const ValueError& error) {
    EXPECT_STREQ(error.what(),
                 "[load] the tensors are not those of the net, which is sequential:"
                 "\n  does not fit: affine1.weight is (2, 3) f32, the net's is (3, 2) f32"
                 "\n  missing: affine1.bias"
                 "\n  not in the net: affine2.bias (2,) f32"
                 "\nNothing was changed. Need the same names and shapes. (E246)");
  }
  EXPECT_EQ(net.parameter("affine1.weight").value().to_vector(), before);
}

TEST_F(ModelFile, ConvertsFloatingNumbers) {
  nn::Sequential net{nn::Affine(1)};
  net.build(ones({1, 2}));
  load(NamedTensors{{"affine1.weight", tensor({1, 2}, {2, 1}, f64)}, {"affine1.bias", tensor({3}, f64)}},
       net);
  EXPECT_EQ(net.predict(ones({1, 2})).item(), 6);
}

TEST_F(ModelFile, FillsANetThatHasSeenNothing) {
  nn::Sequential first = conv_net(), second = conv_net();
  first.build(images());
  save(path_, first);
  load(path_, second);
  EXPECT_EQ(second.predict(images()).to_vector(), first.predict(images()).to_vector());
}

TEST_F(ModelFile, SaysThatAFileDescribesNoNet) {
  io::write_safetensors(path_, {{"affine1.weight", ones({2, 2})}});
  try {
    load_model(path_);
    FAIL() << "took it";
  } catch (const FileError& error) {
    EXPECT_EQ(std::string(error.what()),
              "[load_model] " + path_ +
                  " does not say what net it holds: it was not written by save. Make the net, and load its "
                  "parameters with load(path, net). (E245)");
  }
}

TEST_F(ModelFile, IsNotWrittenBeforeThereAreParameters) {
  EXPECT_THROW(save(path_, nn::Sequential(nn::Affine(2))), ValueError);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace chainrule
