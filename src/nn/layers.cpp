// The books' layers. Each says only what forward computes.
#include "chainrule/error.h"
#include "chainrule/loss.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

Tensor Mul::compute(const std::vector<Tensor>& inputs) { return inputs[0] * inputs[1]; }

std::pair<Tensor, Tensor> Mul::backward(const Tensor& dout, Location where) {
  const std::vector<Tensor> gradients = backward_all(dout, where);
  return {gradients[0], gradients[1]};
}

Tensor Add::compute(const std::vector<Tensor>& inputs) { return inputs[0] + inputs[1]; }

std::pair<Tensor, Tensor> Add::backward(const Tensor& dout, Location where) {
  const std::vector<Tensor> gradients = backward_all(dout, where);
  return {gradients[0], gradients[1]};
}

Affine::Affine(Tensor weight, Tensor bias) : Layer("affine") {
  if (weight.ndim() != 2 || bias.ndim() != 1 || weight.shape()[1] != bias.shape()[0] ||
      weight.dtype() != bias.dtype()) {
    throw ShapeError(
        42, cat("[affine] weight ", weight.shape(), " ", name_of(weight.dtype()), " and bias ", bias.shape(),
                " ", name_of(bias.dtype()), " do not fit. Need (in, out) and (out,) of one dtype."));
  }
  weight_ = &add_parameter("weight", std::move(weight));
  bias_ = &add_parameter("bias", std::move(bias));
}

std::string Affine::describe() const {
  const Shape& shape = weight_->value().shape();
  return cat("Affine(", shape[0], " -> ", shape[1], ")");
}

Tensor Affine::compute(const std::vector<Tensor>& inputs) {
  const Tensor& x = inputs[0];
  if (x.ndim() < 2) {
    throw ShapeError(41,
                     cat("[affine] needs a batch (N, ...), got shape ", x.shape(),
                         ". Use expand_dims(x, 0) for one sample.", OriginScope::current({}).to_string()));
  }
  return matmul(x.ndim() == 2 ? x : reshape(x, {x.shape()[0], -1}), weight_->value()) + bias_->value();
}

Tensor Relu::compute(const std::vector<Tensor>& inputs) { return relu(inputs[0]); }

Tensor Sigmoid::compute(const std::vector<Tensor>& inputs) { return sigmoid(inputs[0]); }

Tensor SoftmaxWithLoss::compute(const std::vector<Tensor>& inputs) {
  return softmax_cross_entropy(inputs[0], inputs[1]);
}

Layer& Sequential::append(Layer* layer) {
  int number = 1;
  for (const Layer* other : layers()) number += other->kind() == layer->kind();
  return add_layer(cat(layer->kind(), number), layer);
}

Tensor Sequential::compute(const std::vector<Tensor>& inputs) {
  Tensor x = inputs[0];
  for (Layer* layer : layers()) x = layer->forward(x);
  return x;
}

std::string Sequential::describe() const {
  std::string text = "Sequential";
  for (const Layer* layer : layers()) text += cat("\n  ", layer->name(), ": ", layer->describe());
  return text;
}

}  // namespace chainrule::nn
