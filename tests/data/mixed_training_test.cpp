// A net learns from mixed images, and is measured on plain ones.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"

namespace chainrule::data {
namespace {

TEST(MixedTraining, LearnsFromSoftTargetsInAnyOrder) {
  const Dataset digits = make_digits(1, 600, 200);
  const Source train = images(digits.train, {.flat = true}), test = images(digits.test, {.flat = true});
  nn::Sequential net = nn::mlp({64, 10});
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.003});
  train::Trainer trainer(
      {net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
      {train, {.batch_size = 50, .seed = 1, .order = Batches::Order::balanced, .transforms = Mixup(0.2)}});
  trainer.run(epochs(20));
  EXPECT_GT(train::evaluate(net, test, metric::accuracy), 0.6);  // by chance: 0.1
}

}  // namespace
}  // namespace chainrule::data
