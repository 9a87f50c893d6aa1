// Two classes by a sigmoid and by a tanh, three by softmax: what the nets say, and where the borders are.
#include <chainrule/chainrule.h>
#include <chainrule/plot/functions.h>
#include <chainrule/plot/plot.h>

#include <algorithm>
#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// Trains one layer on all rows at once; gives the last loss.
template <class Loss>
double descend(nn::Layer& layer, const Tensor& x, Loss loss, double lr, int steps) {
  layer.build(x);
  optim::Optimizer sgd(layer, optim::Sgd{}, {.lr = lr});
  double last = 0;
  for (int step = 0; step < steps; ++step) last = sgd.step(loss(layer.forward(x)));
  return last;
}

double share(const Tensor& of) { return mean(cast(of, f64)).item(); }

/// What a net says at each place, with the rows, and the borders, where two classes are as likely.
plot::Figure map_of(const char* title, const nn::Layer& net, const Tensor& x, const Tensor& classes,
                    std::vector<std::string> names) {
  const plot::Subject subject{.model = {net.clone(), {}}, .rows = data::arrays(x, classes, std::move(names))};
  plot::Figure figure = plot::Decision().draw(subject).figures[0];
  figure.title = title, figure.height = 260;

  const plot::Places at = plot::places(figure.x, figure.y, 100);
  Tensor z = net.predict(concatenate({at.x, at.y}, 1));
  if (z.size(1) == 1) z = concatenate({zeros(z.shape(), f64), z}, 1);  // one number: the second against none
  for (std::int64_t one = 1; one < z.size(1); ++one) {
    const Tensor others = z - 1e9 * cast(equal(arange(z.size(1), i64), one), f64);
    const Tensor lead = select(z, one, 1) - max(others, 1);
    plot::Series border = plot::contour(plot::surface(figure.x, figure.y, 100, lead), 0);
    border.style = plot::Series::Style::line, border.color = 3, border.name = one == 1 ? "border" : "";
    figure.series.push_back(border);
  }
  return figure;
}

learn::Rows made_two() {  // two sides of a line
  const Tensor x = uniform({200, 2}, {1}, 0, 1, f64);
  return {x, cast(select(x, 1, 1) > 0.2 + 0.6 * select(x, 0, 1), f64)};
}

learn::Rows made_three() {  // three thirds of a square, between parallel lines
  const Tensor x = uniform({140, 2}, {1}, 0, 10, f64), s = select(x, 0, 1) - select(x, 1, 1);
  return {x, 1 + cast(s > -2, f64) + cast(s > 3, f64)};
}

int main(int argc, char** argv) {
  std::vector<plot::Figure> maps;
  const auto [x, given] = learn::read("ch06.npz", made_two);
  const Tensor t = reshape(given, {-1, 1}), classes = cast(reshape(given, {-1}), i64);

  nn::Affine by_sigmoid(zeros({2, 1}, f64), zeros({1}, f64));
  double loss = descend(
      by_sigmoid, x, [&](const Tensor& z) { return binary_cross_entropy_with_logits(z, t); }, 10, 5000);
  std::printf("sigmoid: loss %.4f, accuracy %.4f\n", loss, share(equal(by_sigmoid.predict(x) > 0, t > 0.5)));
  maps.push_back(map_of("by a sigmoid", by_sigmoid, x, classes, {"0", "1"}));

  // Between -1 and 1 instead of between 0 and 1.
  const Tensor signs = 2 * t - 1;
  nn::Affine by_tanh(zeros({2, 1}, f64), zeros({1}, f64));
  loss = descend(
      by_tanh, x, [&](const Tensor& z) { return tanh_cross_entropy(z, signs); }, 1.25, 5000);
  std::printf("tanh:    loss %.4f, accuracy %.4f\n", loss, share(equal(sign(by_tanh.predict(x)), signs)));
  maps.push_back(map_of("by a tanh", by_tanh, x, classes, {"-1", "1"}));

  // (w1, w2, b) of both: tanh(z) is 2 sigmoid(2z) - 1, so the same line has half the weights.
  for (const nn::Affine& one : {by_sigmoid, by_tanh}) {
    const std::vector<double> w = one.weight.value().to_vector();
    std::printf("weights %.4f %.4f %.4f\n", w[0], w[1], one.bias.value().item());
  }

  const auto [places, numbers] = learn::read("ch07.npz", made_three);
  const Tensor three = cast(reshape(numbers, {-1}), i64) - 1;
  const auto scaler = data::min_max(data::arrays(places, three));
  nn::Affine by_softmax(zeros({2, 3}, f64), zeros({3}, f64));
  loss = descend(
      by_softmax, scaler(places), [&](const Tensor& z) { return softmax_cross_entropy(z, three); }, 0.1,
      1400);
  const Tensor found = argmax(by_softmax.predict(scaler(places)), 1);
  std::printf("\nsoftmax: loss %.4f, accuracy %.4f\n", loss, share(equal(found, three)));

  const Tensor asked = tensor({5, 1, 7, 6, 5, 6, 2, 7}, {4, 2}, f64);
  const Tensor said = softmax(by_softmax.predict(scaler(asked)));
  for (std::int64_t row = 0; row < 4; ++row) {
    const std::vector<double> at = select(asked, row).to_vector(), p = select(said, row).to_vector();
    const auto most = std::max_element(p.begin(), p.end());
    std::printf("(%g, %g) is of class %d, probabilities %.4f %.4f %.4f\n", at[0], at[1],
                static_cast<int>(most - p.begin()) + 1, p[0], p[1], p[2]);
  }
  maps.push_back(map_of("three classes", by_softmax, scaler(places), three, {"1", "2", "3"}));
  learn::Pictures(argc, argv).save("maps", maps);
}
