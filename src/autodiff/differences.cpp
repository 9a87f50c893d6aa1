#include "autodiff/line.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chainrule {
namespace {

/// How many rounding steps of the largest value a difference of two values may be off.
constexpr double kRoundings = 100;
/// A kink whose jump is a smaller part of the slopes hides no error that matters, unless there is an error.
constexpr double kVisible = 1e-3;

/// Differences over one step.
struct Step {
  double central, bend;  // bend: slope to the right minus slope to the left
};

/// Whether a sequence of disagreements falls as those of a smooth function do when the step is halved.
bool falls(double first, double second, double factor, double noise) {
  if (std::abs(first) <= noise && std::abs(second) <= noise) return true;
  return std::abs(second) <= 2 * std::abs(first) / factor + noise &&
         std::abs(second) >= std::abs(first) / factor / 2 - noise;
}

}  // namespace

// Left and right slope of a smooth f differ by bend(h) = h f'' + O(h^3), so 2 bend(h/2) - bend(h) is of order
// h^3 and falls to an eighth with h/2; central(h) - central(h/2) is of order h^2 and falls to a quarter. A
// kink of k at distance c < h leaves k (1 - 3c/h) of the first (c < h/2) and k c / 2h of the second: they are
// not both 0, and fall otherwise.
Comparison compare_slope(const std::function<double(double)>& f, double analytic, double h,
                         double tolerance) {
  const double centre = f(0);
  double largest = std::abs(centre);
  double slope = 0;
  Step steps[3];
  for (int i = 0; i < 3; ++i) {
    const double t = std::ldexp(h, -i);
    const double above = f(t);
    const double below = f(-t);
    largest = std::max({largest, std::abs(above), std::abs(below)});
    slope = std::max({slope, std::abs(above - centre) / t, std::abs(centre - below) / t});
    steps[i] = {(above - below) / (2 * t), (above - 2 * centre + below) / t};
  }
  Comparison result;
  result.analytic = analytic;
  result.numeric = (64 * steps[2].central - 20 * steps[1].central + steps[0].central) / 45;
  const double noise = kRoundings * std::numeric_limits<double>::epsilon() * largest / h;
  const double error = std::abs(analytic - result.numeric);
  const double scale = std::max({std::abs(analytic), std::abs(result.numeric), noise / tolerance});
  result.relative_error = error == 0 ? 0 : error / scale;

  const double bend[] = {2 * steps[1].bend - steps[0].bend, 2 * steps[2].bend - steps[1].bend};
  const double drift[] = {steps[0].central - steps[1].central, steps[1].central - steps[2].central};
  const double jump =
      std::max({std::abs(bend[0]), std::abs(bend[1]), std::abs(drift[0]), std::abs(drift[1])});
  const bool smooth = falls(bend[0], bend[1], 8, noise) && falls(drift[0], drift[1], 4, noise);
  const bool passes = result.relative_error <= tolerance;  // not for NaN
  const bool explains = passes ? jump > kVisible * slope : jump > error / 4;
  // How far the two extrapolations of order h^4 are apart: where rounding errors are larger than `noise`,
  // since f is a small difference of large numbers, nothing else shows it.
  const double doubt = 2 * std::abs(5 * steps[1].central - 4 * steps[2].central - steps[0].central) / 3;
  const bool leaves_domain =
      std::isfinite(analytic) && std::isfinite(centre) && !std::isfinite(result.numeric);
  if (leaves_domain || (!passes && error <= doubt)) {
    result.verdict = Comparison::Verdict::kink;
  } else if (!smooth && explains && jump > noise && std::isfinite(analytic)) {
    result.verdict = Comparison::Verdict::kink;
  } else if (!passes) {
    result.verdict = Comparison::Verdict::wrong;
  }
  return result;
}

}  // namespace chainrule
