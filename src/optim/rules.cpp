// The rules: each says only how a value and its states change.
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/optim/rule.h"
#include "core/text.h"
#include "ops/internal.h"
#include "optim/means.h"

namespace chainrule {
namespace optim {

void Numbers::refuse(std::size_t count) {
  throw ValueError(265, cat("[optimizer] a rule gives ", count, " numbers a step; it may give ", kMax,
                            ". Compute the others from those, as graph."));
}

Numbers Sgd::numbers(std::int64_t, double lr) const { return {lr}; }
Tensor Sgd::update(const Tensor& value, const Tensor& gradient, std::span<Tensor>,
                   std::span<const Tensor> numbers) const {
  return descend(value, numbers[0], gradient);
}

void Momentum::fields(Fields& f) {
  f("momentum", momentum, "what is left of the velocity after a step", fraction());
}
Numbers Momentum::numbers(std::int64_t, double lr) const { return {lr, momentum}; }
Tensor Momentum::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                        std::span<const Tensor> numbers) const {
  states[0] = descend(states[0] * numbers[1], numbers[0], gradient);
  return value + states[0];
}

void Nesterov::fields(Fields& f) {
  f("momentum", momentum, "what is left of the velocity after a step", fraction());
}
Numbers Nesterov::numbers(std::int64_t, double lr) const { return {lr, momentum}; }
Tensor Nesterov::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                        std::span<const Tensor> numbers) const {
  states[0] = descend(states[0] * numbers[1], numbers[0], gradient);
  return descend(value + states[0] * numbers[1], numbers[0], gradient);
}

namespace {

/// c, e and the weights of both means.
Tensor adam_update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                   std::span<const Tensor> numbers, double beta1, double beta2) {
  states[0] = mean_of(states[0], gradient, beta1, numbers[2]);
  states[1] = mean_of_square(states[1], gradient, beta2, numbers[3]);
  return descend(value, numbers[0], over_root(states[0], numbers[1], states[1]));
}

}  // namespace

void Adam::fields(Fields& f) {
  adam_fields(f, beta1, beta2, eps);
  f("eps_hat", eps_hat, "whether eps is added to a root that is not corrected, as the books do");
}
Numbers Adam::numbers(std::int64_t step, double lr) const {
  const AdamStep now = adam_step(step, lr, beta1, beta2, eps);
  return {now.c, eps_hat ? eps : now.e, weight_of(beta1), weight_of(beta2)};
}
Tensor Adam::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                    std::span<const Tensor> numbers) const {
  return adam_update(value, gradient, states, numbers, beta1, beta2);
}

void AdamW::fields(Fields& f) {
  adam_fields(f, beta1, beta2, eps);
  f("decay", decay, "share of the value that a step of learning rate 1 takes away", at_least(0));
}
Numbers AdamW::numbers(std::int64_t step, double lr) const {
  const AdamStep now = adam_step(step, lr, beta1, beta2, eps);
  return {now.c, now.e, weight_of(beta1), weight_of(beta2), lr * decay};
}
Tensor AdamW::update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                     std::span<const Tensor> numbers) const {
  return adam_update(descend(value, numbers[4], value), gradient, states, numbers, beta1, beta2);
}

}  // namespace optim

template <>
Registry& registry<optim::Rule>() {
  static Registry rows = [] {
    using namespace optim;
    Registry made("optimizer");
#define CHAINRULE_ROW(Type) add_boxed<Rule, Type>(made);
#include "optim/rule_list.def"
#undef CHAINRULE_ROW
    return made;
  }();
  return rows;
}

}  // namespace chainrule
