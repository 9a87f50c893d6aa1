// The methods: each says only how a value and its states change.
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "core/text.h"
#include "ops/internal.h"

namespace chainrule::optim {

Sgd::Sgd(std::vector<nn::NamedParameter> parameters, double lr)
    : Optimizer("sgd", std::move(parameters), lr, 0) {}

void Sgd::update(const Tensor& value, const Tensor& gradient, std::span<const Tensor>, std::int64_t,
                 std::vector<Tensor>& next) const {
  next.push_back(descend(value, lr_tensor(gradient.dtype()), gradient));
}

Adam::Adam(std::vector<nn::NamedParameter> parameters, AdamOptions options)
    : Optimizer("adam", std::move(parameters), options.lr, 2), options_(options) {
  const auto check = [](const char* name, double value, bool holds, const char* range) {
    if (!holds) throw ValueError(47, cat("[adam] ", name, " is ", value, "; it must be ", range, "."));
  };
  check("beta1", options.beta1, options.beta1 >= 0 && options.beta1 < 1, "in [0, 1)");
  check("beta2", options.beta2, options.beta2 >= 0 && options.beta2 < 1, "in [0, 1)");
  check("eps", options.eps, options.eps >= 0, "a number from 0 up");
}

// Both corrections in front of the fraction, so that each element costs one division and one root:
// lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) = c m / (sqrt(v) + e), with s = sqrt(1 - beta2^t),
// c = lr s / (1 - beta1^t) and e = eps s. They change from step to step, so they are leaves.
void Adam::update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> states,
                  std::int64_t step, std::vector<Tensor>& next) const {
  const auto t = static_cast<double>(step);
  const double s = std::sqrt(1 - std::pow(options_.beta2, t));
  const double c = lr() * s / (1 - std::pow(options_.beta1, t));
  const auto number = [&](double x) { return scalar(x, value.dtype()); };
  // From what weighs more, so that the other is not lost in rounding.
  Tensor m = options_.beta1 < 0.5 ? approach(gradient, number(options_.beta1), states[0])
                                  : approach(states[0], number(1 - options_.beta1), gradient);
  Tensor v = options_.beta2 < 0.5 ? approach(square(gradient), number(options_.beta2), states[1])
                                  : approach_square(states[1], number(1 - options_.beta2), gradient);
  next.push_back(descend(value, number(c), over_root(m, number(options_.eps * s), v)));
  next.push_back(std::move(m));
  next.push_back(std::move(v));
}

}  // namespace chainrule::optim
