// A gradient is graph, so it has gradients again: penalties on slopes, derivatives of any order, Newton's
// method.
#include <chainrule/grad.h>
#include <chainrule/linalg.h>
#include <chainrule/ops.h>
#include <chainrule/plot/functions.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// A loss that has slopes in it, and the gradient of that.
void through_a_gradient() {
  const Tensor x = tensor({5, 7}, f64), y = square(x);
  const Tensor slope0 = grad(select(y, 0), x), slope1 = grad(select(y, 1), x);
  const Tensor loss = mean(y) + mean(slope0 - slope1);
  const std::vector<double> g = grad(loss, x).to_vector();
  std::printf("the gradient of a loss with slopes in it: (%g, %g)\n\n", g[0], g[1]);
}

plot::Figure derivatives_of_tanh() {
  plot::Figure figure{.title = "tanh and its derivatives", .x = {.label = "x"}, .height = 240};
  const Tensor x = scalar(1, f64);
  Tensor y = tanh(x);
  for (int order = 0; order <= 6; ++order) {
    std::printf("derivative %d of tanh at 1: %.12f\n", order, y.item());
    y = grad(y, x);
  }
  for (int order = 0; order <= 3; ++order) {
    const auto derivative = [&](const Tensor& at) {
      Tensor values = tanh(at);
      for (int i = 0; i < order; ++i) values = grad(sum(values), at);
      return values;
    };
    figure.series.push_back(plot::curve(derivative, -3, 3, learn::text("order %d", order)));
  }
  return figure;
}

/// Steps of slope / second derivative to where x^4 - 2 x^2 is flat.
void newton_of_one() {
  Tensor x = scalar(2, f64);
  std::printf("\n");
  for (int step = 1; step <= 7; ++step) {
    const Tensor slope = grad(pow(x, 4) - 2 * square(x), x);
    x = detach(x - slope / grad(slope, x));
    std::printf("newton %d: x = %.15f\n", step, x.item());
  }
}

/// Rosenbrock's valley of x and y, one below the other in p.
Tensor valley(const Tensor& x, const Tensor& y) { return 100 * square(y - square(x)) + square(x - 1); }

/// The way from (0, 2), by gradients or by Newton's method: the Hessian says how slopes change along the way.
plot::Series descend(bool newton, int steps) {
  plot::Series way{.name = newton ? "Newton" : "gradient descent"};
  if (newton) way.style = plot::Series::Style::path;
  Tensor p = tensor({0, 2}, f64);
  for (int step = 0; step <= steps; ++step) {
    way.x.push_back(select(p, 0).item()), way.y.push_back(select(p, 1).item());
    const Tensor height = valley(select(p, 0), select(p, 1)), slope = grad(height, p);
    p = detach(newton ? p - solve(hessian(height, p), slope) : p - 0.001 * slope);
  }
  std::printf("%s, %d steps: (%.12f, %.12f)\n", way.name.c_str(), steps, way.x.back(), way.y.back());
  return way;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  through_a_gradient();
  const plot::Figure tanhs = derivatives_of_tanh();
  newton_of_one();

  std::printf("\n");
  const Tensor start = tensor({0, 2}, f64);
  const std::vector<double> slope = grad(valley(select(start, 0), select(start, 1)), start).to_vector();
  std::printf("slope of the valley at (0, 2): (%g, %g)\n", slope[0], slope[1]);
  plot::Figure map = plot::contours(plot::surface(valley, {.label = "x", .low = -0.5, .high = 1.5},
                                                  {.label = "y", .low = -0.5, .high = 2.2}, 80),
                                    24);
  map.title = "Rosenbrock's valley, lowest at (1, 1)", map.height = 240;
  map.series.push_back(descend(false, 1000)), map.series.back().color = 0;
  descend(false, 10000);
  map.series.push_back(descend(true, 5)), map.series.back().color = 1;
  pictures.save("second", std::vector{tanhs, map});
}
