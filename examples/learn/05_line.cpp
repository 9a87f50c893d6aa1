// A line through points, three ways: computed at once, by one pass over the points, and by batches of three
// sizes.
#include <chainrule/grad.h>
#include <chainrule/linalg.h>
#include <chainrule/loss.h>
#include <chainrule/ops.h>
#include <chainrule/plot/functions.h>
#include <chainrule/random_tensor.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

struct Line {
  Tensor w = scalar(0, f64), b = scalar(0, f64);

  Tensor operator()(const Tensor& x) const { return w * x + b; }
  double loss(const learn::Rows& rows) const { return half_mse((*this)(rows.x), rows.t).item(); }
  /// One step of gradient descent on these rows.
  void step(const learn::Rows& rows, double lr) {
    const std::vector<Tensor> slopes = grad(half_mse((*this)(rows.x), rows.t), {w, b});
    w = detach(w - lr * slopes[0]), b = detach(b - lr * slopes[1]);
  }
};

learn::Rows part(const learn::Rows& rows, std::int64_t begin, std::int64_t size) {
  return {slice(rows.x, 0, begin, begin + size), slice(rows.t, 0, begin, begin + size)};
}

Line by_least_squares(const learn::Rows& rows) {
  const Tensor best = lstsq(concatenate({rows.x, ones(rows.x.shape(), f64)}, 1), select(rows.t, 0, 1));
  return {select(best, 0), select(best, 1)};
}

/// Passes over all rows, batch by batch, until the loss is 0.02. The way over (w, b) is what is drawn.
plot::Series by_batches(const learn::Rows& rows, std::int64_t size, double lr) {
  plot::Series way{.name = learn::text("batches of %d", static_cast<int>(size))};
  Line line;
  std::int64_t steps = 0;
  for (; line.loss(rows) > 0.02; ++steps) {
    way.x.push_back(line.w.item()), way.y.push_back(line.b.item());
    line.step(part(rows, steps * size % rows.x.size(0), size), lr);
  }
  way.x.push_back(line.w.item()), way.y.push_back(line.b.item());
  std::printf("batches of %3d: %4d steps, %6d rows seen, w = %.6f, b = %.6f, loss %.6f\n",
              static_cast<int>(size), static_cast<int>(steps), static_cast<int>(steps * size), line.w.item(),
              line.b.item(), line.loss(rows));
  return way;
}

learn::Rows made() {  // y = 2x + 3 with noise
  const Tensor x = uniform({100, 1}, {1}, 0, 1, f64);
  return {x, 2 * x + 3 + normal({100, 1}, {2}, 0, 0.15, f64)};
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  const learn::Rows rows = learn::read("ch04.npz", made);

  const Line best = by_least_squares(rows);
  std::printf("least squares: w = %.6f, b = %.6f, loss %.6f\n", best.w.item(), best.b.item(),
              best.loss(rows));

  Line once;
  for (std::int64_t row = 0; row < rows.x.size(0); ++row) once.step(part(rows, row, 1), 0.1);
  std::printf("one pass: w = %.6f, b = %.6f, loss %.6f\n", once.w.item(), once.b.item(), once.loss(rows));
  std::printf("for x = 0.346 it says %.6f\n\n", once(scalar(0.346, f64)).item());

  plot::Figure points{.title = "the lines", .x = {.label = "x"}, .y = {.label = "y"}, .height = 300};
  points.series = {
      {.name = "rows", .x = rows.x.to_vector(), .y = rows.t.to_vector(), .style = plot::Series::Style::dots},
      plot::curve(best, 0, 1, "least squares"),
      plot::curve(once, 0, 1, "one pass")};
  points.series[0].color = 6;

  const auto loss = [&](const Tensor& w, const Tensor& b) {
    return mean(square(w * transpose(rows.x) + b - transpose(rows.t)), {1}) / 2;
  };
  plot::Figure ways = plot::contours(
      plot::surface(loss, {.label = "w", .low = 1, .high = 2.4}, {.label = "b", .low = 2.6, .high = 3.5}));
  ways.title = "the ways to loss 0.02", ways.note = "their last part; all start at w = 0, b = 0";
  for (const std::int64_t size : {1, 10, 100})
    ways.series.push_back(by_batches(rows, size, size == 1 ? 0.1 : 0.5));
  for (std::size_t i = 0; i < 3; ++i) ways.series[ways.series.size() - 3 + i].color = static_cast<int>(i);
  pictures.save("lines", std::vector{points, ways});
}
