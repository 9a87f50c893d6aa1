// Nets that reach a stated accuracy on MNIST and Fashion-MNIST: `./chainrule test-long` trains them. Each is
// trained by a row of settings, and by nothing else.
#include <gtest/gtest.h>

#include <cstdlib>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"

namespace chainrule {
namespace {

struct Training {
  const char* name;
  const char* data;
  const char* net;
  bool adam;  // else gradient descent with momentum 0.9
  double lr;  // falls to 0 along half a cosine
  double epochs;
  std::int64_t batch_size;
  int shift;  // pixels that images are moved by at most
  bool flip;
  std::int64_t parameters;
  double accuracy;  // on the test images, at least
  int minutes;      // on one core of 2020, about
};

const Training kTrainings[] = {
    // @@ROWS@@
};

std::ostream& operator<<(std::ostream& out, const Training& training) { return out << training.name; }

class Accuracy : public ::testing::TestWithParam<std::tuple<Training, std::uint64_t>> {};
std::string test_name(const ::testing::TestParamInfo<Accuracy::ParamType>& info) {
  const auto& [training, seed] = info.param;
  return std::string(training.name) + "_" + std::to_string(seed);
}
INSTANTIATE_TEST_SUITE_P(Seeds, Accuracy,
                         ::testing::Combine(::testing::ValuesIn(kTrainings),
                                            ::testing::Values<std::uint64_t>(1, 2, 3)),
                         test_name);

data::Transforms transforms(const Training& training) {
  data::Transforms all;
  if (training.shift > 0) all = {data::Shift(training.shift)};
  if (training.flip) all.add(Shared<data::Transform>(new data::Flip()));
  return all;
}

TEST_P(Accuracy, IsReached) {
  const auto& [training, seed] = GetParam();
  if (std::getenv("CHAINRULE_DATA_DIR") == nullptr) {
    GTEST_SKIP() << "needs " << training.data << " in CHAINRULE_DATA_DIR";
  }
  const auto set = data::load(training.data);
  const Shared<nn::Layer> net = config::make<nn::Layer>(training.net);
  const auto run = [&, seed = seed, &training = training](const auto& rule) {
    const Duration length = epochs(training.epochs);
    optim::Optimizer optimizer(*net, rule, {.lr = optim::cosine(training.lr, length)});
    train::Trainer trainer(
        {*net, loss::softmax_cross_entropy}, optimizer,
        {set.train, {.batch_size = training.batch_size, .seed = seed, .transforms = transforms(training)}},
        {.seed = seed});
    trainer.run(length);
  };
  training.adam ? run(optim::Adam{}) : run(optim::Momentum{.momentum = 0.9});
  std::int64_t parameters = 0;
  for (const nn::NamedParameter& p : net->parameters()) parameters += p.parameter.value().numel();
  EXPECT_EQ(parameters, training.parameters);
  const double accuracy = train::evaluate(*net, set.test, metric::accuracy);
  RecordProperty("accuracy", std::to_string(accuracy));
  EXPECT_GE(accuracy, training.accuracy);
}

}  // namespace
}  // namespace chainrule
