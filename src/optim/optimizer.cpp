#include <cmath>

#include "chainrule/error.h"
#include "chainrule/optim.h"
#include "core/text.h"
#include "plan/renew.h"

namespace chainrule::optim {

Optimizer::Optimizer(const char* name, std::vector<nn::NamedParameter> parameters, double lr, int states)
    : name_(name), parameters_(std::move(parameters)) {
  set_lr(lr);
  for (const nn::NamedParameter& p : parameters_) {
    const Tensor& value = p.parameter->value();
    states_.emplace_back(static_cast<std::size_t>(states), zeros(value.shape(), value.dtype()));
  }
}

void Optimizer::set_lr(double lr) {
  if (!std::isfinite(lr) || lr < 0) {
    throw ValueError(45, cat("[", name_, "] lr ", lr, "; it must be a number from 0 up."));
  }
  lr_ = lr;
  lr_tensors_ = {scalar(lr, f32), scalar(lr, f64)};
}

void Optimizer::step(const std::vector<Tensor>& gradients) { apply(updates(gradients)); }

void Optimizer::step(std::vector<Tensor>&& gradients) {
  std::vector<Tensor> updated = updates(gradients);
  gradients.clear();
  apply(std::move(updated));
}

/// Each parameter's new value and new states, one parameter after the other.
std::vector<Tensor> Optimizer::updates(const std::vector<Tensor>& gradients) const {
  if (gradients.size() != parameters_.size()) {
    throw ValueError(
        44, cat("[", name_, "] ", gradients.size(), " gradients for ", parameters_.size(), " parameters."));
  }
  std::vector<Tensor> all;
  all.reserve(gradients.size() * (states_.empty() ? 1 : 1 + states_[0].size()));
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    for (Tensor& t : update(parameters_[i].parameter->value(), gradients[i], states_[i], steps_ + 1)) {
      all.push_back(std::move(t));
    }
  }
  return all;
}

void Optimizer::apply(std::vector<Tensor> updated) {
  std::vector<const Tensor*> current;
  current.reserve(updated.size());
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    current.push_back(&parameters_[i].parameter->value());
    for (const Tensor& state : states_[i]) current.push_back(&state);
  }
  updated = renew(current, std::move(updated));
  auto next = updated.begin();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    parameters_[i].parameter->set_value(std::move(*next++));
    for (Tensor& state : states_[i]) state = std::move(*next++);
  }
  ++steps_;
}

void Optimizer::step() {
  std::vector<Tensor> gradients;
  for (const nn::NamedParameter& p : parameters_) {
    if (!p.parameter->grad()) {
      throw ValueError(44, cat("[", name_, "] parameter ", p.name, " has no gradient. Call backward first."));
    }
    gradients.push_back(p.parameter->grad());
  }
  step(std::move(gradients));
}

}  // namespace chainrule::optim
