// Settings: learning rates that change, the range in which they work, and a search.
#include <chainrule/chainrule.h>
#include <chainrule/train/find_lr.h>
#include <chainrule/train/sweep.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// A schedule of 100 steps, as a line.
plot::Series line(const char* name, const optim::Rate& rate) {
  plot::Series series{.name = name};
  for (int step = 0; step <= 100; ++step) series.x.push_back(step), series.y.push_back(rate.at(step));
  return series;
}

/// The loss while the learning rate rises.
plot::Figure range_of_rates(const data::Source& digits) {
  nn::Sequential net = nn::mlp({50, 10});
  optim::Optimizer optimizer(net, optim::Sgd{});
  const train::LrCurve found = train::find_lr({net, loss::softmax_cross_entropy}, optimizer,
                                              {digits, {.batch_size = 100}}, {.low = 1e-4});
  std::printf("the loss falls fastest at %.2g\n\n", found.suggestion);
  plot::Figure figure{.title = "loss while the rate rises",
                      .x = {.label = "learning rate", .logarithmic = true},
                      .y = {.logarithmic = true}};
  figure.series = {
      {.name = "of a batch", .x = found.rates, .y = found.losses, .style = plot::Series::Style::thin},
      {.name = "smoothed", .x = found.rates, .y = found.smoothed}};
  return figure;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const data::Dataset mnist = learn::images("mnist");
  const data::Source few = data::subset(mnist.train, 0, 500),
                     validation = data::subset(mnist.train, 500, 1500);

  plot::Figure schedules{.title = "schedules", .x = {.label = "step"}, .y = {.label = "learning rate"}};
  const Duration length = steps(100);
  schedules.series = {line("step_decay", optim::step_decay(0.1, 0.5, steps(25))),
                      line("cosine", optim::cosine(0.1, length)),
                      line("warm_up", optim::warm_up(steps(20), optim::polynomial(0.1, length))),
                      line("one_cycle", optim::one_cycle(0.1, length))};
  pictures.save("rates", std::vector{schedules, range_of_rates(data::subset(mnist.train, 0, 10000))});

  const train::Space space{train::log_range("lr", 1e-4, 1), train::log_range("weight_decay", 1e-8, 1e-2)};
  const auto run = [&](const train::Point& at) {
    nn::Sequential net = nn::mlp({50, 10});
    train::fit(net, loss::softmax_cross_entropy, few,
               {.epochs = 10,
                .optimizer = "sgd",
                .lr = at.number("lr"),
                .weight_decay = at.number("weight_decay"),
                .batch_size = 50});
    return train::evaluate(net, validation, metric::accuracy);
  };
  const train::SweepResult found =
      train::sweep(space, run, {.search = train::Search::random, .larger_is_better = true, .points = 40});
  plot::Figure figure{.title = "40 settings drawn at random",
                      .x = {.label = "learning rate", .logarithmic = true},
                      .y = {.label = "right of validation images"}};
  plot::Series dots{.style = plot::Series::Style::dots};
  std::printf("the best five of %zu:\n", found.trials.size());
  for (const train::Trial& trial : found.trials) {
    dots.x.push_back(trial.point.number("lr")), dots.y.push_back(trial.score);
    if (dots.x.size() <= 5)
      std::printf("accuracy %.3f with lr %.3f, weight_decay %.1e\n", trial.score, dots.x.back(),
                  trial.point.number("weight_decay"));
  }
  std::printf("the worst: %.3f with lr %.5f\n", dots.y.back(), dots.x.back());
  figure.series = {dots};
  pictures.save("search", figure);
}
