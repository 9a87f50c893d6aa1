// One step of the two-layer net over 60,000 images in libtorch, and nothing else: what starting costs. With
// an argument only the images are made.
#include <torch/torch.h>

#include <cstdio>

int main(int argc, char**) {
  const auto images = torch::full({60000, 784}, 7, torch::kUInt8),
             labels = torch::ones({60000}, torch::kLong);
  if (argc > 1) return 0;

  at::set_num_threads(1);
  const auto w1 = (torch::randn({784, 50}) * 0.01).requires_grad_(), b1 = torch::zeros({50}).requires_grad_();
  const auto w2 = (torch::randn({50, 10}) * 0.01).requires_grad_(), b2 = torch::zeros({10}).requires_grad_();
  torch::optim::SGD sgd({w1, b1, w2, b2}, 0.1);
  const auto rows = torch::arange(100) * 599;
  const auto x = images.index_select(0, rows).to(torch::kFloat).mul_(1 / 255.0),
             t = labels.index_select(0, rows);
  const auto loss = torch::cross_entropy_loss(torch::addmm(b2, torch::relu(torch::addmm(b1, x, w1)), w2), t);
  loss.backward();
  sgd.step();
  std::printf("%g\n", loss.item<double>());
}
