// A wrong formula: what a gradient check says of it, and what loss curves do not.
#include <chainrule/chainrule.h>

#include <cmath>
#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// Noise to learn by heart: 64 rows, and a net 1000-100-10 with a sigmoid between.
struct Problem {
  Tensor x = normal({64, 1000}, {.seed = 1}, 0, 1, f64), t = normal({64, 10}, {.seed = 2}, 0, 1, f64);
  Tensor w1 = normal({1000, 100}, {.seed = 3}, 0, 1, f64), w2 = normal({100, 10}, {.seed = 4}, 0, 1, f64);

  Tensor loss(const Tensor& a, const Tensor& b) const {
    return sum(square(matmul(sigmoid(matmul(x, a)), b) - t));
  }
};

/// The gradients by W1 and W2, and the loss; written down by hand. One who takes h, what is before the
/// sigmoid, for what is behind it gets a wrong one for W2, and no error: both have the same shape.
std::vector<Tensor> by_hand(const Problem& p, const Tensor& w1, const Tensor& w2, bool is_right) {
  const Tensor h = matmul(p.x, w1), a = sigmoid(h);
  const Tensor dy = 2 * (matmul(a, w2) - p.t);
  const Tensor dw2 = matmul(transpose(is_right ? a : h), dy);
  const Tensor dw1 = matmul(transpose(p.x), matmul(dy, transpose(w2)) * a * (1 - a));
  return {dw1, dw2, sum(square(matmul(a, w2) - p.t))};
}

void check(const Problem& p, const char* name, bool is_right) {
  const Tensor by_w2 = by_hand(p, p.w1, p.w2, is_right)[1];
  const auto loss = [&](const Tensor& w) { return p.loss(p.w1, w); };
  const GradCheckReport report = grad_check(loss, p.w2, by_w2);
  const double error = report.relative_error;
  std::printf("%s: %s, relative error %s\n", name, report.ok() ? "passes" : "fails",
              error < 1e-9 ? "below 1e-9" : learn::text("%.1f", error).c_str());
  const Tensor true_one = grad(p.loss(p.w1, p.w2), p.w2);
  const double cosine = (sum(true_one * by_w2) / (norm(true_one) * norm(by_w2))).item();
  std::printf("%s: %.1f times as long as the gradient, cosine of the angle to it %.2f\n", name,
              (norm(by_w2) / norm(true_one)).item(), cosine);
}

/// The loss of each step.
plot::Series descend(const Problem& p, const char* name, bool is_right, double lr) {
  plot::Series series{.name = name};
  Tensor w1 = p.w1, w2 = p.w2;
  for (int step = 0; step < 300; ++step) {
    const std::vector<Tensor> found = by_hand(p, w1, w2, is_right);
    series.x.push_back(step), series.y.push_back(found[2].item());
    if (!std::isfinite(series.y.back())) break;
    w1 = detach(w1 - lr * found[0]), w2 = detach(w2 - lr * found[1]);
  }
  std::printf("%s, rate %g: ", name, lr);
  if (series.y.size() < 300) std::printf("no finite number after %zu steps\n", series.y.size() - 1);
  if (series.y.size() == 300)
    std::printf("%.0f, %.0f after 50 steps, %.0f in the end\n", series.y[0], series.y[50], series.y[299]);
  return series;
}

int main(int argc, char** argv) {
  const Problem p;
  check(p, "right", true);
  check(p, "wrong", false);
  std::printf("\n");

  std::vector<plot::Figure> figures;
  for (const double lr : {1e-5, 1e-3}) {
    plot::Figure figure{.title = learn::text("learning rate %g", lr),
                        .x = {.label = "step"},
                        .y = {.label = "loss", .logarithmic = true, .low = 1, .high = 1e9}};
    figure.series = {descend(p, "right", true, lr), descend(p, "wrong", false, lr)};
    figures.push_back(figure);
  }
  learn::Pictures(argc, argv).save("losses", figures);
}
