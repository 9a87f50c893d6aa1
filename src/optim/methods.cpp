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

// The mean of the past with a share of what is new; each case in the form that rounds what weighs less.
static Tensor running_mean(const Tensor& past, const Tensor& now, double beta) {
  if (beta >= 0.5) return descend(past, scalar(1 - beta, past.dtype()), past - now);
  return descend(now, scalar(beta, past.dtype()), now - past);
}

// Both corrections in front of the fraction, so that each element costs one division and one root:
// lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) = c m / (sqrt(v) + e), with s = sqrt(1 - beta2^t),
// c = lr s / (1 - beta1^t) and e = eps s. They change from step to step, so they are leaves.
void Adam::update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> states,
                  std::int64_t step, std::vector<Tensor>& next) const {
  const auto t = static_cast<double>(step);
  const double s = std::sqrt(1 - std::pow(options_.beta2, t));
  const double c = lr() * s / (1 - std::pow(options_.beta1, t));
  Tensor m = running_mean(states[0], gradient, options_.beta1);
  Tensor v = running_mean(states[1], square(gradient), options_.beta2);
  next.push_back(descend(value, scalar(c, value.dtype()), m / (sqrt(v) + options_.eps * s)));
  next.push_back(std::move(m));
  next.push_back(std::move(v));
}

}  // namespace chainrule::optim
