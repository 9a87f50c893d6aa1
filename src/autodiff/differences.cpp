#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "autodiff/line.h"
#include "autodiff/noise.h"

namespace chainrule {
namespace {

using Verdict = Comparison::Verdict;

/// How many rounding steps of the largest value a difference of two values may be off.
constexpr double kRoundings = 100;
/// And how much of the noise that the function's graph was measured to have.
constexpr double kNoises = 4;
/// A kink whose jump is a smaller part of the slopes hides no error that matters, unless there is an error.
constexpr double kVisible = 1e-3;
/// How many windows are looked through, and the steps of each as a part of those before. Not an eighth: a
/// wave that steps of one window all meet at the same height would look as flat in the next.
constexpr int kWindows = 8;
constexpr double kShrink = 0.13;

/// Whether a sequence of disagreements falls as those of a smooth function do when the step is halved.
bool falls(double first, double second, double factor, double noise) {
  if (std::abs(first) <= noise && std::abs(second) <= noise) return true;
  return std::abs(second) <= 2 * std::abs(first) / factor + noise &&
         std::abs(second) >= std::abs(first) / factor / 2 - noise;
}

/// A function's slope on one side of 0, over h, h/2 and h/4.
struct Side {
  double slopes[3];

  double at_zero() const { return 2 * slopes[2] - slopes[1]; }
  /// How far the same from the steps before is from it.
  double wobble() const { return std::abs(at_zero() - (2 * slopes[1] - slopes[0])); }
  double largest() const { return std::max({std::abs(slopes[0]), std::abs(slopes[1]), std::abs(slopes[2])}); }
};

/// What differences over h, h/2 and h/4 tell of a function.
struct Window {
  Side left, right;
  double noise;    // how far rounding may take a difference
  double numeric;  // the derivative, with an error of order h^6
  double doubt;    // how far the two extrapolations of order h^4 are apart
  double jump;     // what a kink would have to be, at most
  bool smooth;     // whether no kink shows

  double trust() const { return std::isfinite(numeric) ? doubt + noise : HUGE_VAL; }
};

// Left and right slope of a smooth f differ by bend(h) = h f'' + O(h^3), so 2 bend(h/2) - bend(h) is of order
// h^3 and falls to an eighth with h/2; central(h) - central(h/2) is of order h^2 and falls to a quarter. A
// kink of k at distance c < h leaves k (1 - 3c/h) of the first (c < h/2) and k c / 2h of the second: they are
// not both 0, and fall otherwise.
Window look(const std::function<double(double)>& f, double centre, double h, double measured) {
  Window w;
  double largest = std::abs(centre);
  double central[3], bends[3];
  for (int i = 0; i < 3; ++i) {
    const double t = std::ldexp(h, -i);
    const double above = f(t), below = f(-t);
    largest = std::max({largest, std::abs(above), std::abs(below)});
    w.right.slopes[i] = (above - centre) / t;
    w.left.slopes[i] = (centre - below) / t;
    central[i] = (above - below) / (2 * t);
    bends[i] = (above - 2 * centre + below) / t;
  }
  w.noise = std::max(kRoundings * std::numeric_limits<double>::epsilon() * largest, kNoises * measured) / h;
  w.numeric = (64 * central[2] - 20 * central[1] + central[0]) / 45;
  w.doubt = 2 * std::abs(5 * central[1] - 4 * central[2] - central[0]) / 3;
  const double bend[] = {2 * bends[1] - bends[0], 2 * bends[2] - bends[1]};
  const double drift[] = {central[0] - central[1], central[1] - central[2]};
  w.jump = std::max({std::abs(bend[0]), std::abs(bend[1]), std::abs(drift[0]), std::abs(drift[1])});
  w.smooth =
      w.jump <= w.noise || (falls(bend[0], bend[1], 8, w.noise) && falls(drift[0], drift[1], 4, w.noise));
  return w;
}

/// A derivative against the windows of one function, from the largest steps to the smallest.
class Search {
 public:
  /// `measured` is noise of f that was measured.
  Search(const std::function<double(double)>& f, double analytic, double tolerance, double measured)
      : f_(f), analytic_(analytic), tolerance_(tolerance), measured_(measured), centre_(f(0)) {}

  Comparison run(double h) {
    std::optional<Window> accusing;
    for (int i = 0; i < kWindows; ++i, h *= kShrink) {
      const Window w = windows_.emplace_back(look(f_, centre_, h, measured_));
      if (!std::isfinite(analytic_) || !std::isfinite(centre_)) return answer(w, Verdict::wrong);
      // One window may look smooth by chance, above all one far larger than what the function does.
      if (accusing && is_confirmed(*accusing, w)) return answer(*accusing, Verdict::wrong);
      if (agrees(w)) return answer(w, Verdict::right);
      accusing = accuses(w) ? std::optional(w) : std::nullopt;
    }
    const auto less_trusted = [](const Window& a, const Window& b) { return a.trust() < b.trust(); };
    const Window best = *std::min_element(windows_.begin(), windows_.end(), less_trusted);
    const auto both_outside = [this](const Window& a, const Window& b) { return is_outside_of_kink(a, b); };
    const bool outside = std::adjacent_find(windows_.begin(), windows_.end(), both_outside) != windows_.end();
    Comparison last = answer(best, outside ? Verdict::wrong : Verdict::kink);
    last.at_kink = outside;
    return last;
  }

 private:
  double size(const Window& w) const { return std::max(std::abs(analytic_), std::abs(w.numeric)); }
  double error(const Window& w) const { return std::abs(analytic_ - w.numeric); }
  double relative_error(const Window& w) const {
    return error(w) == 0 ? 0 : error(w) / std::max(size(w), w.noise / tolerance_);
  }

  /// Smaller steps than the first are to show more, not to lose all in rounding.
  bool agrees(const Window& w) const {
    const bool first = windows_.size() == 1;
    if (!(relative_error(w) <= tolerance_) || !(first || w.noise <= kVisible * size(w))) return false;
    return w.smooth || w.jump <= std::max(w.noise, kVisible * std::max(w.left.largest(), w.right.largest()));
  }

  bool accuses(const Window& w) const {
    const bool sure = w.doubt <= std::max(w.noise, kVisible * std::max(w.left.largest(), w.right.largest()));
    return w.smooth && sure && relative_error(w) > tolerance_ && error(w) > 4 * w.doubt;
  }

  /// Whether a window finds the same derivative as the one before.
  bool is_confirmed(const Window& accusing, const Window& w) const {
    return std::abs(accusing.numeric - w.numeric) <= std::max(accusing.doubt, w.noise);
  }

  /// Where there is a kink at 0 itself, any slope between those on both sides may be given. Two windows in a
  /// row must find the same sides.
  bool is_outside_of_kink(const Window& a, const Window& b) const {
    const double left = b.left.at_zero(), right = b.right.at_zero();
    const double unsure = std::abs(a.left.at_zero() - left) + std::abs(a.right.at_zero() - right) + b.noise +
                          b.left.wobble() + b.right.wobble();
    if (!(unsure <= kVisible * std::max(std::abs(left), std::abs(right)))) return false;  // not for NaN
    const double outside = std::max(std::min(left, right) - analytic_, analytic_ - std::max(left, right));
    return outside > 8 * unsure &&
           outside > kVisible * std::max({std::abs(left), std::abs(right), std::abs(analytic_)});
  }

  Comparison answer(const Window& w, Verdict verdict) const {
    const bool is_hidden = error(w) > tolerance_ * size(w);
    return {verdict, analytic_, w.numeric, relative_error(w), verdict == Verdict::right && is_hidden};
  }

  const std::function<double(double)>& f_;
  double analytic_, tolerance_, measured_, centre_;
  std::vector<Window> windows_;
};

}  // namespace

Comparison compare_slope(const std::function<Tensor(double)>& f, const Tensor& derivative, double h,
                         double tolerance) {
  const auto value = [&f](double t) { return f(t).item(); };
  const double analytic = derivative.item();
  Comparison c = Search(value, analytic, tolerance, 0).run(h);
  const bool is_accused = c.verdict == Verdict::wrong && std::isfinite(c.analytic - c.numeric);
  if (!is_accused) return c;
  const double noise = rounding_noise(f(0));
  if (std::isfinite(noise)) c = Search(value, analytic, tolerance, noise).run(h);
  const double off = std::abs(c.analytic - c.numeric);
  const bool is_noise = !std::isfinite(noise) || off <= kNoises * rounding_noise(derivative);
  if (c.verdict == Verdict::wrong && is_noise) c.verdict = Verdict::kink;
  return c;
}

}  // namespace chainrule
