// Logic gates: one neuron learns NOT, AND, NAND, OR and NOR. XOR takes a layer between, and sometimes a new
// start.
#include <chainrule/loss.h>
#include <chainrule/nn.h>
#include <chainrule/ops.h>
#include <chainrule/optim.h>
#include <chainrule/plot/functions.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

struct Gate {
  const char* name;
  Tensor x, t;
};

const Tensor kPairs = tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, f64);

Gate gate_of(const char* name, std::initializer_list<Number> answers) {
  return {name, kPairs, tensor(answers, {4, 1}, f64)};
}

/// Trains on all rows at once; the last loss.
double descend(nn::Layer& net, const Gate& gate, double lr, int steps, std::uint64_t seed = 1) {
  net.build(gate.x, {.seed = seed});
  optim::Optimizer sgd(net, optim::Sgd{}, {.lr = lr});
  double loss = 0;
  for (int step = 0; step < steps; ++step) {
    loss = sgd.step(binary_cross_entropy_with_logits(net.forward(gate.x), gate.t));
  }
  return loss;
}

void print_answers(const nn::Layer& net, const Gate& gate) {
  std::printf("%-4s", gate.name);
  for (const double said : sigmoid(net.predict(gate.x)).to_vector()) std::printf(" %.3f", said);
}

/// The rows, and the line between those of 0 and those of 1.
plot::Figure map_of(const nn::Layer& net, const Gate& gate, const char* title) {
  const plot::Axis x{.label = "x1", .low = -0.5, .high = 1.5}, y{.label = "x2", .low = -0.5, .high = 1.5};
  const auto logit = [&](const Tensor& x1, const Tensor& x2) {
    return net.predict(concatenate({x1, x2}, 1));
  };
  plot::Figure figure{.title = title, .x = x, .y = y, .height = 220};
  plot::Series zeros{.name = "0", .style = plot::Series::Style::dots}, ones = zeros;
  ones.name = "1";
  for (std::int64_t row = 0; row < 4; ++row) {
    plot::Series& side = select(gate.t, row).item() > 0 ? ones : zeros;
    side.x.push_back(select(select(gate.x, row), 0).item()),
        side.y.push_back(select(select(gate.x, row), 1).item());
  }
  plot::Series border = plot::contour(plot::surface(logit, x, y, 100), 0);
  border.style = plot::Series::Style::line, border.name = "1/2";
  figure.series = {zeros, ones, border};
  return figure;
}

nn::Sequential two_layers(std::int64_t hidden) {
  return nn::Sequential(nn::Affine(hidden, {.weight_init = nn::Normal{1}}), nn::Sigmoid(), nn::Affine(1));
}

int main(int argc, char** argv) {
  std::vector<plot::Figure> maps;
  const Gate inverse{"NOT", tensor({0, 1}, {2, 1}, f64), tensor({1, 0}, {2, 1}, f64)};
  for (const Gate& gate :
       {inverse, gate_of("AND", {0, 0, 0, 1}), gate_of("NAND", {1, 1, 1, 0}), gate_of("OR", {0, 1, 1, 1}),
        gate_of("NOR", {1, 0, 0, 0}), gate_of("XOR", {0, 1, 1, 0})}) {
    nn::Affine neuron(1);
    const double loss = descend(neuron, gate, 2, 2000);
    print_answers(neuron, gate);
    std::printf("  loss %.4f\n", loss);
    if (maps.empty() && gate.x.size(1) == 2) maps.push_back(map_of(neuron, gate, "AND: one neuron"));
  }

  const Gate exclusive = gate_of("XOR", {0, 1, 1, 0});
  std::vector<double> stuck;
  std::printf("\n");
  for (const std::int64_t hidden : {2, 3, 4}) {
    int bad = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      nn::Sequential net = two_layers(hidden);
      const bool has_learnt = descend(net, exclusive, 2, 2500, seed) < 0.1;
      if (hidden == 2 && has_learnt && maps.size() == 1) {
        print_answers(net, exclusive);
        std::printf("  with two hidden neurons, seed %d\n", static_cast<int>(seed));
        maps.push_back(map_of(net, exclusive, "XOR: a layer of two between"));
      }
      bad += !has_learnt;
    }
    std::printf("%d hidden: %d of 20 starts get stuck\n", static_cast<int>(hidden), bad);
    stuck.push_back(bad);
  }
  maps.push_back({.title = "starts of 20 that get stuck", .x = {.label = "hidden neurons"}, .height = 220});
  maps.back().bars = plot::named_bars({"2", "3", "4"}, stuck);
  learn::Pictures(argc, argv).save("gates", maps);
}
