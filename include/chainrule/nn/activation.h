#pragma once

#include <cstdint>

#include "chainrule/nn/layer.h"

// Activations: functions of each number by itself, and softmax. Their formulas stand in chainrule/ops.h.
namespace chainrule::nn {

struct Relu : LayerOf<Relu> {
  static constexpr Info kInfo{.name = "relu", .doc = "x where x > 0, else 0."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Sigmoid : LayerOf<Sigmoid> {
  static constexpr Info kInfo{.name = "sigmoid", .doc = "1 / (1 + exp(-x))."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct LogSigmoid : LayerOf<LogSigmoid> {
  static constexpr Info kInfo{.name = "log_sigmoid", .doc = "log(1 / (1 + exp(-x))), without underflow."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Tanh : LayerOf<Tanh> {
  static constexpr Info kInfo{.name = "tanh", .doc = "The hyperbolic tangent."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Selu : LayerOf<Selu> {
  static constexpr Info kInfo{
      .name = "selu", .doc = "1.0507 x where x > 0, else 1.7581 (exp(x) - 1): keeps mean 0 and variance 1."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Gelu : LayerOf<Gelu> {
  static constexpr Info kInfo{.name = "gelu", .doc = "x times the normal distribution function."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Silu : LayerOf<Silu> {
  static constexpr Info kInfo{.name = "silu", .doc = "x / (1 + exp(-x)), also called swish."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Softplus : LayerOf<Softplus> {
  static constexpr Info kInfo{.name = "softplus", .doc = "log(1 + exp(x))."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Softsign : LayerOf<Softsign> {
  static constexpr Info kInfo{.name = "softsign", .doc = "x / (1 + |x|)."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct HardSwish : LayerOf<HardSwish> {
  static constexpr Info kInfo{.name = "hard_swish", .doc = "x times x / 6 + 1/2 held between 0 and 1."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Mish : LayerOf<Mish> {
  static constexpr Info kInfo{.name = "mish", .doc = "x tanh(log(1 + exp(x)))."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct LeakyRelu : LayerOf<LeakyRelu> {
  static constexpr Info kInfo{.name = "leaky_relu", .doc = "x where x > 0, else slope x."};
  double slope = 0.01;

  LeakyRelu() = default;
  explicit LeakyRelu(double below);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Elu : LayerOf<Elu> {
  static constexpr Info kInfo{.name = "elu", .doc = "x where x > 0, else alpha (exp(x) - 1)."};
  double alpha = 1;

  Elu() = default;
  explicit Elu(double factor);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

struct HardSigmoid : LayerOf<HardSigmoid> {
  static constexpr Info kInfo{.name = "hard_sigmoid", .doc = "alpha x + beta, held between 0 and 1."};
  double alpha = 0.2, beta = 0.5;

  HardSigmoid() = default;
  HardSigmoid(double factor, double offset);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x where x > 0, else slope x with a trained slope: one for all, or one for each channel (axis 1; He et al.
/// 2015).
struct Prelu : LayerOf<Prelu> {
  static constexpr Info kInfo{.name = "prelu", .doc = "x where x > 0, else x times a trained slope."};
  double start = 0.25;
  bool per_channel = false;
  Parameter slope;  ///< () or (C)

  Prelu() = default;
  explicit Prelu(double first, bool one_a_channel = false);
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Softmax : LayerOf<Softmax> {
  static constexpr Info kInfo{.name = "softmax", .doc = "exp(x) / sum(exp(x)) along an axis."};
  std::int64_t axis = -1;

  Softmax() = default;
  explicit Softmax(std::int64_t along);
  void fields(Fields& f);
  /// @throws ShapeError  if there is no such axis (E013), here and below.
  Tensor compute(const Tensor& x, Pass&) const;
};

struct LogSoftmax : LayerOf<LogSoftmax> {
  static constexpr Info kInfo{.name = "log_softmax", .doc = "The logarithm of softmax along an axis."};
  std::int64_t axis = -1;

  LogSoftmax() = default;
  explicit LogSoftmax(std::int64_t along);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
