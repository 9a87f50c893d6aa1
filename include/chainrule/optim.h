#pragma once

#include <vector>

#include "chainrule/nn.h"

/// What changes parameters.
namespace chainrule::optim {

/// Stochastic gradient descent: value = value - lr * gradient.
class Sgd {
 public:
  /// @throws ValueError  if lr is negative or not finite (E045).
  Sgd(std::vector<nn::NamedParameter> parameters, double lr);

  /// One step with the given gradients, in the order of the parameters.
  /// Computes the gradients and the new values; the parameters are leaves again after it. If computing fails,
  /// no parameter has changed.
  /// @throws ValueError  for another number of gradients (E044).
  void step(const std::vector<Tensor>& gradients);
  /// One step with what backward left in the parameters.
  /// @throws ValueError  if a parameter has no gradient (E044).
  void step();

  double lr() const { return lr_; }
  void set_lr(double lr);

 private:
  std::vector<nn::NamedParameter> parameters_;
  double lr_;
};

}  // namespace chainrule::optim
