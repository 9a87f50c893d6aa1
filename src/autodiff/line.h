#pragma once

#include <functional>
#include <vector>

#include "chainrule/random.h"
#include "chainrule/tensor.h"

// A scalar function of several tensors along a straight line, and its derivative there held against
// differences: what every check of a gradient comes down to.
namespace chainrule {

using Tensors = std::vector<Tensor>;
using ScalarFunction = std::function<Tensor(const Tensors& at)>;

/// Gradients by the floating tensors of `at`; empty tensors for the others.
Tensors gradients_of(const ScalarFunction& f, const Tensors& at);

/// The derivative of f along fixed directions, as a function that can be checked like f.
ScalarFunction slope_of(ScalarFunction f, Tensors directions);

/// The sum of all products of elements, over the tensors that both lists have.
Tensor dot_all(const Tensors& a, const Tensors& b);

/// One tensor for each floating one of `at`, with numbers in [-1, 1); with `unit`, of length 1 altogether.
Tensors random_directions(const Tensors& at, Random& random, bool unit);

/// A derivative held against differences of values.
struct Comparison {
  enum class Verdict { right, wrong, kink };  // kink: no step shows whether it is right
  Verdict verdict = Verdict::right;
  double analytic = 0;
  double numeric = 0;
  double relative_error = 0;
  /// It passed since rounding hides the difference.
  bool is_hidden = false;
  /// It is wrong only if one function has the kink. Of a sum of many, with weights of both signs, the
  /// gradient may be right and lie outside of the slopes on both sides.
  bool at_kink = false;
};

/// Compares the derivative at 0 of a function of one number, in f64, with its differences over h, h/2 and
/// h/4: 7 evaluations. Where these do not show a smooth function, or contradict, 6 more at about an eighth of
/// the steps, and so on down to a millionth of h or until they tell something. Nothing is called wrong by
/// less than rounding_noise (noise.h) of the values or of the derivative itself may explain: near a kink, as
/// that of a deviation of numbers that are equal but for rounding, a derivative may be noise alone.
/// @param derivative  one number with the graph that computes it
Comparison compare_slope(const std::function<Tensor(double)>& f, const Tensor& derivative, double h,
                         double tolerance);

/// The same for f along directions, whose derivative is the product of gradients and directions.
Comparison compare_along(const ScalarFunction& f, const Tensors& at, const Tensors& directions,
                         const Tensors& gradients, double h, double tolerance);

}  // namespace chainrule
