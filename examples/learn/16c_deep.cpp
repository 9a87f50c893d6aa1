// Deep: why small windows stand one behind another, and the beginning of the training of DeepConvNet.
#include <chainrule/chainrule.h>
#include <chainrule/plot.h>

#include <cstdio>
#include <iostream>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// How many pixels a number sees behind some convolutions of 3x3: those by which it has a gradient.
void windows(const learn::Pictures& pictures) {
  const Tensor image = zeros({1, 1, 11, 11}), kernel = ones({1, 1, 3, 3});
  plot::Figure figure{.title = "what one number sees",
                      .note = "the more ways lead from a pixel to it, the lighter",
                      .columns = 4};
  Tensor y = image;
  for (int depth = 1; depth <= 4; ++depth) {
    y = conv2d(y, kernel, {.padding = 1});
    const Tensor middle = select(select(select(select(y, 0), 0), 5), 5);
    const Tensor ways = reshape(grad(middle, image), {11, 11});
    std::printf("%d of 3x3: %2d weights, %2.0f pixels seen\n", depth, 9 * depth,
                sum(cast(ways > 0, f64)).item());
    figure.tiles.push_back(learn::image(ways, learn::text("%d of 3x3", depth), 0, max(ways).item()));
  }
  pictures.save("windows", figure);
}

/// The first steps of a training, with images that move by a pixel at most.
void begin_training(const data::Source& train, const data::Source& test, const learn::Pictures& pictures) {
  nn::DeepConvNet net(nn::DeepConvNet::Options{});
  std::cout << "\n" << net.summary(train.take({0})[0]) << "\n";
  const data::Transforms moved = {data::Shift(1)};
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.001});
  train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                         {train, {.batch_size = 50, .seed = 1, .transforms = moved}}, {.seed = 1});
  trainer.on(steps(20), train::evaluate(test));
  trainer.run(epochs(1));
  const train::Report& last = trainer.history().back();
  std::printf("after %d steps: %.3f of %d test images right\n", static_cast<int>(last.step),
              last["test.accuracy"], static_cast<int>(test.rows()));

  plot::Figure right{.title = "right of test images", .x = {.label = "epoch"}, .y = {.low = 0, .high = 1}};
  right.series = {learn::curve(trainer.history(), "test.accuracy", "")};
  plot::Figure wrong = plot::Mistakes().draw({.model = {net.clone(), {}}, .rows = test}).figures[0];
  wrong.tiles.resize(std::min<std::size_t>(wrong.tiles.size(), 8));
  pictures.save("training", std::vector{right, wrong});
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const data::Dataset mnist = learn::images("mnist");
  windows(pictures);
  begin_training(data::subset(mnist.train, 0, 6000), data::subset(mnist.test, 0, 500), pictures);
}
