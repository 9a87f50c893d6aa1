// A net that another program trained: handwritten digits.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "chainrule/chainrule.h"
#include "chainrule/data.h"
#include "chainrule/onnx.h"
#include "chainrule/optim.h"

namespace chainrule {
namespace {

/// Pixels as the net takes them, and labels.
struct Digits {
  Tensor x, t;
  explicit Digits(const data::ImageSet& set)
      : x(detach(cast(from_data(std::span(set.pixels.data(), set.pixels.size()), {set.count, 784}), f32) /
                 255)),
        t(detach(cast(from_data(std::span(set.labels.data(), set.labels.size()), {set.count}), i64))) {}
};

double accuracy(const nn::Layer& net, const Digits& digits) {
  return mean(cast(equal(argmax(net.predict(digits.x), 1), digits.t), f64)).item();
}

/// The file is of the course ai-edu (Microsoft, MIT licence): 784-64-16-10, sigmoid, tanh, softmax, for
/// pixels divided by 255. Its page says 0.9694 on MNIST's test images.
TEST(OnnxMnist, IsAsGoodAsItsAuthorsSayAndLearnsOn) {
  const char* folder = std::getenv("CHAINRULE_DATA_DIR");
  const std::string file = std::string(folder == nullptr ? "" : folder) + "/ai-edu/ch13/mnist.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "CHAINRULE_DATA_DIR has no ai-edu/ch13/mnist.onnx";
  const data::Dataset mnist = data::load("mnist");
  const Digits train(mnist.train), test(mnist.test);
  nn::OnnxNet net = load_onnx(file);
  EXPECT_EQ(net.parameters().size(), 6);
  const double before = accuracy(net, test);
  EXPECT_DOUBLE_EQ(before, 0.9694);

  optim::Optimizer optimizer(net, "momentum(0.9)", {.lr = optim::cosine(0.05, steps(600))});
  const Tensor order = detach(permutation(train.t.numel(), {.seed = 1}));
  constexpr std::int64_t kBatch = 100;
  for (std::int64_t i = 0; i < train.t.numel(); i += kBatch) {
    const Tensor rows = slice(order, 0, i, i + kBatch);
    nn::Pass pass = nn::Pass::training(1, i);
    const Tensor p = net.forward(take(train.x, rows), pass);  // probabilities
    optimizer.step(nll(log(p + 1e-12), take(train.t, rows)), pass);
  }
  const double after = accuracy(net, test);
  std::cout << "before " << before << ", after one epoch more " << after << "\n";
  EXPECT_GT(after, before);
}

}  // namespace
}  // namespace chainrule
