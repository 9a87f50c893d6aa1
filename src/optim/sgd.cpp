#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "core/text.h"

namespace chainrule::optim {

Sgd::Sgd(std::vector<nn::NamedParameter> parameters, double lr) : parameters_(std::move(parameters)) {
  set_lr(lr);
}

void Sgd::set_lr(double lr) {
  if (!std::isfinite(lr) || lr < 0)
    throw ValueError(45, cat("[sgd] lr ", lr, "; it must be a number from 0 up."));
  lr_ = lr;
}

void Sgd::step(const std::vector<Tensor>& gradients) {
  if (gradients.size() != parameters_.size()) {
    throw ValueError(44,
                     cat("[sgd] ", gradients.size(), " gradients for ", parameters_.size(), " parameters."));
  }
  std::vector<Tensor> updated;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    updated.push_back(parameters_[i].parameter->value() - lr_ * gradients[i]);
  }
  evaluate(updated);
  for (std::size_t i = 0; i < updated.size(); ++i) parameters_[i].parameter->set_value(detach(updated[i]));
}

void Sgd::step() {
  std::vector<Tensor> gradients;
  for (const nn::NamedParameter& p : parameters_) {
    if (!p.parameter->grad()) {
      throw ValueError(44, cat("[sgd] parameter ", p.name, " has no gradient. Call backward first."));
    }
    gradients.push_back(p.parameter->grad());
  }
  step(gradients);
}

}  // namespace chainrule::optim
