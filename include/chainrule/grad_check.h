#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "chainrule/grad.h"

namespace chainrule {

struct GradCheckOptions {
  /// 1: the gradient. 2: the gradient, then the gradient of the gradient along a random direction.
  int order = 1;
  /// Every element by itself, instead of one random direction: 7 evaluations of f an element, and more where
  /// the first steps tell nothing.
  bool all_entries = false;
  /// The largest relative error that passes.
  double tolerance = 1e-6;
  /// The largest step of the differences, in units of each element's size or 1. It is made smaller by itself,
  /// to a millionth, where the function is not smooth within it.
  double step = 1e-3;
  /// Of the random directions.
  std::uint64_t seed = 0;
};

enum class GradCheckStatus : std::uint8_t { ok, failed, kink };

/// What grad_check found. The numbers are those of the worst direction: derivatives along it.
struct GradCheckReport {
  GradCheckStatus status = GradCheckStatus::ok;
  /// The order of the derivative that they are of.
  int order = 1;
  /// Which input was moved, and which element of it in row-major order; -1, -1 for a random direction of all.
  int input = -1;
  std::int64_t entry = -1;
  double analytic = 0;
  double numeric = 0;
  /// |analytic - numeric| over the larger of the two, or over what rounding lets one see if that is more.
  double relative_error = 0;
  /// A sentence or two for a person; where the graph's gradient fails, it names the first operation whose
  /// own derivative is wrong, and its line.
  std::string message;

  bool ok() const { return status == GradCheckStatus::ok; }
};

/// Compares the gradient of a scalar function with differences of its values.
///
///     const GradCheckReport report = grad_check([&](const Tensor& w) { return loss(x, w, t); }, w);
///     if (!report.ok()) std::cerr << report.message << "\n";
///
/// Computes in f64 whatever x is. With C(h) the central difference, (64 C(h/4) - 20 C(h/2) + C(h)) / 45 has
/// an error of order h^6 (Richardson's extrapolation). Where the slopes on both sides of x, or the steps,
/// disagree in a way that no smooth function explains and that could hide an error, smaller steps are taken.
/// A gradient is called wrong if two sets of steps in a row contradict it, each by more than its own doubt,
/// or if it lies outside of the slopes on both sides of a kink. If no step tells anything, since x lies on a
/// kink or rounding hides all, the report says kink: move x.
/// @param f  called several times with f64 points; must return one f64 number and always the same for a
/// point.
/// @throws DTypeError  if x is not floating (E015).
/// @throws ValueError  if an option is out of range (E131) or f returns something else (E132).
/// @throws  what grad throws.
GradCheckReport grad_check(TensorFunction f, const Tensor& x, GradCheckOptions options = {},
                           Location where = Location::current());
/// The same by several inputs, moved together:  grad_check([](std::span<const Tensor> p) {...}, {w, b}).
GradCheckReport grad_check(TensorsFunction f, std::span<const Tensor> inputs, GradCheckOptions options = {},
                           Location where = Location::current());
GradCheckReport grad_check(TensorsFunction f, std::initializer_list<Tensor> inputs,
                           GradCheckOptions options = {}, Location where = Location::current());

/// The same for a gradient that somebody worked out by hand, at x.
/// @throws ShapeError  if it has not the shape of x (E133).
GradCheckReport grad_check(TensorFunction f, const Tensor& x, const Tensor& gradient,
                           GradCheckOptions options = {}, Location where = Location::current());

}  // namespace chainrule
