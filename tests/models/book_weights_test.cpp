// Nets that were trained elsewhere, by name: the weights of "Deep Learning from Scratch" and of Microsoft's
// course, on MNIST's test set. The accuracies are those that come with the files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"

namespace chainrule {
namespace {

class BookWeights : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("CHAINRULE_DATA_DIR");
    if (folder == nullptr) GTEST_SKIP() << "needs the trained weights and MNIST in CHAINRULE_DATA_DIR";
    if (std::getenv("CHAINRULE_MODE") != nullptr)
      GTEST_SKIP() << "10,000 images are too many for plain loops";
    folder_ = std::string(folder) + "/";
  }

  NamedTensors read(const std::string& file) const { return io::read_npz(folder_ + file); }

  static double accuracy(const nn::Layer& net) {
    const data::Source test = data::load("mnist").test;
    double right = 0;
    for (const data::Batch& batch : data::blocks(test)) {
      right += sum(cast(equal(argmax(net.predict(batch[0]), 1), batch[1]), f64)).item();
    }
    return right / static_cast<double>(test.rows());
  }

 private:
  std::string folder_;
};

// The layers of a Sequential are called affine1, affine2, ...: the books' W1, b1, W2, b2, ...
TEST_F(BookWeights, ThreeAffineLayers) {
  const NamedTensors book = read("dlfs-weights/sample_weight.npz");
  nn::Sequential net{nn::Affine{50}, nn::Sigmoid{}, nn::Affine{100}, nn::Sigmoid{}, nn::Affine{10}};
  NamedTensors weights;
  for (const std::string i : {"1", "2", "3"}) {
    weights.add("affine" + i + ".weight", book["W" + i]);
    weights.add("affine" + i + ".bias", book["b" + i]);
  }
  load(weights, net);
  EXPECT_DOUBLE_EQ(accuracy(net), 0.9352);
}

TEST_F(BookWeights, SimpleConvNet) {
  nn::SimpleConvNet net(nn::SimpleConvNet::Options{});
  load(read("dlfs-weights/simple_convnet.npz"), net);
  EXPECT_DOUBLE_EQ(accuracy(net), 0.9600);
}

TEST_F(BookWeights, DeepConvNetWithTheBooksDropout) {
  nn::DeepConvNet net(nn::DeepConvNet::Options{});
  load(read("dlfs-weights/deep_convnet.npz"), net);
  EXPECT_DOUBLE_EQ(accuracy(net), 0.9797);
}

TEST_F(BookWeights, TheCoursesNet) {
  nn::Sequential net{nn::Affine{64}, nn::Sigmoid{}, nn::Affine{16}, nn::Tanh{}, nn::Affine{10}};
  NamedTensors weights;
  for (const std::string i : {"1", "2", "3"}) {
    const NamedTensors layer = read("ai-edu/ch13/wb" + i + ".npz");
    weights.add("affine" + i + ".weight", cast(layer["weights"], f32));
    weights.add("affine" + i + ".bias", cast(flatten(layer["bias"], 0), f32));
  }
  load(weights, net);
  EXPECT_DOUBLE_EQ(accuracy(net), 0.9694);
}

}  // namespace
}  // namespace chainrule
