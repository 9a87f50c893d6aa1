// How wrong is a prediction? Losses as numbers, as curves, and as surfaces over the weights of a line.
#include <chainrule/grad.h>
#include <chainrule/linalg.h>
#include <chainrule/loss.h>
#include <chainrule/ops.h>
#include <chainrule/plot/functions.h>
#include <chainrule/random_tensor.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;
using plot::curve;

/// Of ten classes the second (counted from 0) is right. The net finds one class likely.
void of_digits(const char* what, const Tensor& y) {
  const Tensor t = one_hot(tensor({2}, i64), 10, f64);
  const double squares = half_mse(y, t).item();
  const double entropy = -log(select(select(y, 0), 2)).item();  // of the class that is right
  std::printf("%s: half of the squares %.4f, cross-entropy %.5f\n", what, squares, entropy);
}

/// Losses of a single prediction, by how far it is off.
plot::Figure by_error() {
  plot::Figure figure{
      .title = "losses of numbers", .x = {.label = "prediction - target"}, .y = {.label = "loss"}};
  const auto zero = [](const Tensor& x) { return zeros(x.shape(), f64); };
  const auto none = Reduction::none;
  figure.series = {curve([&](const Tensor& x) { return mse(x, zero(x), none); }, -3, 3, "mse"),
                   curve([&](const Tensor& x) { return mae(x, zero(x), none); }, -3, 3, "mae"),
                   curve([&](const Tensor& x) { return huber(x, zero(x), 1, none); }, -3, 3, "huber")};
  figure.y.high = 5;
  return figure;
}

Tensor squares_of(const Tensor& z) { return square(sigmoid(z) - 1); }

Tensor entropy_of(const Tensor& z) { return -log_sigmoid(z); }

/// Losses of a class that is there, by the number that goes into the sigmoid.
plot::Figure by_logit() {
  plot::Figure figure{
      .title = "losses of a class", .x = {.label = "z; the net says sigmoid(z)"}, .y = {.label = "loss"}};
  figure.series = {curve(entropy_of, -6, 6, "cross-entropy"), curve(squares_of, -6, 6, "squared error")};
  return figure;
}

/// A loss of all rows over each w and b.
template <class Loss>
plot::Figure surface_of(const char* title, Loss loss, const learn::Rows& rows, const Tensor& best) {
  const Tensor x = reshape(rows.x, {1, -1}), t = reshape(rows.t, {1, -1});
  const auto of_line = [&](const Tensor& w, const Tensor& b) { return mean(loss(w * x + b - t), {1}); };
  const std::vector<double> at = best.to_vector();
  plot::Figure figure = plot::contours(
      plot::surface(of_line, {.label = "w", .low = 1, .high = 3}, {.label = "b", .low = 2, .high = 4}, 50));
  figure.title = title;
  figure.series.push_back(
      {.name = "least squares", .x = {at[0]}, .y = {at[1]}, .style = plot::Series::Style::dots});
  figure.series.back().color = 1;
  return figure;
}

learn::Rows made() {  // y = 2x + 3 with noise
  const Tensor x = uniform({50}, {1}, 0, 1, f64);
  return {x, 2 * x + 3 + normal({50}, {2}, 0, 0.2, f64)};
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  of_digits("2 is likely, and right", tensor({0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0}, {1, 10}, f64));
  of_digits("7 is likely, 2 is right", tensor({0.1, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.6, 0, 0}, {1, 10}, f64));

  std::printf("\n");
  for (const double at : {-6, -2, 0, 2}) {
    const Tensor z = scalar(at, f64);
    std::printf("z = %2g: slope of the square %9.6f, of cross-entropy %9.6f\n", at,
                grad(squares_of(z), z).item(), grad(entropy_of(z), z).item());
  }
  pictures.save("curves", std::vector{by_error(), by_logit()});

  const learn::Rows rows = learn::read("ch03.npz", made);
  const Tensor best = lstsq(stack({rows.x, ones(rows.x.shape(), f64)}, 1), rows.t);
  std::printf("\nleast squares: w = %.6f, b = %.6f\n", select(best, 0).item(), select(best, 1).item());
  const auto squares = [](const Tensor& e) { return square(e); };
  const auto sizes = [](const Tensor& e) { return abs(e); };
  pictures.save("surfaces", std::vector{surface_of("mean square", squares, rows, best),
                                        surface_of("mean absolute error", sizes, rows, best)});
}
