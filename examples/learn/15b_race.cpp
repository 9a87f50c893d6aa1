// Optimizers: six rules in a long valley, and on digits.
#include <chainrule/chainrule.h>
#include <chainrule/plot/functions.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

struct Racer {
  const char* name;
  optim::AnyRule rule;
  double valley_lr, digits_lr;
};
const Racer kRacers[] = {{"SGD", optim::Sgd{}, 0.95, 0.05},
                         {"momentum", optim::Momentum{0.9}, 0.1, 0.05},
                         {"Nesterov", optim::Nesterov{0.9}, 0.1, 0.05},
                         {"AdaGrad", optim::AdaGrad{}, 1.5, 0.02},
                         {"RMSprop", optim::RmsProp{}, 0.3, 0.001},
                         {"Adam", optim::Adam{}, 0.3, 0.002}};

Tensor valley(const Tensor& x, const Tensor& y) { return square(x) / 20 + square(y); }

/// 30 steps from (-7, 2): where each leads.
plot::Figure race(const Racer& racer) {
  nn::Parameter x(scalar(-7, f64)), y(scalar(2, f64));
  optim::Optimizer optimizer({{"x", x}, {"y", y}}, racer.rule, {.lr = racer.valley_lr});
  plot::Series way{.name = racer.name, .style = plot::Series::Style::path, .color = 1};
  for (int step = 0; step <= 30; ++step) {
    way.x.push_back(x.value().item()), way.y.push_back(y.value().item());
    optimizer.step(valley(x.value(), y.value()));
  }
  std::printf("%s(%g): (%.10g, %.10g)\n", racer.name, racer.valley_lr, way.x.back(), way.y.back());
  plot::Figure map = plot::contours(
      plot::surface(valley, {.label = "x", .low = -8, .high = 8}, {.label = "y", .low = -2.6, .high = 2.6}));
  map.title = learn::text("%s, learning rate %g", racer.name, racer.valley_lr);
  map.height = 190;
  map.series.push_back(way);
  return map;
}

/// The mean loss of each 20 steps on digits, with five layers.
plot::Series digits(const Racer& racer, const data::Source& source) {
  nn::Mlp net({100, 100, 100, 100, 10});
  optim::Optimizer optimizer(net, racer.rule, {.lr = racer.digits_lr});
  data::Loader loader(source, {.batch_size = 100, .seed = 1});
  plot::Series series{.name = racer.name};
  double sum = 0;
  for (int step = 1; step <= 400; ++step) {
    const auto [x, t] = loader.at(step - 1);
    nn::Pass pass = nn::Pass::training(1, step);
    sum += optimizer.step(softmax_cross_entropy(net.forward(x, pass), t), pass) / 20;
    if (step % 20 == 0) series.x.push_back(step), series.y.push_back(sum), sum = 0;
  }
  std::printf("%s(%g): %.3f\n", racer.name, racer.digits_lr, series.y.back());
  return series;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  std::printf("where 30 steps lead on x^2 / 20 + y^2:\n");
  std::vector<plot::Figure> maps;
  for (const Racer& racer : kRacers) maps.push_back(race(racer));
  pictures.save("valley", maps);

  const data::Dataset mnist = learn::images("mnist");
  std::printf("\nloss on digits, steps 380 to 400:\n");
  plot::Figure figure{.title = "loss on digits", .x = {.label = "step"}, .y = {.logarithmic = true}};
  for (const Racer& racer : kRacers) figure.series.push_back(digits(racer, mnist.train));
  pictures.save("digits", figure);
}
