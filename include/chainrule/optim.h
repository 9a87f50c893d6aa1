#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/nn.h"

/// What changes parameters.
namespace chainrule::optim {

/// What all optimizers share: a step takes gradients and changes the parameters.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step with the given gradients, in the order of the parameters.
  /// Computes the gradients and the new values; the parameters are leaves again after it. If computing fails,
  /// nothing has changed. New values are written over the old ones where neither a handle nor a graph that is
  /// held (that of the loss, say) needs those.
  /// @throws ValueError  for another number of gradients (E044).
  void step(const std::vector<Tensor>& gradients);
  /// The same for gradients that nobody else needs, as in `step(grad(loss, parameters))`: they need not be
  /// kept.
  void step(std::vector<Tensor>&& gradients);
  /// One step, and the loss computed in the same run: cheaper than by a run of its own when it is read later.
  /// @throws ValueError  for another number of gradients (E044), or if the loss is an empty tensor (E010).
  void step(std::vector<Tensor> gradients, const Tensor& loss);
  /// One step with what backward left in the parameters.
  /// @throws ValueError  if a parameter has no gradient (E044).
  void step();

  double lr() const { return lr_; }
  /// @throws ValueError  if lr is negative or not finite (E045).
  void set_lr(double lr);
  /// Steps taken.
  std::int64_t steps() const { return steps_; }

 protected:
  /// @param states  tensors kept for each parameter, of its shape and 0 at first.
  Optimizer(const char* name, std::vector<nn::NamedParameter> parameters, double lr, int states);

  /// The learning rate as a tensor of that dtype: one leaf for all parameters.
  const Tensor& lr_tensor(DType dtype) const { return lr_tensors_[dtype == f32 ? 0 : 1]; }

  /// Appends a parameter's new value, then its new states, as graph. `step` counts from 1.
  virtual void update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> states,
                      std::int64_t step, std::vector<Tensor>& next) const = 0;

 private:
  struct Workspace;
  void find_updates(const std::vector<Tensor>& gradients, Workspace& w) const;
  void apply(Workspace& w, const Tensor* also = nullptr);

  const char* name_;
  std::vector<nn::NamedParameter> parameters_;
  std::vector<std::vector<Tensor>> states_;  // by parameter
  double lr_ = 0;
  std::array<Tensor, 2> lr_tensors_;  // in f32 and f64
  std::int64_t steps_ = 0;
};

/// Stochastic gradient descent: value = value - lr * gradient.
class Sgd : public Optimizer {
 public:
  Sgd(std::vector<nn::NamedParameter> parameters, double lr);

 private:
  void update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> states, std::int64_t step,
              std::vector<Tensor>& next) const override;
};

struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
};

/// Adam (Kingma and Ba 2015, algorithm 1), with m and v the running means of gradient and squared gradient:
///
///     value -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
class Adam : public Optimizer {
 public:
  /// @throws ValueError  unless both betas are in [0, 1) and eps is not negative (E047).
  explicit Adam(std::vector<nn::NamedParameter> parameters, AdamOptions options = {});

 private:
  void update(const Tensor& value, const Tensor& gradient, std::span<const Tensor> states, std::int64_t step,
              std::vector<Tensor>& next) const override;

  AdamOptions options_;
};

}  // namespace chainrule::optim
