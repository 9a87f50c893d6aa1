// First values: how large weights are at the start decides whether a deep net learns.
#include <chainrule/chainrule.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// What 1000 rows of noise become behind each of five layers of 100 units.
void activations(const learn::Pictures& pictures, const char* name, TensorFunction activation,
                 const std::vector<std::pair<std::string, nn::AnyInitializer>>& starts) {
  std::vector<plot::Figure> figures(2 * starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Tensor x = normal({1000, 100}, {.seed = 1}, 0, 1, f64);
    std::printf("%s, %s: deviation", name, starts[i].first.c_str());
    for (std::uint64_t layer = 1; layer <= 5; ++layer) {
      x = activation(matmul(x, starts[i].second->make({100, 100}, {100, 100}, {.seed = 2, .step = layer})));
      std::printf(" %.3g", stddev(x).item());
      if (layer != 1 && layer != 5) continue;
      plot::Figure figure{.title = starts[i].first,
                          .note = learn::text("behind layer %d", static_cast<int>(layer))};
      figure.bars = plot::histogram(x.to_vector());
      figure.height = 90;
      figures[i + (layer == 5 ? starts.size() : 0)] = figure;
    }
    std::printf("\n");
  }
  std::printf("\n");
  pictures.save(name, figures);
}

/// The losses of a net of five hidden layers on digits.
plot::Series losses(const data::Source& digits, const std::string& name, const nn::AnyInitializer& start,
                    bool batch_norm) {
  nn::Mlp net({100, 100, 100, 100, 100, 10}, {.batch_norm = batch_norm, .weight_init = start});
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.03});
  train::Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                         {digits, {.batch_size = 100, .seed = 1}});
  constexpr int kOften = 25;
  trainer.on(steps(kOften), train::measure("lr", [&](train::Trainer& t) { return t.optimizer().lr(); }));
  trainer.run(steps(600));
  plot::Series series{.name = name};
  for (const train::Report& report : trainer.history()) {
    series.x.push_back(static_cast<double>(report.step)), series.y.push_back(report.loss);
  }
  std::printf("%s: loss %.2f, then %.2f\n", name.c_str(), series.y.front(), series.y.back());
  return series;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const nn::AnyInitializer large = nn::Normal{1}, small = nn::Normal{0.01}, xavier = nn::Xavier{},
                           he = nn::He{};
  activations(pictures, "sigmoid", [](const Tensor& x) { return sigmoid(x); },
              {{"deviation 1", large}, {"deviation 0.01", small}, {"Xavier", xavier}});
  activations(pictures, "relu", [](const Tensor& x) { return relu(x); },
              {{"deviation 0.01", small}, {"Xavier", xavier}, {"He", he}});

  const data::Dataset mnist = learn::images("mnist");
  plot::Figure figure{.title = "loss", .note = "five hidden layers of relu", .x = {.label = "step"}};
  figure.series = {losses(mnist.train, "deviation 0.01", small, false),
                   losses(mnist.train, "Xavier", xavier, false), losses(mnist.train, "He", he, false),
                   losses(mnist.train, "deviation 0.01, batch norm", small, true)};
  pictures.save("training", figure);
}
