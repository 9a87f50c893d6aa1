#include <cmath>

#include "chainrule/error.h"
#include "chainrule/optim.h"
#include "core/reused.h"
#include "core/text.h"
#include "plan/renew.h"

namespace chainrule::optim {

/// What a step needs, kept for the next.
struct Optimizer::Workspace {
  std::vector<const Tensor*> current;  // what is replaced: each parameter's value and states
  std::vector<Tensor> next;            // by what, in the same order

  void clear() {
    current.clear();
    next.clear();
  }
};

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

void Optimizer::step(const std::vector<Tensor>& gradients) {
  const Reused<Workspace> w;
  find_updates(gradients, *w);
  apply(*w);
}

void Optimizer::step(std::vector<Tensor>&& gradients) {
  const Reused<Workspace> w;
  find_updates(gradients, *w);
  gradients.clear();
  apply(*w);
}

void Optimizer::step(std::vector<Tensor> gradients, const Tensor& loss) {
  const Reused<Workspace> w;
  find_updates(gradients, *w);
  gradients.clear();
  apply(*w, &loss);
}

void Optimizer::find_updates(const std::vector<Tensor>& gradients, Workspace& w) const {
  if (gradients.size() != parameters_.size()) {
    throw ValueError(
        44, cat("[", name_, "] ", gradients.size(), " gradients for ", parameters_.size(), " parameters."));
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor& value = parameters_[i].parameter->value();
    if (gradients[i].shape() != value.shape() || gradients[i].dtype() != value.dtype()) {
      throw ValueError(44, cat("[", name_, "] gradient ", i, " is ", name_of(gradients[i].dtype()),
                               gradients[i].shape(), ", parameter ", parameters_[i].name, " ",
                               name_of(value.dtype()), value.shape(), "; both must be equal."));
    }
    w.current.push_back(&value);
    for (const Tensor& state : states_[i]) w.current.push_back(&state);
    update(value, gradients[i], states_[i], steps_ + 1, w.next);
  }
}

void Optimizer::apply(Workspace& w, const Tensor* also) {
  renew(w.current, w.next, also);
  auto next = w.next.begin();
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
