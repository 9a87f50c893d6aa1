// A wrong formula: what a gradient check says of it, and what loss curves do not.
#include <chainrule/chainrule.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// Noise to learn by heart: 64 rows, and a net 1000-100-10 with a sigmoid between. Each start has its own.
struct Problem {
  std::uint64_t start;
  Tensor x = noise({64, 1000}, 1), t = noise({64, 10}, 2), w1 = noise({1000, 100}, 3),
         w2 = noise({100, 10}, 4);

  Tensor noise(const Shape& shape, std::uint64_t which) const {
    return normal(shape, {.seed = 10 * start + which}, 0, 1, f64);
  }
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
              error < 1e-10 ? "below 1e-10" : learn::text("%.1f", error).c_str());
  const Tensor true_one = grad(p.loss(p.w1, p.w2), p.w2);
  const double cosine = (sum(true_one * by_w2) / (norm(true_one) * norm(by_w2))).item();
  std::printf("%s: %.1f times as long as the gradient, cosine of the angle to it %.2f\n", name,
              (norm(by_w2) / norm(true_one)).item(), cosine);
}

/// The loss of each step; up to where it is no number.
std::vector<double> descend(const Problem& p, bool is_right, double lr, int steps) {
  std::vector<double> losses;
  Tensor w1 = p.w1, w2 = p.w2;
  for (int step = 0; step <= steps; ++step) {
    const std::vector<Tensor> found = by_hand(p, w1, w2, is_right);
    losses.push_back(found[2].item());
    if (!std::isfinite(losses.back())) break;
    w1 = detach(w1 - lr * found[0]), w2 = detach(w2 - lr * found[1]);
  }
  return losses;
}

/// How many times as high as before the loss has been again: 1 if it never rises.
double rise(std::span<const double> losses) {
  double low = losses[0], most = 1;
  for (const double loss : losses) low = std::min(low, loss), most = std::max(most, loss / low);
  return most;
}

plot::Series tell(const Problem& p, bool is_right, double lr, int steps) {
  const std::vector<double> losses = descend(p, is_right, lr, steps);
  const char* name = is_right ? "right" : "wrong";
  plot::Series series{.name = name, .y = losses};
  for (std::size_t i = 0; i < losses.size(); ++i) series.x.push_back(static_cast<double>(i));
  const std::string end = std::isfinite(losses.back()) ? learn::text("%.4g", losses.back()) : "no number";
  std::printf("%s, rate %g: %.0f at first, %s after %zu steps, rises to %.2f times\n", name, lr, losses[0],
              end.c_str(), losses.size() - 1, rise(losses));
  return series;
}

int main(int argc, char** argv) {
  const Problem p{104};
  check(p, "right", true);
  check(p, "wrong", false);
  std::printf("\n");

  std::vector<plot::Figure> figures;
  for (const auto& [lr, steps] : {std::pair{1e-6, 1000}, {1e-5, 1000}, {3e-4, 4000}}) {
    plot::Figure figure{.title = learn::text("learning rate %g", lr),
                        .x = {.label = "step"},
                        .y = {.label = "loss", .logarithmic = true, .high = 1e6}};
    figure.series = {tell(p, true, lr, steps), tell(p, false, lr, steps)};
    figures.push_back(figure);
  }
  learn::Pictures(argc, argv).save("losses", figures);

  int jumps = 0;
  for (std::uint64_t start = 0; start < 20; ++start) jumps += rise(descend({start}, false, 1e-5, 300)) > 1.25;
  std::printf("\nstarts in which the wrong one jumps at 1e-05: %d of 20\n", jumps);
}
