// Overfitting: a net learns its examples by heart, and what holds against it.
#include <chainrule/chainrule.h>
#include <chainrule/plot/functions.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// 25 points of a sine with noise, which a net of 64 units passes through, or nearly.
learn::Rows points() {
  const Tensor x = uniform({25, 1}, {.seed = 1}, 0, 1, f64);
  return {x, sin(6.2832 * x) + normal({25, 1}, {.seed = 2}, 0, 0.2, f64)};
}

plot::Figure fitted(const learn::Rows& rows, const char* title, const train::FitOptions& options) {
  nn::Sequential net{nn::Affine{64}, nn::Tanh{}, nn::Affine{64}, nn::Tanh{}, nn::Affine{1}};
  train::fit(net, loss::mse, data::arrays(rows.x, rows.t), options);
  const double low = min(rows.x).item(), high = max(rows.x).item();
  const auto said = [&](const Tensor& x) { return net.predict(reshape(x, {-1, 1})); };
  std::printf("%s: mean squared error %.4f\n", title, mse(net.predict(rows.x), rows.t).item());
  plot::Figure figure{.title = title};
  figure.series = {plot::Series{.name = "examples",
                                .x = rows.x.to_vector(),
                                .y = rows.t.to_vector(),
                                .style = plot::Series::Style::dots},
                   plot::curve(said, low, high, "the net")};
  return figure;
}

/// Six hidden layers on 300 digits: the accuracies while it learns.
plot::Figure learnt(const char* title, const data::Source& few, const data::Source& test,
                    const nn::MlpOptions& net_options, double weight_decay,
                    const data::Transforms& transforms) {
  nn::Mlp net({100, 100, 100, 100, 100, 100, 10}, net_options);
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.01, .weight_decay = weight_decay});
  train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                         {few, {.batch_size = 100, .seed = 1, .transforms = transforms}});
  trainer.on(epochs(20), train::evaluate(few, {.name = "train"})).on(epochs(20), train::evaluate(test));
  trainer.run(epochs(200));
  const train::Report& last = trainer.history().back();
  std::printf("%s: examples %.3f, test images %.3f\n", title, last["train.accuracy"], last["test.accuracy"]);
  plot::Figure figure{.title = title, .x = {.label = "epoch"}, .y = {.low = 0, .high = 1}};
  figure.series = {learn::curve(trainer.history(), "train.accuracy", "examples"),
                   learn::curve(trainer.history(), "test.accuracy", "test images")};
  return figure;
}

/// Nets from several seeds, one by one and together.
void vote(const data::Source& few, const data::Source& test) {
  nn::Ensemble all(nn::Voting::probabilities);
  std::printf("\nnets by themselves:");
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    nn::Sequential net = nn::mlp({30, 10});
    train::fit(net, loss::softmax_cross_entropy, few, {.epochs = 20, .batch_size = 50, .seed = seed});
    std::printf(" %.3f", train::evaluate(net, test, metric::accuracy));
    all.add(net);
  }
  std::printf("\ntogether: %.3f\n", train::evaluate(all, test, metric::accuracy));
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const learn::Rows rows = learn::read("ch16.train.npz", points);
  pictures.save(
      "points",
      std::vector{
          fitted(rows, "no measure", {.epochs = 3000, .lr = 0.01, .batch_size = 25}),
          fitted(rows, "weight decay", {.epochs = 3000, .lr = 0.01, .weight_decay = 0.003, .batch_size = 25}),
          fitted(rows, "stopped early",
                 {.epochs = 3000, .lr = 0.01, .batch_size = 20, .validation = 0.2, .patience = 50})});
  std::printf("\n");

  const data::Dataset mnist = learn::images("mnist");
  const data::Source few = data::subset(mnist.train, 0, 300), test = data::subset(mnist.test, 2500, 7500);
  pictures.save("digits", std::vector{learnt("no measure", few, test, {}, 0, {}),
                                      learnt("weight decay 0.1", few, test, {}, 0.1, {})});
  pictures.save("more", std::vector{learnt("dropout 0.2", few, test, {.dropout = 0.2}, 0, {}),
                                    learnt("images moved", few, test, {}, 0, {data::Affine()})});
  vote(few, test);
}
