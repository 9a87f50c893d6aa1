// A bias before batch norm, which takes its mean away: its gradient is 0 but for rounding, and Adam makes
// steps of full size of that. Under CHAINRULE_MODE=verify plan and reference step apart there, and neither is
// wrong.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"

namespace chainrule {
namespace {

TEST(IdleBias, IsTrainedByAdamInEveryMode) {
  nn::Sequential net{nn::Conv2d(4, 3), nn::BatchNorm(), nn::Relu(), nn::Flatten(), nn::Affine(3)};
  const Tensor x = detach(normal({10, 2, 8, 8}, {.seed = 5})),
               t = tensor({0, 1, 2, 0, 1, 2, 0, 1, 2, 0}, i64);
  optim::Optimizer adam(net, optim::Adam{}, {.lr = 0.01});
  double first = 0, last = 0;
  for (std::int64_t step = 0; step < 12; ++step) {
    nn::Pass pass = nn::Pass::training(1, step);
    const Tensor loss = softmax_cross_entropy(net.forward(x, pass), t);
    last = adam.step(loss, pass);
    if (step == 0) first = last;
  }
  EXPECT_LT(last, first / 2);
  const Tensor loss = softmax_cross_entropy(net.forward(x), t);
  const Tensor bias = net.parameter("conv2d1.bias").value(), weight = net.parameter("conv2d1.weight").value();
  const std::vector<Tensor> gradients = grad(loss, {bias, weight});
  EXPECT_LT(norm(gradients[0]).item(), 1e-5 * norm(gradients[1]).item());
  EXPECT_GT(norm(bias).item(), 1e-3);  // and it moved all the same
}

}  // namespace
}  // namespace chainrule
