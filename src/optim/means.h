#pragma once

#include <cmath>
#include <cstdint>

#include "chainrule/fields.h"
#include "chainrule/ops.h"
#include "ops/internal.h"

// Running means, and what Adam and its relatives share.
namespace chainrule::optim {

inline void adam_fields(Fields& f, double& beta1, double& beta2, double& eps) {
  f("beta1", beta1, "what is left of the mean gradient after a step", fraction());
  f("beta2", beta2, "what is left of the mean squared gradient", fraction());
  f("eps", eps, "added to the root of that; with 0 a gradient of 0 gives nan", at_least(0));
}

/// The next running mean of x: from what weighs more, so that the other is not lost in rounding.
inline Tensor mean_of(const Tensor& old, const Tensor& gradient, double beta, const Tensor& number) {
  return beta < 0.5 ? approach(gradient, number, old) : approach(old, number, gradient);
}
inline Tensor mean_of_square(const Tensor& old, const Tensor& gradient, double beta, const Tensor& number) {
  return beta < 0.5 ? approach(square(gradient), number, old) : approach_square(old, number, gradient);
}
inline double weight_of(double beta) { return beta < 0.5 ? beta : 1 - beta; }

// Both corrections in front of the fraction, so that each element costs one division and one root:
// lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) = c m / (sqrt(v) + e), with s = sqrt(1 - beta2^t),
// c = lr s / (1 - beta1^t) and e = eps s.
struct AdamStep {
  double c, e;
};
inline AdamStep adam_step(std::int64_t step, double lr, double beta1, double beta2, double eps) {
  const auto t = static_cast<double>(step);
  const double s = std::sqrt(1 - std::pow(beta2, t));
  return {lr * s / (1 - std::pow(beta1, t)), eps * s};
}

}  // namespace chainrule::optim
