#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "chainrule/boxed.h"
#include "chainrule/tensor.h"

namespace chainrule::optim {

/// A few numbers that a rule needs in a step. They change from step to step, so they become leaves of the
/// graph, one for all parameters of a dtype.
class Numbers {
 public:
  static constexpr std::size_t kMax = 6;
  /// @throws ValueError  for more than kMax (E265).
  Numbers(std::initializer_list<double> numbers) {
    if (numbers.size() > kMax) refuse(numbers.size());
    for (const double number : numbers) numbers_[size_++] = number;
  }
  std::span<const double> all() const { return {numbers_.data(), size_}; }

 private:
  [[noreturn]] static void refuse(std::size_t count);

  std::array<double, kMax> numbers_{};
  std::size_t size_ = 0;
};

/// How one step changes a parameter. A rule is a struct:
///
///     struct Lion {
///       static constexpr Info kInfo{.name = "lion", .doc = "The sign of a running mean."};
///       static constexpr std::string_view kStates = "m";   // kept for each parameter, 0 at first; optional
///       static constexpr double kLr = 1e-4;   // the learning rate where none is given; optional
///       double beta1 = 0.9, beta2 = 0.99;
///       void fields(Fields& f);
///       Numbers numbers(std::int64_t step, double lr) const;   // step counts from 1; at most 6
///       // The new value, as graph; puts new states in the places of the old ones.
///       Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
///                     std::span<const Tensor> numbers) const;
///     };
///
/// Where settings decide which states there are, `std::string_view states() const` names them in place of
/// kStates. Those there are stand in src/optim/rule_list.def.
class Rule : public Configurable {
 public:
  virtual std::string_view state_names() const = 0;  ///< with ", " between
  virtual double default_lr() const = 0;
  virtual Numbers numbers(std::int64_t step, double lr) const = 0;
  virtual Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                        std::span<const Tensor> numbers) const = 0;

  template <class R>
  requires requires(const R& r) { r.numbers(std::int64_t{}, double{}); }
  static Rule* box(R rule);
};

template <class R>
class RuleBox final : public Boxed<R, Rule> {
 public:
  using Boxed<R, Rule>::Boxed;
  std::string_view state_names() const override {
    if constexpr (requires { R::kStates; }) return R::kStates;
    if constexpr (requires { this->plain.states(); }) return this->plain.states();
    return "";
  }
  double default_lr() const override {
    if constexpr (requires { R::kLr; }) return R::kLr;
    return 0.01;
  }
  Numbers numbers(std::int64_t step, double lr) const override { return this->plain.numbers(step, lr); }
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const override {
    return this->plain.update(value, gradient, states, numbers);
  }
};

template <class R>
requires requires(const R& r) { r.numbers(std::int64_t{}, double{}); }
Rule* Rule::box(R rule) { return new RuleBox<R>(std::move(rule)); }

using AnyRule = Any<Rule>;

/// value -= lr gradient.
struct Sgd {
  static constexpr Info kInfo{.name = "sgd", .doc = "Stochastic gradient descent: value -= lr gradient."};
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// velocity = momentum velocity - lr gradient; value += velocity   (the books' form; Polyak 1964).
struct Momentum {
  static constexpr Info kInfo{.name = "momentum", .doc = "Gradient descent with a velocity."};
  static constexpr std::string_view kStates = "velocity";
  double momentum = 0.9;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// velocity = momentum velocity - lr gradient; value += momentum velocity - lr gradient, with the new
/// velocity (Nesterov 1983, as Bengio et al. 2012 write it: the value kept is the one looked ahead to).
struct Nesterov {
  static constexpr Info kInfo{.name = "nesterov", .doc = "Momentum, with the gradient of where it leads."};
  static constexpr std::string_view kStates = "velocity";
  double momentum = 0.9;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// Adam (Kingma and Ba 2015, algorithm 1), with m and v the running means of gradient and squared gradient:
///
///     value -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
///
/// With eps_hat, the order at the end of the paper's section 2, which TensorFlow and the books follow: eps is
/// added to the root of a v that is not corrected.
///
///     value -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)
struct Adam {
  static constexpr Info kInfo{.name = "adam",
                              .doc = "Steps of a size that running means of the gradient decide."};
  static constexpr std::string_view kStates = "m, v";
  static constexpr double kLr = 0.001;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  bool eps_hat = false;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// Adam of the loss alone, and value -= lr decay value beside it   (Loshchilov and Hutter 2019).
struct AdamW {
  static constexpr Info kInfo{.name = "adamw", .doc = "Adam, with weight decay apart from the gradient."};
  static constexpr std::string_view kStates = "m, v";
  static constexpr double kLr = 0.001;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, decay = 0.01;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// AdaGrad (Duchi, Hazan and Singer 2011): h, the sum of all squared gradients, slows what has moved much.
///
///     h += gradient^2;  value -= lr gradient / (sqrt(h) + eps)
struct AdaGrad {
  static constexpr Info kInfo{.name = "adagrad",
                              .doc = "Steps that shrink with the sum of squared gradients."};
  static constexpr std::string_view kStates = "h";
  double eps = 1e-7;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// AdaDelta (Zeiler 2012, algorithm 1), with v and u the running means of squared gradient and squared step:
///
///     step = sqrt(u + eps) / sqrt(v + eps) gradient;  value -= lr step
struct AdaDelta {
  static constexpr Info kInfo{.name = "adadelta", .doc = "Steps as large as those before, by running means."};
  static constexpr std::string_view kStates = "v, u";
  static constexpr double kLr = 1;
  double rho = 0.95, eps = 1e-6;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// RMSprop (Tieleman and Hinton 2012), with v the running mean of the squared gradient:
///
///     value -= lr gradient / (sqrt(v) + eps)
///
/// `centred` takes the variance v - mean^2 in place of v (Graves 2013); `momentum` sums up the fractions in a
/// velocity: velocity = momentum velocity + fraction; value -= lr velocity.
struct RmsProp {
  static constexpr Info kInfo{.name = "rmsprop", .doc = "Steps by a running mean of the squared gradient."};
  static constexpr double kLr = 0.001;
  double rho = 0.9, momentum = 0, eps = 1e-8;
  bool centred = false;
  std::string_view states() const;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// Nadam (Dozat 2016, algorithm 2, with a mu that stays beta1): Adam, with the mean gradient looked ahead to.
///
///     value -= lr (beta1 m / (1 - beta1^(t+1)) + (1 - beta1) gradient / (1 - beta1^t))
///              / (sqrt(v / (1 - beta2^t)) + eps)
struct Nadam {
  static constexpr Info kInfo{.name = "nadam", .doc = "Adam, with Nesterov's look ahead."};
  static constexpr std::string_view kStates = "m, v";
  static constexpr double kLr = 0.001;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// AMSGrad (Reddi, Kale and Kumar 2018): Adam with the largest v so far in place of v, so that no step grows
/// by forgetting. With Adam's corrections, which the paper's algorithm 2 drops for simplicity.
struct AmsGrad {
  static constexpr Info kInfo{.name = "amsgrad",
                              .doc = "Adam, with the largest mean squared gradient so far."};
  static constexpr std::string_view kStates = "m, v, largest";
  static constexpr double kLr = 0.001;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

/// Lion (Chen et al. 2023, algorithm 2), with m a running mean of the gradient:
///
///     value -= lr (sign(beta1 m + (1 - beta1) gradient) + decay value);  m = beta2 m + (1 - beta2) gradient
struct Lion {
  static constexpr Info kInfo{.name = "lion", .doc = "Steps of one size, by the sign of a running mean."};
  static constexpr std::string_view kStates = "m";
  static constexpr double kLr = 1e-4;
  double beta1 = 0.9, beta2 = 0.99, decay = 0;
  void fields(Fields& f);
  Numbers numbers(std::int64_t step, double lr) const;
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor> states,
                std::span<const Tensor> numbers) const;
};

}  // namespace chainrule::optim

namespace chainrule {
template <>
Registry& registry<optim::Rule>();
}  // namespace chainrule
