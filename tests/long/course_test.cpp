// Nets of Microsoft's ai-edu course ("neural network basics") on its data and on MNIST, with what the course
// says they reach.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"

namespace chainrule {
namespace {

/// A file of the course: data (N, features) in f32, and its labels.
data::Source course(const std::string& name, bool has_classes) {
  const NamedTensors file =
      io::read_npz(std::string(std::getenv("CHAINRULE_DATA_DIR")) + "/ai-edu/" + name + ".npz");
  const Tensor label = file["label"];
  const Tensor target = has_classes ? cast(reshape(label, {-1}), i64) : cast(label, f32);
  return data::arrays(detach(cast(file["data"], f32)), detach(target));
}

class Course : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("CHAINRULE_DATA_DIR");
    if (folder == nullptr || !std::filesystem::exists(std::string(folder) + "/ai-edu/ch08.train.npz"))
      GTEST_SKIP() << "needs ai-edu in CHAINRULE_DATA_DIR";
  }

  /// Trains on standardised inputs and gives a metric of the test set.
  double reached(nn::Sequential net, const loss::AnyLoss& loss, const data::Source& train,
                 const data::Source& test, train::FitOptions options, const metric::AnyMetric& metric) {
    const auto scaler = data::standardize(train);
    options.seed = GetParam();
    train::fit(net, loss, scaler(train), options);
    const double value = train::evaluate(net, scaler(test), metric);
    RecordProperty("reached", std::to_string(value));
    return value;
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Course, ::testing::Values(1, 2, 3));

TEST_P(Course, TwoNeuronsFitASine) {
  nn::Sequential net{nn::Affine{2}, nn::Sigmoid{}, nn::Affine{1}};
  EXPECT_GE(reached(net, loss::mse, course("ch08.train", false), course("ch08.test", false),
                    {.epochs = 500, .lr = 0.03, .batch_size = 32}, metric::r2),
            0.98);
}

TEST_P(Course, ThreeNeuronsFitACurve) {
  nn::Sequential net{nn::Affine{3}, nn::Sigmoid{}, nn::Affine{1}};
  EXPECT_GE(reached(net, loss::mse, course("ch09.train", false), course("ch09.test", false),
                    {.epochs = 1000, .lr = 0.03, .batch_size = 50}, metric::r2),
            0.97);
}

TEST_P(Course, TwoArcsAreToldApart) {
  nn::Sequential net{nn::Affine{2}, nn::Sigmoid{}, nn::Affine{1}};
  EXPECT_EQ(
      reached(net, loss::binary_cross_entropy_with_logits, course("ch10.train", false),
              course("ch10.test", false), {.epochs = 500, .lr = 0.03, .batch_size = 20}, metric::accuracy),
      1);
}

/// Classes from 0.
data::Source coin(const std::string& name) {
  return data::map(course(name, true), [](data::Batch b) {
    b[1] = b[1] - 1;
    return b;
  });
}

TEST_P(Course, TheCopperCoin) {
  nn::Sequential net{nn::Affine{8}, nn::Sigmoid{}, nn::Affine{3}};
  EXPECT_GE(reached(net, loss::softmax_cross_entropy, coin("ch11.train"), coin("ch11.test"),
                    {.epochs = 500, .lr = 0.03, .batch_size = 10}, metric::accuracy),
            0.955);
}

TEST_P(Course, IncomeWithTheBestWeightsOnAValidationPart) {
  nn::Sequential net{nn::Affine{32}, nn::Relu{},    nn::Affine{16}, nn::Relu{},   nn::Affine{8},
                     nn::Relu{},     nn::Affine{4}, nn::Relu{},     nn::Affine{1}};
  EXPECT_GE(reached(net, loss::binary_cross_entropy_with_logits, course("ch14.Income.train", false),
                    course("ch14.Income.test", false),
                    {.epochs = 15, .batch_size = 16, .validation = 0.1, .patience = 15}, metric::accuracy),
            0.83);
}

/// On MNIST, flat.
double learnt(nn::Sequential net, double epochs, std::uint64_t seed) {
  const auto mnist = data::load("mnist");
  train::fit(net, loss::softmax_cross_entropy, data::images(mnist.train, {.flat = true}),
             {.epochs = epochs, .batch_size = 64, .seed = seed});
  return train::evaluate(net, data::images(mnist.test, {.flat = true}), metric::accuracy);
}

TEST_P(Course, MnistBySigmoidAndTanh) {
  const double accuracy = learnt(nn::Sequential{nn::Affine{64, {.weight_init = nn::Xavier{}}}, nn::Sigmoid{},
                                                nn::Affine{16, {.weight_init = nn::Xavier{}}}, nn::Tanh{},
                                                nn::Affine{10, {.weight_init = nn::Xavier{}}}},
                                 20, GetParam());
  RecordProperty("reached", std::to_string(accuracy));
  EXPECT_GE(accuracy, 0.968);
}

TEST_P(Course, MnistByReluOfFourLayers) {
  const double accuracy =
      learnt(nn::Sequential{nn::Affine{128}, nn::Relu{}, nn::Affine{64}, nn::Relu{}, nn::Affine{32},
                            nn::Relu{}, nn::Affine{16}, nn::Relu{}, nn::Affine{10}},
             7, GetParam());
  RecordProperty("reached", std::to_string(accuracy));
  EXPECT_GE(accuracy, 0.965);
}

}  // namespace
}  // namespace chainrule
