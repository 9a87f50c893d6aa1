// To give a formula the value that one wants: how far off it is, divided by its slope, says how far to go.
#include <chainrule/explain.h>
#include <chainrule/grad.h>
#include <chainrule/ops.h>

#include <cmath>
#include <cstdio>

#include "learn.h"

using namespace chainrule;

Tensor first(const Tensor& w, const Tensor& b) { return (2 * w + b) * (b + 1); }

Tensor second(const Tensor& w, const Tensor& b) { return (2 * w + 3 * b) * (2 * b + 1); }

/// Brings first(3, b) to 60 by b, from 4.
plot::Series drive_one(bool keep_slope) {
  plot::Series errors{.name = keep_slope ? "slope of the start" : "slopes anew",
                      .style = plot::Series::Style::path};
  const Tensor w = scalar(3, f64);
  Tensor b = scalar(4, f64), slope;
  for (int step = 0;; ++step) {
    const Tensor z = first(w, b);
    if (step == 0 || !keep_slope) slope = grad(z, b);
    std::printf("%s, step %d: b = %.9f, z = %.10f\n", errors.name.c_str(), step, b.item(), z.item());
    errors.x.push_back(step), errors.y.push_back(std::abs(z.item() - 60));
    if (errors.y.back() < 1e-5) return errors;
    b = detach(b + (60 - z) / slope);
  }
}

/// Brings second(3, 4) = 162 to 150: by b alone, or half of the way by each.
void drive_two(bool both) {
  Tensor w = scalar(3, f64), b = scalar(4, f64);
  int steps = 0;
  for (; std::abs(second(w, b).item() - 150) > 1e-5; ++steps) {
    const Tensor z = second(w, b), missing = 150 - z;
    const std::vector<Tensor> slopes = grad(z, {w, b});
    if (both) w = detach(w + missing / 2 / slopes[0]);
    b = detach(b + missing / (both ? 2 : 1) / slopes[1]);
  }
  std::printf("%s: w = %.6f, b = %.6f after %d steps\n", both ? "w and b" : "b alone", w.item(), b.item(),
              steps);
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  plot::Figure figure{.title = "(2w + b)(b + 1) on its way to 60", .x = {.label = "step"}};
  figure.y = {.label = "how far off", .logarithmic = true};
  for (const bool keep : {true, false}) {
    figure.series.push_back(drive_one(keep));
    std::printf("\n");
  }
  pictures.save("errors", figure);

  drive_two(false);
  drive_two(true);

  // The same as one call: sqrt(ln(x^2)), brought to 2.13.
  const auto found = explain::solve("a = x^2; b = log(a); c = sqrt(b)", {{"x", 2}}, {.target = 2.13});
  std::printf("\n");
  for (std::size_t i = 0; i < found.rows.size(); ++i) {
    std::printf("forward %zu: x = %.6f, c = %.6f\n", i + 1, found.rows[i].variable[0], found.rows[i].value);
  }
  pictures.save_svg("product",
                    explain::to_svg(explain::trace("x = 2*w + b; y = b + 1; z = x*y", {{"w", 3}, {"b", 4}})));
}
