// Downhill: each step goes against the gradient, as far as the learning rate says.
#include <chainrule/grad.h>
#include <chainrule/ops.h>
#include <chainrule/plot/functions.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// The points of a way, to be drawn.
using Way = plot::Series;

/// Downhill on f(x): points (x, f(x)), the start first.
Way descend(TensorFunction f, double start, double lr, int steps) {
  Way way{.name = "the steps", .style = Way::Style::path};
  Tensor x = scalar(start, f64);
  for (int step = 0; step <= steps; ++step) {
    const auto [y, slope] = value_and_grad(f, x);
    way.x.push_back(x.item()), way.y.push_back(y.item());
    x = detach(x - lr * slope);
  }
  return way;
}

/// Downhill on f(x, y): points (x, y).
template <class F>
Way descend(F f, double start_x, double start_y, double lr, int steps) {
  Way way{.name = "the steps", .style = Way::Style::path, .color = 1};
  Tensor x = scalar(start_x, f64), y = scalar(start_y, f64);
  for (int step = 0; step <= steps; ++step) {
    const std::vector<Tensor> slopes = grad(f(x, y), {x, y});
    way.x.push_back(x.item()), way.y.push_back(y.item());
    x = detach(x - lr * slopes[0]), y = detach(y - lr * slopes[1]);
  }
  return way;
}

template <class F>
plot::Figure map_of(const char* title, F f, double width, double height, const Way& way) {
  const plot::Axis x{.label = "x", .low = -width, .high = width},
      y{.label = "y", .low = -height, .high = height};
  plot::Figure map = plot::contours(plot::surface(f, x, y));
  map.title = title, map.note = "lines of equal height";
  map.series.push_back(way);
  return map;
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);

  const Way first = descend([](const Tensor& x) { return square(x - 1) + 0.001; }, 0.2, 0.1, 3);
  std::printf("(x - 1)^2 + 0.001 from 0.2 with lr 0.1: %.6g, %.6g, %.6g\n\n", first.x[1], first.x[2],
              first.x[3]);

  const auto parabola = [](const Tensor& x) { return square(x); };
  std::vector<plot::Figure> figures;
  for (const double lr : {0.3, 0.8, 1.01}) {
    const Way way = descend(parabola, 1.2, lr, 10);
    std::printf("x^2 from 1.2 with lr %.2f: %.6g, %.6g, %.6g, %.6g, ... %.6g\n", lr, way.x[1], way.x[2],
                way.x[3], way.x[4], way.x[10]);
    plot::Figure figure{
        .title = learn::text("learning rate %g", lr), .x = {.label = "x"}, .y = {.label = "x^2"}};
    figure.series = {plot::curve(parabola, -1.6, 1.6), way};
    figures.push_back(figure);
  }
  pictures.save("parabola", figures);

  const auto waves = [](const Tensor& x, const Tensor& y) { return square(x) + square(sin(y)); };
  const Way down = descend(waves, 3, 1, 0.1, 16);
  std::printf("\n");
  for (const std::size_t i : {1, 2, 16}) {
    const double height = waves(scalar(down.x[i], f64), scalar(down.y[i], f64)).item();
    std::printf("x^2 + sin(y)^2, step %2zu: %.6f at (%.6f, %.6f)\n", i, height, down.x[i], down.y[i]);
  }

  const auto bowl = [](const Tensor& x, const Tensor& y) { return square(x) + square(y); };
  const Way round = descend(bowl, -3, 4, 0.1, 100);
  std::printf("\nx^2 + y^2 after 100 steps: (%.9g, %.9g)\n", round.x[100], round.y[100]);
  pictures.save("maps", std::vector{map_of("x^2 + sin(y)^2", waves, 3.2, 2, down),
                                    map_of("x^2 + y^2", bowl, 5, 5, round)});
}
