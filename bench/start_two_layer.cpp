// One step of the two-layer net over 60,000 images, and nothing else: what starting costs. With an argument
// only the images are made. bench/peers/compare_start.py runs it beside the same in libtorch.
#include <cstdio>
#include <vector>

#include "chainrule/chainrule.h"

int main(int argc, char**) {
  using namespace chainrule;
  data::ImageSet images;
  images.count = 60000, images.height = 28, images.width = 28;
  images.pixels.assign(60000 * 784, 7);
  images.labels.assign(60000, 1);
  if (argc > 1) return 0;

  nn::TwoLayerNet net({.input = 784, .hidden = 50, .output = 10});
  optim::Optimizer sgd(net, optim::Sgd{}, {.lr = 0.1});
  std::vector<std::int64_t> rows(100);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i) * 599;
  const auto [x, t] = data::images(images, {.flat = true}).take(rows);
  std::printf("%g\n", sgd.step(net.loss(x, t)));
}
