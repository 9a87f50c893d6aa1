#include <cmath>

#include "chainrule/error.h"
#include "chainrule/optim.h"
#include "core/text.h"

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
}

void Optimizer::step(const std::vector<Tensor>& gradients) {
  if (gradients.size() != parameters_.size()) {
    throw ValueError(
        44, cat("[", name_, "] ", gradients.size(), " gradients for ", parameters_.size(), " parameters."));
  }
  std::vector<std::vector<Tensor>> updated;
  std::vector<Tensor> all;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    updated.push_back(update(parameters_[i].parameter->value(), gradients[i], states_[i], steps_ + 1));
    all.insert(all.end(), updated.back().begin(), updated.back().end());
  }
  evaluate(all);
  for (std::size_t i = 0; i < updated.size(); ++i) {
    parameters_[i].parameter->set_value(detach(updated[i][0]));
    for (std::size_t j = 0; j < states_[i].size(); ++j) states_[i][j] = detach(updated[i][j + 1]);
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
  step(gradients);
}

}  // namespace chainrule::optim
