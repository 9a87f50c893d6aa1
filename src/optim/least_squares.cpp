// Sums of squares: Gauss-Newton and Levenberg-Marquardt.
#include <algorithm>
#include <cmath>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/linalg.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "optim/point.h"

namespace chainrule::optim {
namespace {

using Residuals = FlatFunction::Residuals;

/// Where a step promises no more than this share of the sum and does not keep it, rounding is all that is
/// left.
constexpr double kRounding = 1e-12;

/// Damping only shrinks so far, so that it can grow again.
constexpr double kLeastDamping = 1e-300;

/// Lengths of the columns of the derivatives.
Numbers64 lengths(const Residuals& r, std::size_t parameters) {
  const std::size_t count = r.values.size();
  Numbers64 all(parameters);
  for (std::size_t j = 0; j < parameters; ++j) {
    for (std::size_t i = 0; i < count; ++i) all[j] = std::hypot(all[j], r.derivatives[j * count + i]);
  }
  return all;
}

/// The step that makes |r + J step|^2 + damping |scale step|^2 least. The columns are scaled to length 1, so
/// that parameters of different sizes do not cost digits.
/// False if columns depend on each other, but for so little damping that it is lost in rounding.
bool best_step(const Residuals& r, const Numbers64& scale, double damping, Numbers64& step) {
  const std::size_t parameters = scale.size(), count = r.values.size();
  const std::size_t rows = count + (damping > 0 ? parameters : 0);
  Numbers64 columns(parameters * rows), right(rows);
  for (std::size_t i = 0; i < count; ++i) right[i] = -r.values[i];
  for (std::size_t j = 0; j < parameters; ++j) {
    for (std::size_t i = 0; i < count; ++i) columns[j * rows + i] = r.derivatives[j * count + i] / scale[j];
    if (damping > 0) columns[j * rows + count + j] = std::sqrt(damping);
  }
  const auto m = static_cast<std::int64_t>(rows), n = static_cast<std::int64_t>(parameters);
  try {
    step = lstsq(transpose(from_data(columns, {n, m})), from_data(right, {m})).to_vector();
  } catch (const ValueError& error) {
    if (error.code() != 112) throw;
    return false;
  }
  for (std::size_t j = 0; j < parameters; ++j) step[j] /= scale[j];
  return true;
}

/// |r + J step|^2.
double predicted(const Residuals& r, const Numbers64& step) {
  const std::size_t count = r.values.size();
  Numbers64 left = r.values;
  for (std::size_t j = 0; j < step.size(); ++j) {
    for (std::size_t i = 0; i < count; ++i) left[i] += r.derivatives[j * count + i] * step[j];
  }
  return dot(left, left);
}

Numbers64 moved(const Numbers64& x, const Numbers64& step, double share = 1) {
  Numbers64 to = x;
  for (std::size_t i = 0; i < x.size(); ++i) to[i] += share * step[i];
  return to;
}

/// What both methods share: where they are, and when it is good enough.
template <class Method>
class Search {
 public:
  Search(Objective residuals, std::span<const Tensor> start, const Method& how, Location where)
      : how_(how), f_(residuals, start, where), x_(f_.start()), here_(f_.residuals(x_, true)) {
    f_.require_finite(here_.sum, here_.derivatives);
    measure();
  }

  FlatFunction& f() { return f_; }
  const Numbers64& x() const { return x_; }
  const Residuals& here() const { return here_; }
  const Numbers64& scale() const { return scale_; }
  bool may_go_on() const { return end_ == nullptr && iterations_ < how_.iterations; }

  /// Goes to a place that was found to be better.
  void go(const Numbers64& step, double share, double promised) {
    const double before = here_.sum;
    Numbers64 to = moved(x_, step, share);
    double size = 0, length = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      size = std::hypot(size, scale_[i] * x_[i]);
      length = std::hypot(length, scale_[i] * share * step[i]);
    }
    x_ = std::move(to);
    here_ = f_.residuals(x_, true);
    ++iterations_;
    if (!are_finite(here_.derivatives)) return stay("the derivatives are not finite any more", false);
    const double allowed = how_.value_tolerance * before;
    if (before - here_.sum <= allowed && promised <= allowed)
      end_ = "the sum falls by less than the tolerance";
    if (length <= how_.step_tolerance * size) end_ = "the steps are within the tolerance";
    measure();
  }
  /// Nothing better was found from here.
  void stay(const char* reason, bool converged) { end_ = reason, converged_ = converged; }

  Minimum result() {
    Minimum found{f_.at(x_),
                  here_.sum,
                  iterations_,
                  f_.evaluations(),
                  end_ != nullptr && converged_,
                  "all iterations are done"};
    if (end_ != nullptr) found.reason = end_;
    return found;
  }

 private:
  /// Scales only grow (More 1978). The angle between residuals and each column tells how flat it is.
  void measure() {
    const std::size_t count = here_.values.size();
    const Numbers64 now = lengths(here_, x_.size());
    if (scale_.empty()) scale_.assign(x_.size(), 0);
    double cosine = 0;
    for (std::size_t j = 0; j < x_.size(); ++j) {
      scale_[j] = std::max(scale_[j], now[j]);
      double along = 0;
      for (std::size_t i = 0; i < count; ++i) along += here_.derivatives[j * count + i] * here_.values[i];
      if (now[j] > 0 && here_.sum > 0)
        cosine = std::max(cosine, std::abs(along) / (now[j] * std::sqrt(here_.sum)));
      if (scale_[j] == 0) scale_[j] = 1;
    }
    if (cosine <= how_.gradient_tolerance) end_ = "the gradient is within the tolerance";
  }

  const Method& how_;
  FlatFunction f_;
  Numbers64 x_;
  Residuals here_;
  Numbers64 scale_;
  std::int64_t iterations_ = 0;
  const char* end_ = nullptr;
  bool converged_ = true;  // if it has ended
};

template <class Method>
void tolerance_fields(Fields& f, Method& method) {
  f("iterations", method.iterations, "at most so many", at_least(1));
  f("gradient_tolerance", method.gradient_tolerance, "for cosines of residuals and derivatives", at_least(0));
  f("step_tolerance", method.step_tolerance, "for a step, relative to the parameters", at_least(0));
  f("value_tolerance", method.value_tolerance, "for the fall of a step, relative to the sum", at_least(0));
}

}  // namespace

void GaussNewton::fields(Fields& f) { tolerance_fields(f, *this); }
void LevenbergMarquardt::fields(Fields& f) {
  tolerance_fields(f, *this);
  f("damping", damping, "at the start, relative to the squares of the derivatives", above(0));
}

Minimum minimize_objective(Objective residuals, std::span<const Tensor> start, const GaussNewton& how,
                           Location where) {
  config::check(const_cast<GaussNewton&>(how));
  Search search(residuals, start, how, where);
  if (search.here().values.size() < search.x().size()) {
    throw ValueError(
        412, search.f().message(cat(search.here().values.size(), " residuals for ", search.x().size(),
                                    " parameters. Gauss-Newton needs as many; use LevenbergMarquardt.")));
  }
  while (search.may_go_on()) {
    Numbers64 step;
    if (!best_step(search.here(), search.scale(), 0, step)) {
      search.stay("the derivatives depend on each other", false);
      break;
    }
    const double before = search.here().sum, promised = before - predicted(search.here(), step);
    double share = 1;
    const auto falls = [&] {
      return search.f().residuals(moved(search.x(), step, share), false).sum < before;
    };
    while (share > 1e-12 && !falls()) share /= 2;
    if (share > 1e-12) {
      search.go(step, share, promised);
    } else {
      search.stay("no part of the step makes the sum smaller", promised <= kRounding * before);
    }
  }
  return search.result();
}

Minimum minimize_objective(Objective residuals, std::span<const Tensor> start, const LevenbergMarquardt& how,
                           Location where) {
  config::check(const_cast<LevenbergMarquardt&>(how));
  Search search(residuals, start, how, where);
  double damping = how.damping, growth = 2;
  double most_promised = 0;  // by a step from here
  while (search.may_go_on()) {
    Numbers64 step;
    if (best_step(search.here(), search.scale(), damping, step)) {
      const double before = search.here().sum, promised = before - predicted(search.here(), step);
      const double after = search.f().residuals(moved(search.x(), step), false).sum;
      most_promised = std::max(most_promised, promised);
      if (after < before) {
        const double kept = promised > 0 ? (before - after) / promised : 1;
        search.go(step, 1, promised);
        damping *= std::max(1.0 / 3, 1 - std::pow(2 * kept - 1, 3));  // Nielsen 1999
        damping = std::max(damping, kLeastDamping);
        growth = 2, most_promised = 0;
        continue;
      }
    }
    damping *= growth;
    growth *= 2;
    if (damping >= 1e30) {
      search.stay("no shorter step makes the sum smaller", most_promised <= kRounding * search.here().sum);
    }
  }
  return search.result();
}

}  // namespace chainrule::optim
