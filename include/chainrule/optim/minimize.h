#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "chainrule/fields.h"
#include "chainrule/grad.h"
#include "chainrule/location.h"
#include "chainrule/nn/layer.h"

// Minima of functions that can be computed whole, by methods that use more than one gradient:
//
//     // A number, by L-BFGS.
//     const auto found = optim::minimize([&](const Tensor& x) { return sum(square(a - x)); }, start);
//     // A sum of squares, of which the function gives the residuals.
//     const auto fit = optim::minimize([&](const Tensor& b) { return y - model(b); }, start,
//                                      optim::LevenbergMarquardt{});
//     // The parameters of a net, in place.
//     optim::minimize(net, [&] { return mse(net.predict(x), t); });
//
// All arithmetic between evaluations is in f64; start in f64 for full accuracy.
namespace chainrule::optim {

/// What was found.
struct Minimum {
  std::vector<Tensor> at;        ///< the parameters, in the order and with the dtype of the start
  double value = 0;              ///< of the loss, or the sum of squares of the residuals
  std::int64_t iterations = 0;   ///< steps that were taken
  std::int64_t evaluations = 0;  ///< of the function
  bool converged = false;        ///< whether a tolerance was met
  std::string reason;            ///< why it stopped: "the gradient is within the tolerance"

  /// Of a function of one tensor; an empty one where nothing was found.
  const Tensor& x() const;
};
/// "0.1245513889 after 7 iterations and 9 evaluations: the steps are within the tolerance"
std::ostream& operator<<(std::ostream& out, const Minimum& found);

/// Limited-memory BFGS (Liu and Nocedal 1989; Nocedal and Wright 2006, algorithm 7.5), with a line search to
/// the strong Wolfe conditions (there, algorithms 3.5 and 3.6).
struct LBfgs {
  std::int64_t memory = 10;          ///< steps that the curvature is taken from
  std::int64_t iterations = 500;     ///< at most
  double gradient_tolerance = 1e-8;  ///< for the largest number of the gradient
  double value_tolerance = 1e-14;    ///< for the fall of a step, relative to the value
  double decrease = 1e-4;            ///< of the Wolfe conditions: c1
  double curvature = 0.9;            ///< and c2
  void fields(Fields& f);
};

/// Gauss-Newton for sums of squares, each step halved until the sum falls. For residuals that are small or
/// nearly linear at the minimum, and a start that is near.
struct GaussNewton {
  std::int64_t iterations = 200;
  double gradient_tolerance = 1e-10;  ///< for the cosines of the angles between residuals and derivatives
  double step_tolerance = 1e-12;      ///< for a step, relative to the parameters
  double value_tolerance = 1e-14;     ///< for the fall of a step, relative to the sum
  void fields(Fields& f);
};

/// Levenberg-Marquardt for sums of squares: between Gauss-Newton and a short step down the gradient, by a
/// damping that follows how well steps do (Marquardt 1963, scaled as More 1978, damping as Nielsen 1999).
struct LevenbergMarquardt {
  std::int64_t iterations = 200;
  double damping = 1e-3;  ///< at the start, relative to the squares of the derivatives
  double gradient_tolerance = 1e-10, step_tolerance = 1e-12, value_tolerance = 1e-14;  ///< as GaussNewton's
  void fields(Fields& f);
};

/// The library's form: a function of the parameters, which may replace them by leaves of its own.
using Objective = FunctionRef<std::vector<Tensor>&>;

Minimum minimize_objective(Objective loss, std::span<const Tensor> start, const LBfgs& how, Location where);
Minimum minimize_objective(Objective residuals, std::span<const Tensor> start, const GaussNewton& how,
                           Location where);
Minimum minimize_objective(Objective residuals, std::span<const Tensor> start, const LevenbergMarquardt& how,
                           Location where);

/// Of a function of one tensor: a loss for LBfgs, all residuals (of any shape) for the other two.
/// @throws ValueError  for settings out of range (E228), a start at which the function or a derivative of it
///     is not finite (E411), or fewer residuals than parameters with GaussNewton (E412); ShapeError for a
///     loss of several numbers (E030).
template <class Method = LBfgs>
Minimum minimize(TensorFunction f, const Tensor& start, const Method& how = {},
                 Location where = Location::current()) {
  return minimize_objective([&](std::vector<Tensor>& x) { return f(x[0]); }, {&start, 1}, how, where);
}
/// Of several tensors.
template <class Method = LBfgs>
Minimum minimize(TensorsFunction f, const std::vector<Tensor>& start, const Method& how = {},
                 Location where = Location::current()) {
  return minimize_objective(
      [&](std::vector<Tensor>& x) {
        return f({x.data(), x.size()});
      },
      {start.data(), start.size()}, how, where);
}
/// Of the parameters of a net, which must be built, or of any others. They have the best values found; if it
/// throws, those that they had. The function is called again for each point, and must not train:
/// `net.predict(x)`.
template <std::invocable F, class Method = LBfgs>
Minimum minimize(std::vector<nn::NamedParameter> parameters, F f, const Method& how = {},
                 Location where = Location::current());
template <std::invocable F, class Method = LBfgs>
Minimum minimize(const nn::Layer& net, F f, const Method& how = {}, Location where = Location::current()) {
  return minimize(net.parameters(), std::move(f), how, where);
}

template <std::invocable F, class Method>
Minimum minimize(std::vector<nn::NamedParameter> parameters, F f, const Method& how, Location where) {
  const std::vector<Tensor> start = nn::values(parameters);
  const auto put = [&](const std::vector<Tensor>& values) {
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].parameter.set_value(values[i]);
  };
  const auto at = [&](std::vector<Tensor>& x) -> Tensor {
    put(x);
    x = nn::values(parameters);
    return f();
  };
  try {
    Minimum found = minimize_objective(at, {start.data(), start.size()}, how, where);
    put(found.at);
    return found;
  } catch (...) {
    put(start);
    throw;
  }
}

}  // namespace chainrule::optim
