// Limited-memory BFGS.
#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "chainrule/config.h"
#include "optim/point.h"

namespace chainrule::optim {
namespace {

/// A place on the line from x along a direction.
struct Place {
  double step = 0, value = 0, slope = 0;
  Numbers64 gradient;
};

double largest(const Numbers64& x) {
  double found = 0;
  for (const double number : x) found = std::max(found, std::abs(number));
  return found;
}

/// Where the cubic through two places with their slopes is least, kept off the ends of what lies between.
double cubic_minimum(const Place& a, const Place& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const double square = d1 * d1 - a.slope * b.slope;
  const double low = std::min(a.step, b.step), high = std::max(a.step, b.step), width = high - low;
  double found = (low + high) / 2;
  if (square >= 0) {
    const double d2 = std::copysign(std::sqrt(square), b.step - a.step);
    const double at = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    if (std::isfinite(at)) found = at;
  }
  return std::clamp(found, low + 0.1 * width, high - 0.1 * width);
}

class LineSearch {
 public:
  LineSearch(FlatFunction& f, const LBfgs& how, const Numbers64& x, const Numbers64& direction, Place start)
      : f_(f), how_(how), x_(x), direction_(direction), start_(std::move(start)) {}

  /// Nocedal and Wright, algorithm 3.5. False if no place is better than the start by what is asked.
  bool find(double first, Place& found) {
    Place before = start_, now;
    for (double step = first; tries_ < kTries; step *= 2.5) {
      now = at(step);
      if (!falls_enough(now) || (before.step > 0 && now.value >= before.value))
        return zoom(before, now, found);
      if (is_flat_enough(now)) return take(now, found);
      if (now.slope >= 0) return zoom(now, before, found);
      before = now;
    }
    falls_on_ = true;
    return take(now, found);
  }

  /// Whether the function fell as far as was looked, or to -infinity.
  bool falls_on() const { return falls_on_; }

 private:
  static constexpr int kTries = 40;

  Place at(double step) {
    ++tries_;
    Numbers64 point = x_;
    for (std::size_t i = 0; i < point.size(); ++i) point[i] += step * direction_[i];
    FlatFunction::Slope found = f_.slope(point);
    Place place{step, found.value, dot(found.gradient, direction_), std::move(found.gradient)};
    falls_on_ = falls_on_ || place.value == -std::numeric_limits<double>::infinity();
    if (!std::isfinite(place.value) || !std::isfinite(place.slope) || !are_finite(place.gradient)) {
      place.value = std::numeric_limits<double>::infinity();
    }
    return place;
  }
  bool falls_enough(const Place& p) const {
    return p.value <= start_.value + how_.decrease * p.step * start_.slope;
  }
  bool is_flat_enough(const Place& p) const { return std::abs(p.slope) <= -how_.curvature * start_.slope; }
  static bool take(Place& place, Place& found) {
    found = std::move(place);
    return true;
  }

  /// Algorithm 3.6. `low` falls enough and is the least so far; a minimum lies between both.
  bool zoom(Place low, Place high, Place& found) {
    while (tries_ < kTries && std::abs(high.step - low.step) > 1e-16 * std::max(low.step, high.step)) {
      const bool is_finite = std::isfinite(high.value);
      Place now = at(is_finite ? cubic_minimum(low, high) : (low.step + high.step) / 2);
      if (!falls_enough(now) || now.value >= low.value) {
        high = std::move(now);
        continue;
      }
      if (is_flat_enough(now)) return take(now, found);
      if (now.slope * (high.step - low.step) >= 0) high = low;
      low = std::move(now);
    }
    return low.step > 0 && low.value < start_.value && take(low, found);
  }

  FlatFunction& f_;
  const LBfgs& how_;
  const Numbers64& x_;
  const Numbers64& direction_;
  Place start_;
  int tries_ = 0;
  bool falls_on_ = false;
};

/// The last steps s, and by how much the gradient changed along them, y.
class Curvature {
 public:
  explicit Curvature(std::int64_t memory) : memory_(static_cast<std::size_t>(memory)) {}

  void add(Numbers64 s, Numbers64 y) {
    const double sy = dot(s, y);
    if (!(sy > 1e-16 * std::sqrt(dot(s, s) * dot(y, y)))) return;
    pairs_.push_back({std::move(s), std::move(y), 1 / sy});
    if (pairs_.size() > memory_) pairs_.pop_front();
  }
  void forget() { pairs_.clear(); }
  bool is_empty() const { return pairs_.empty(); }

  /// Minus the inverse Hessian times the gradient, as far as it is known (algorithm 7.4).
  Numbers64 direction(Numbers64 q) const {
    Numbers64 shares(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      shares[i] = pairs_[i].rho * dot(pairs_[i].s, q);
      add_to(q, -shares[i], pairs_[i].y);
    }
    const double scale = pairs_.empty() ? 1 : 1 / (pairs_.back().rho * dot(pairs_.back().y, pairs_.back().y));
    for (double& number : q) number *= scale;
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      add_to(q, shares[i] - pairs_[i].rho * dot(pairs_[i].y, q), pairs_[i].s);
    for (double& number : q) number = -number;
    return q;
  }

 private:
  struct Pair {
    Numbers64 s, y;
    double rho;
  };
  static void add_to(Numbers64& a, double factor, const Numbers64& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
  }
  std::size_t memory_;
  std::deque<Pair> pairs_;
};

}  // namespace

void LBfgs::fields(Fields& f) {
  f("memory", memory, "steps that the curvature is taken from", at_least(1));
  f("iterations", iterations, "at most so many", at_least(1));
  f("gradient_tolerance", gradient_tolerance, "for the largest number of the gradient", at_least(0));
  f("value_tolerance", value_tolerance, "for the fall of a step, relative to the value", at_least(0));
  f("decrease", decrease, "share of the fall that the slope promises", between(0, 1));
  f("curvature", curvature, "share of the slope that may be left", between(0, 1));
}

Minimum minimize_objective(Objective loss, std::span<const Tensor> start, const LBfgs& how, Location where) {
  config::check(const_cast<LBfgs&>(how));
  FlatFunction f(loss, start, where);
  Numbers64 x = f.start();
  FlatFunction::Slope here = f.slope(x);
  f.require_finite(here.value, here.gradient);
  Curvature curvature(how.memory);
  Minimum found;
  const auto end = [&](const char* reason, bool converged) {
    found.at = f.at(x), found.value = here.value, found.evaluations = f.evaluations();
    found.reason = reason, found.converged = converged;
    return found;
  };
  while (largest(here.gradient) > how.gradient_tolerance) {
    if (found.iterations == how.iterations) return end("all iterations are done", false);
    Numbers64 direction = curvature.direction(here.gradient);
    double slope = dot(direction, here.gradient);
    if (!(slope < 0)) {  // rounding
      curvature.forget();
      direction = curvature.direction(here.gradient);
      slope = dot(direction, here.gradient);
    }
    const double first = curvature.is_empty() ? std::min(1.0, 1 / std::sqrt(-slope)) : 1;
    Place next;
    LineSearch search(f, how, x, direction, {0, here.value, slope, {}});
    if (!search.find(first, next)) {
      if (search.falls_on()) return end("the value falls without end: there is no minimum that way", false);
      if (curvature.is_empty()) return end("no step down the gradient makes the value smaller", false);
      curvature.forget();
      continue;
    }
    ++found.iterations;
    Numbers64 s = direction, y = next.gradient;
    for (std::size_t i = 0; i < x.size(); ++i) {
      s[i] *= next.step;
      y[i] -= here.gradient[i];
      x[i] += s[i];
    }
    curvature.add(std::move(s), std::move(y));
    const double fall = here.value - next.value, size = std::max(std::abs(here.value), std::abs(next.value));
    here = {next.value, std::move(next.gradient)};
    if (search.falls_on() && largest(here.gradient) > how.gradient_tolerance)
      return end("the value falls without end: there is no minimum that way", false);
    if (fall <= how.value_tolerance * size) return end("the value falls by less than the tolerance", true);
  }
  return end("the gradient is within the tolerance", true);
}

}  // namespace chainrule::optim
