// Curves: polynomials are lines in powers of x; a net with a few hidden neurons finds its own bends.
#include <chainrule/linalg.h>
#include <chainrule/loss.h>
#include <chainrule/nn.h>
#include <chainrule/ops.h>
#include <chainrule/optim/minimize.h>
#include <chainrule/plot/functions.h>
#include <chainrule/random_tensor.h>

#include <cmath>
#include <cstdio>

#include "learn.h"

using namespace chainrule;

learn::Rows wave() {  // one period of a sine with noise
  const Tensor x = uniform({500, 1}, {1}, 0, 1, f64);
  return {x, sin(2 * M_PI * x) + normal({500, 1}, {2}, 0, 0.08, f64)};
}

learn::Rows bends() {
  const Tensor x = uniform({1000, 1}, {1}, 0, 1, f64);
  return {x, 0.4 * square(x) + 0.3 * x * sin(15 * x) + 0.01 * cos(50 * x) - 0.3 +
                 normal({1000, 1}, {2}, 0, 0.03, f64)};
}

/// 1, x, x^2, ..., a column each.
Tensor powers(const Tensor& x, int degree) {
  std::vector<Tensor> columns = {ones(x.shape(), f64)};
  for (int i = 1; i <= degree; ++i) columns.push_back(columns.back() * x);
  return concatenate(columns, 1);
}

/// The polynomial of least squares, as a line to be drawn.
plot::Series polynomial(const learn::Rows& rows, int degree) {
  const Tensor weights = lstsq(powers(rows.x, degree), rows.t);
  const auto value = [&](const Tensor& x) { return matmul(powers(reshape(x, {-1, 1}), degree), weights); };
  std::printf("degree %d: loss %.6f\n", degree, half_mse(value(rows.x), rows.t).item());
  return plot::curve(value, 0, 1, learn::text("degree %d", degree));
}

/// The share of the variance that is explained.
double r2(const Tensor& y, const Tensor& t) { return 1 - (mse(y, t) / var(t)).item(); }

/// A net of so many hidden neurons: the best of four starts.
plot::Series by_net(const learn::Rows& train, const learn::Rows& test, std::int64_t hidden) {
  nn::Sequential best;
  double least = INFINITY;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    nn::Sequential net{nn::Affine(hidden, {.weight_init = nn::Normal{5}}), nn::Sigmoid(), nn::Affine(1)};
    net.build(train.x, {.seed = seed});
    const auto found = optim::minimize(
        net, [&] { return half_mse(net.predict(train.x), train.t); }, optim::LBfgs{.iterations = 1000});
    if (found.value < least) least = found.value, best = net;
  }
  std::printf("1-%d-1: loss %.6f, R2 %.4f, on test rows %.4f\n", static_cast<int>(hidden), least,
              r2(best.predict(train.x), train.t), r2(best.predict(test.x), test.t));
  return plot::curve(
      [&](const Tensor& x) {
        return best.predict(reshape(x, {-1, 1}));
      },
      0, 1, learn::text("%d hidden", static_cast<int>(hidden)));
}

/// The lines, and every fifth row as a dot.
plot::Figure figure_of(const char* title, const learn::Rows& rows, std::vector<plot::Series> lines) {
  plot::Figure figure{.title = title, .x = {.label = "x"}, .height = 240};
  const std::int64_t count = rows.x.size(0);
  figure.series = {
      {.x = slice(rows.x, 0, 0, count, 5).to_vector(), .y = slice(rows.t, 0, 0, count, 5).to_vector()}};
  figure.series[0].style = plot::Series::Style::dots, figure.series[0].color = 6;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].color = static_cast<int>(i);
    figure.series.push_back(lines[i]);
  }
  return figure;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const learn::Rows sine = learn::read("ch08.train.npz", wave),
                    sine_test = learn::read("ch08.test.npz", wave);
  std::printf("a sine\n");
  std::vector powers_of = {polynomial(sine, 2), polynomial(sine, 3), polynomial(sine, 4)};
  std::vector nets = {by_net(sine, sine_test, 1), by_net(sine, sine_test, 2)};
  pictures.save("sine",
                std::vector{figure_of("polynomials", sine, powers_of), figure_of("nets", sine, nets)});

  const learn::Rows bent = learn::read("ch09.train.npz", bends),
                    bent_test = learn::read("ch09.test.npz", bends);
  std::printf("\nseveral bends\n");
  powers_of = {polynomial(bent, 4), polynomial(bent, 6), polynomial(bent, 8)};
  nets = {by_net(bent, bent_test, 2), by_net(bent, bent_test, 3)};
  pictures.save("bends",
                std::vector{figure_of("polynomials", bent, powers_of), figure_of("nets", bent, nets)});
}
