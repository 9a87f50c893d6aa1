// Activations.
#include "chainrule/nn/activation.h"

#include "chainrule/ops.h"

namespace chainrule::nn {

Tensor Relu::compute(const Tensor& x, Pass&) const { return relu(x); }
Tensor Sigmoid::compute(const Tensor& x, Pass&) const { return sigmoid(x); }
Tensor Tanh::compute(const Tensor& x, Pass&) const { return tanh(x); }

}  // namespace chainrule::nn
