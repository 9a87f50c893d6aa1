// Several inputs of different sizes: why they are scaled before a net learns from them, and how to scale
// back.
#include <chainrule/data.h>
#include <chainrule/error.h>
#include <chainrule/linalg.h>
#include <chainrule/loss.h>
#include <chainrule/nn.h>
#include <chainrule/ops.h>
#include <chainrule/optim.h>
#include <chainrule/random_tensor.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

struct Plane {
  nn::Affine layer{zeros({2, 1}, f64), zeros({1}, f64)};

  void print(const char* what) const {
    const std::vector<double> w = layer.weight.value().to_vector();
    std::printf("%s: w = %.8f, %.8f, b = %.8f\n", what, w[0], w[1], layer.bias.value().item());
  }
  /// Steps with all rows. Gives the loss before each.
  plot::Series descend(const Tensor& x, const Tensor& t, double lr, int steps) {
    optim::Optimizer sgd(layer, optim::Sgd{}, {.lr = lr});
    plot::Series losses;
    for (int step = 0; step < steps; ++step) {
      losses.x.push_back(step);
      losses.y.push_back(sgd.step(half_mse(layer.forward(x), t)));
    }
    return losses;
  }
};

/// For scaled inputs w ((x - shift) / spread) + b: the w and b that do the same to x itself.
void print_back(const Plane& plane, const data::Line& scale) {
  const Tensor shift = from_data(scale.shift, {2, 1}), spread = from_data(scale.spread, {2, 1});
  const Tensor w = plane.layer.weight / spread;
  Plane back;
  back.layer = nn::Affine(w, plane.layer.bias - sum(w * shift));
  back.print("scaled back");
}

learn::Rows made() {  // price of a house by its distance and its area
  const Tensor x =
      concatenate({uniform({1000, 1}, {1}, 2, 22, f64), uniform({1000, 1}, {2}, 40, 119, f64)}, 1);
  return {x, matmul(x, tensor({-2, 5}, {2, 1}, f64)) + 46 + normal({1000, 1}, {3}, 0, 10, f64)};
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const auto [x, t] = learn::read("ch05.npz", made);

  const Tensor best = lstsq(concatenate({x, ones({x.size(0), 1}, f64)}, 1), t);
  Plane exact;
  exact.layer = nn::Affine(slice(best, 0, 0, 2), reshape(slice(best, 0, 2, 3), {1}));
  exact.print("least squares");
  std::printf("a house at distance 15 of area 93: %.8f\n\n",
              exact.layer.predict(tensor({15, 93}, {1, 2}, f64)).item());

  try {
    Plane().descend(x, t, 0.01, 1000);
  } catch (const ValueError& error) {
    std::printf("unscaled, lr 0.01: stopped by error E%03d, a loss that is not finite\n", error.code());
  }
  Plane slow;
  plot::Figure figure{.title = "how far the loss is above the least", .x = {.label = "step"}};
  figure.series.push_back(slow.descend(x, t, 0.0002, 3000));
  slow.print("unscaled, lr 0.0002, 3000 steps");

  const auto scaler = data::min_max(data::arrays(x, t), {.target = true});
  Plane scaled;
  figure.series.push_back(scaled.descend(scaler(x), t, 0.5, 3000));
  scaled.print("\ninputs scaled, lr 0.5, 3000 steps");
  print_back(scaled, scaler.inputs());

  Plane both;
  both.descend(scaler(x), scaler.target(t), 0.5, 3000);
  both.print("\ntargets scaled, too");
  const Tensor house = scaler(tensor({15, 93}, {1, 2}, f64));
  std::printf("the same house: %.8f\n", scaler.inverse(both.layer.predict(house)).item());

  const double least = half_mse(exact.layer.predict(x), t).item();
  for (plot::Series& series : figure.series) {
    for (double& loss : series.y) loss -= least;
  }
  figure.y = {.label = "loss - least loss", .logarithmic = true, .low = 1e-6};
  figure.series[0].name = "unscaled, lr 0.0002", figure.series[1].name = "scaled, lr 0.5";
  plot::Figure prices{.title = "prices", .x = {.label = "true"}, .y = {.label = "predicted"}};
  prices.series = {{.x = t.to_vector(), .y = scaled.layer.predict(scaler(x)).to_vector()},
                   {.x = {180, 680}, .y = {180, 680}}};
  prices.series[0].style = plot::Series::Style::dots;
  pictures.save("loss", std::vector{figure, prices});
}
