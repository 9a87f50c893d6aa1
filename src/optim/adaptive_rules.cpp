// The rules that divide by what gradients have been.
#include <cmath>

#include "chainrule/ops.h"
#include "chainrule/optim/rule.h"
#include "ops/internal.h"
#include "optim/means.h"

namespace chainrule::optim {

void AdaGrad::fields(Fields& f) {
  f("eps", eps, "added to the root; with 0 a first gradient of 0 gives nan", at_least(0));
}
Numbers AdaGrad::numbers(std::int64_t, double lr) const { return {lr, eps}; }
Tensor AdaGrad::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                       std::span<const Tensor> numbers) const {
  states[0] = states[0] + square(gradient);
  return descend(value, numbers[0], over_root(gradient, numbers[1], states[0]));
}

void AdaDelta::fields(Fields& f) {
  f("rho", rho, "what is left of both means after a step", fraction());
  f("eps", eps, "added under both roots; decides the first step", above(0));
}
Numbers AdaDelta::numbers(std::int64_t, double lr) const { return {lr, eps, weight_of(rho)}; }
Tensor AdaDelta::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                        std::span<const Tensor> numbers) const {
  states[0] = mean_of_square(states[0], gradient, rho, numbers[2]);
  const Tensor step = gradient * sqrt((states[1] + numbers[1]) / (states[0] + numbers[1]));
  states[1] = mean_of_square(states[1], step, rho, numbers[2]);
  return descend(value, numbers[0], step);
}

void RmsProp::fields(Fields& f) {
  f("rho", rho, "what is left of the mean squared gradient after a step", fraction());
  f("momentum", momentum, "what is left of the velocity after a step", fraction());
  f("eps", eps, "added to the root; with 0 a gradient of 0 gives nan", at_least(0));
  f("centred", centred, "whether the variance is taken: the mean gradient squared counts off");
}
std::string_view RmsProp::states() const {
  if (momentum > 0) return centred ? "v, mean, velocity" : "v, velocity";
  return centred ? "v, mean" : "v";
}
Numbers RmsProp::numbers(std::int64_t, double lr) const { return {lr, eps, weight_of(rho), momentum}; }
Tensor RmsProp::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                       std::span<const Tensor> numbers) const {
  states[0] = mean_of_square(states[0], gradient, rho, numbers[2]);
  Tensor spread = states[0];
  if (centred) {
    states[1] = mean_of(states[1], gradient, rho, numbers[2]);
    spread = maximum(spread - square(states[1]), 0);  // rounding must not make it negative
  }
  Tensor step = over_root(gradient, numbers[1], spread);
  if (momentum > 0) {
    Tensor& velocity = states.back();
    velocity = step = velocity * numbers[3] + step;
  }
  return descend(value, numbers[0], step);
}

void Nadam::fields(Fields& f) { adam_fields(f, beta1, beta2, eps); }
// As Adam: both parts of the mean with their corrections, c and d, in front of the fraction.
Numbers Nadam::numbers(std::int64_t step, double lr) const {
  const AdamStep now = adam_step(step, lr, beta1, beta2, eps);
  const auto t = static_cast<double>(step);
  const double c = now.c * beta1 * (1 - std::pow(beta1, t)) / (1 - std::pow(beta1, t + 1));
  return {c, now.c * (1 - beta1), now.e, weight_of(beta1), weight_of(beta2)};
}
Tensor Nadam::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                     std::span<const Tensor> numbers) const {
  states[0] = mean_of(states[0], gradient, beta1, numbers[3]);
  states[1] = mean_of_square(states[1], gradient, beta2, numbers[4]);
  return value - over_root(numbers[0] * states[0] + numbers[1] * gradient, numbers[2], states[1]);
}

void AmsGrad::fields(Fields& f) { adam_fields(f, beta1, beta2, eps); }
Numbers AmsGrad::numbers(std::int64_t step, double lr) const {
  const AdamStep now = adam_step(step, lr, beta1, beta2, eps);
  return {now.c, now.e, weight_of(beta1), weight_of(beta2)};
}
Tensor AmsGrad::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                       std::span<const Tensor> numbers) const {
  states[0] = mean_of(states[0], gradient, beta1, numbers[2]);
  states[1] = mean_of_square(states[1], gradient, beta2, numbers[3]);
  states[2] = maximum(states[2], states[1]);
  return descend(value, numbers[0], over_root(states[0], numbers[1], states[2]));
}

void Lion::fields(Fields& f) {
  f("beta1", beta1, "share of the mean in the step", fraction());
  f("beta2", beta2, "what is left of the mean gradient after a step", fraction());
  f("decay", decay, "share of the value that a step of learning rate 1 takes away", at_least(0));
}
Numbers Lion::numbers(std::int64_t, double lr) const {
  return {lr, weight_of(beta1), weight_of(beta2), lr * decay};
}
Tensor Lion::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                    std::span<const Tensor> numbers) const {
  // What both means share is computed with the gradient; then all that reads m is one pass over memory.
  const Tensor m = states[0], behind = m - gradient;
  const auto mean = [&](double beta, const Tensor& number) {
    return beta < 0.5 ? mean_of(m, gradient, beta, number) : descend(m, number, behind);
  };
  const Tensor step = sign(mean(beta1, numbers[1]));
  states[0] = mean(beta2, numbers[2]);
  return descend(descend(value, numbers[3], value), numbers[0], step);
}

}  // namespace chainrule::optim
