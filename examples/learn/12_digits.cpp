// Digits: a net of two layers, its gradient found in two ways, and its training.
#include <chainrule/chainrule.h>

#include <cmath>
#include <cstdio>
#include <iostream>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// The loss and its gradient, layer by layer: what Optimizer::step does by itself.
void by_hand(const Tensor& x, const Tensor& t) {
  nn::Affine affine1(10, {.weight_init = nn::Normal{0.01}}), affine2(10, {.weight_init = nn::Normal{0.01}});
  nn::Relu relu1;
  nn::SoftmaxWithLoss last;
  const Tensor loss = last.forward(affine2.forward(relu1.forward(affine1.forward(x))), t);

  const Tensor d_hidden = affine2.backward(last.backward()[0]);
  affine1.backward(relu1.backward(d_hidden));
  std::cout << "loss " << loss.item() << "; gradients W1 " << affine1.weight.grad().shape() << ", b1 "
            << affine1.bias.grad().shape() << ", W2 " << affine2.weight.grad().shape() << ", b2 "
            << affine2.bias.grad().shape() << "\n\n";
}

/// Backpropagation against differences of the loss, by each parameter of a net.
void two_gradients(const Tensor& x, const Tensor& t) {
  nn::TwoLayerNet net({.hidden = 10, .dtype = f64});
  NamedTensors exact, differences;
  const auto backwards = [&] {
    exact = net.gradient(x, t);
    evaluate({exact["W1"], exact["b1"], exact["W2"], exact["b2"]});
  };
  backwards();  // what is computed once more finds its plan made
  const double fast = learn::milliseconds(backwards);
  const double slow = learn::milliseconds([&] { differences = net.numerical_gradient(x, t); });

  std::int64_t numbers = 0;
  for (const auto& [name, gradient] : exact) {
    const double error = mean(abs(gradient - differences[name])).item();
    std::printf("%s: %lld numbers, mean difference below %.0e\n", name.c_str(),
                static_cast<long long>(gradient.numel()), std::pow(10, std::ceil(std::log10(error))));
    numbers += gradient.numel();
  }
  std::printf("differences: %lld passes forward, took %.0f ms\n", static_cast<long long>(2 * numbers), slow);
  std::printf("backpropagation: 1 forward and 1 back, took %.2f ms\n\n", fast);
}

void learn_digits(const data::Dataset& mnist, const learn::Pictures& pictures) {
  constexpr int kSteps = 3000;
  nn::TwoLayerNet net(nn::TwoLayerNet::Options{});
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  train::Trainer trainer(
      {net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
      {mnist.train, {.batch_size = 100, .seed = 1, .order = data::Batches::Order::with_replacement}});
  const data::Source seen = data::subset(mnist.train, 0, 10000);  // as many as test images
  trainer.on(steps(300), train::evaluate(seen, {.name = "train"}))
      .on(steps(300), train::evaluate(mnist.test));
  trainer.run(steps(kSteps));

  const train::History& history = trainer.history();
  for (const std::size_t i : {0, 1, 4, 9}) {
    std::printf("after %4lld steps: loss %.3f, right of train images %.3f, of test images %.3f\n",
                static_cast<long long>(history[i].step), history[i].loss, history[i]["train.accuracy"],
                history[i]["test.accuracy"]);
  }

  plot::Figure loss{.title = "loss", .x = {.label = "epoch"}},
      right{.title = "share that is right", .x = {.label = "epoch"}};
  loss.series = {learn::curve(history, "train.loss", "training images"),
                 learn::curve(history, "test.loss", "test images")};
  right.series = {learn::curve(history, "train.accuracy", "training images"),
                  learn::curve(history, "test.accuracy", "test images")};
  pictures.save("training", std::vector{loss, right});

  plot::Figure units{.title = "what the hidden units look for",
                     .note = "blue: ink speaks for it, orange: against"};
  const Tensor weights = transpose(net.parameter("W1").value());
  for (std::int64_t i = 0; i < 15; ++i) {
    units.tiles.push_back(learn::weight(reshape(select(weights, i), {28, 28})));
  }
  plot::Figure wrong{.title = "test images it gets wrong", .note = "what it says, and what is right"};
  units.columns = wrong.columns = 5;
  const auto [x, t] = data::Source(mnist.test).range(0, 1000);
  const Tensor said = argmax(net.predict(x), 1);
  for (std::int64_t i = 0; wrong.tiles.size() < 15; ++i) {
    const double says = select(said, i).item(), is = select(t, i).item();
    if (says != is) wrong.tiles.push_back(learn::image(select(x, i), learn::text("%g, is %g", says, is)));
  }
  pictures.save("images", std::vector{units, wrong});
}

int main(int argc, char** argv) {
  const data::Dataset mnist = learn::images("mnist");
  const auto [x, t] = data::Source(mnist.train).range(0, 3);
  by_hand(x, t);
  two_gradients(cast(x, f64), t);
  learn_digits(mnist, learn::Pictures(argc, argv));
}
