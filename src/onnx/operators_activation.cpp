// Activations.
#include <cmath>

#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

Tensors celu(const Call& c) {
  const double alpha = c.number("alpha", 1);
  return {maximum(c[0], 0) + minimum(alpha * expm1(minimum(c[0], 0) / alpha), 0)};
}
Tensors elu_of(const Call& c) { return {elu(c[0], c.number("alpha", 1))}; }
Tensors selu_of(const Call& c) {
  const double alpha = c.number("alpha", 1.67326319217681884765625),
               gamma = c.number("gamma", 1.05070102214813232421875);
  return {gamma * elu(c[0], alpha)};
}
Tensors leaky(const Call& c) { return {leaky_relu(c[0], c.number("alpha", 0.01))}; }
Tensors thresholded(const Call& c) { return {where(c[0] > c.number("alpha", 1), c[0], 0)}; }
Tensors relu_of(const Call& c) { return {relu(c[0])}; }
Tensors prelu(const Call& c) { return {where(c[0] < 0, c[0] * c[1], c[0])}; }
Tensors hard(const Call& c) { return {hard_sigmoid(c[0], c.number("alpha", 0.2), c.number("beta", 0.5))}; }
Tensors hard_swish_of(const Call& c) { return {hard_swish(c[0])}; }
Tensors shrink(const Call& c) {
  const double lambd = c.number("lambd", 0.5), bias = c.number("bias", 0);
  const Tensor& x = c[0];
  return {as(where(x < -lambd, x + bias, where(x > lambd, x - bias, x * 0)), x)};
}

/// Before opset 13 the axes from the one named on are one.
template <class F>
Tensors along(const Call& c, F function) {
  const Tensor& x = c[0];
  if (c.opset() >= 13) return {function(x, c.axis("axis", -1, x.ndim()))};
  const int axis = c.axis("axis", 1, x.ndim());
  std::int64_t before = 1;
  for (int i = 0; i < axis; ++i) before *= x.shape()[i];
  const std::int64_t behind = before == 0 ? 0 : x.numel() / before;
  return {reshape(function(reshape(x, {before, behind}), 1), x.shape())};
}
Tensors softmax_of(const Call& c) {
  return along(c, [](const Tensor& x, int axis) { return softmax(x, axis); });
}
Tensors log_softmax_of(const Call& c) {
  return along(c, [](const Tensor& x, int axis) { return log_softmax(x, axis); });
}
Tensors hardmax(const Call& c) {
  return along(c, [](const Tensor& x, int axis) {
    return one_hot(argmax(x, axis), x.shape()[axis], x.dtype(), axis);
  });
}

constexpr Operator kRows[] = {
    {"Celu", 1, 1, celu},
    {"Elu", 1, 1, elu_of},
    {"HardSigmoid", 1, 1, hard},
    {"HardSwish", 1, 1, hard_swish_of},
    {"Hardmax", 1, 1, hardmax},
    {"LeakyRelu", 1, 1, leaky},
    {"LogSoftmax", 1, 1, log_softmax_of},
    {"PRelu", 2, 2, prelu},
    {"Relu", 1, 1, relu_of},
    {"Selu", 1, 1, selu_of},
    {"Shrink", 1, 1, shrink},
    {"Sigmoid", 1, 1, unary<sigmoid>},
    {"Softmax", 1, 1, softmax_of},
    {"Softplus", 1, 1, unary<softplus>},
    {"Softsign", 1, 1, unary<softsign>},
    {"Tanh", 1, 1, unary<tanh>},
    {"ThresholdedRelu", 1, 1, thresholded},
};

}  // namespace

std::span<const Operator> activation_operators() { return kRows; }

}  // namespace chainrule::onnx
