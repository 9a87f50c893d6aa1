// Whole trainings on MNIST, minutes long: `./chainrule test-long` runs them.
#include <gtest/gtest.h>

#include <cstdlib>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"

namespace chainrule {
namespace {

class Mnist : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    if (std::getenv("CHAINRULE_DATA_DIR") == nullptr) GTEST_SKIP() << "needs MNIST in CHAINRULE_DATA_DIR";
  }
};

/// As examples/lenet.cpp. PyTorch reaches 0.9882 with this net and these settings.
TEST_P(Mnist, IsLearntByLeNet) {
  const auto mnist = data::load("mnist");
  nn::Sequential net{nn::Conv2d{8, 5}, nn::Relu{},       nn::MaxPool2d{2}, nn::Conv2d{16, 5},
                     nn::Relu{},       nn::MaxPool2d{2}, nn::Flatten{},    nn::Affine{32},
                     nn::BatchNorm{},  nn::Relu{},       nn::Affine{10}};
  optim::Optimizer optimizer(net, optim::Momentum{.momentum = 0.9}, {.lr = optim::cosine(0.1, epochs(5))});
  train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                         {mnist.train, {.batch_size = 128, .seed = GetParam()}}, {.seed = GetParam()});
  trainer.run(epochs(5));
  std::int64_t parameters = 0;
  for (const nn::NamedParameter& p : net.parameters()) parameters += p.parameter.value().numel();
  EXPECT_EQ(parameters, 12042);
  const double accuracy = train::evaluate(net, mnist.test, metric::accuracy);
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_GE(accuracy, 0.984);
}

TEST_P(Mnist, IsLearntBySimpleConvNet) {
  const auto mnist = data::load("mnist");
  nn::SimpleConvNet net(nn::SimpleConvNet::Options{.seed = GetParam()});
  optim::Optimizer optimizer(net, optim::Adam{});
  train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                         {mnist.train, {.batch_size = 100, .seed = GetParam()}});
  trainer.run(epochs(3));
  const double accuracy = train::evaluate(net, mnist.test, metric::accuracy);
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_GE(accuracy, 0.98);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Mnist, ::testing::Values(1, 2, 3));

/// The books' net with the books' settings: 10,000 steps of batches drawn with replacement. The checksum is
/// that of the first version of this library, on any number of threads.
TEST(MnistBits, OfTheTwoLayerNetAreThoseOfTheFirstVersion) {
  if (std::getenv("CHAINRULE_DATA_DIR") == nullptr) GTEST_SKIP() << "needs MNIST in CHAINRULE_DATA_DIR";
  const auto mnist = data::load("mnist");
  nn::TwoLayerNet net(nn::TwoLayerNet::Options{});
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  train::Trainer trainer(
      {net, loss::softmax_cross_entropy}, optimizer,
      {mnist.train, {.batch_size = 100, .seed = 1, .order = data::Batches::Order::with_replacement}});
  trainer.run(steps(10000));
  io::Fnv1a bits;
  for (const nn::NamedParameter& p : net.params()) bits.add(p.parameter.value());
  EXPECT_EQ(bits.hex(), "906f99489a366a68");
  EXPECT_GE(train::evaluate(net, mnist.test, metric::accuracy), 0.965);
}

}  // namespace
}  // namespace chainrule
