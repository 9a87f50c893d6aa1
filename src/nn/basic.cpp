// Layers of numbers: products, activations, dropout.
#include "chainrule/error.h"
#include "chainrule/loss.h"
#include "chainrule/nn/layers.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

Tensor Mul::compute(const Tensor& x, const Tensor& y, Pass&) const { return x * y; }
Tensor Add::compute(const Tensor& x, const Tensor& y, Pass&) const { return x + y; }
Tensor Relu::compute(const Tensor& x, Pass&) const { return relu(x); }
Tensor Sigmoid::compute(const Tensor& x, Pass&) const { return sigmoid(x); }
Tensor Tanh::compute(const Tensor& x, Pass&) const { return tanh(x); }
Tensor Flatten::compute(const Tensor& x, Pass&) const { return flatten(x, 1); }
Tensor SoftmaxWithLoss::compute(const Tensor& x, const Tensor& t, Pass&) const {
  return softmax_cross_entropy(x, t);
}

Affine::Affine(const Tensor& w, const Tensor& b) {
  if (w.ndim() != 2 || b.ndim() != 1 || w.shape()[1] != b.shape()[0] || w.dtype() != b.dtype()) {
    throw ShapeError(42,
                     cat("[affine] weight ", w.shape(), " ", name_of(w.dtype()), " and bias ", b.shape(), " ",
                         name_of(b.dtype()), " do not fit. Need (in, out) and (out,) of one dtype."));
  }
  outputs = w.shape()[1];
  weight.set_value(w);
  bias.set_value(b);
}

void Affine::fields(Fields& f) {
  f("outputs", outputs, "numbers a sample that come out", at_least(1));
  f("bias", options.bias, "whether b is added");
  f("weight_init", options.weight_init.handle(), "first values of W; b starts at 0");
}

void Affine::members(Members& m) {
  m("weight", weight);
  if (options.bias) m("bias", bias);
}

void Affine::init(Init& init) {
  std::int64_t inputs = init.size(1);
  for (int axis = 2; axis < init.shape().ndim(); ++axis) inputs *= init.shape()[axis];
  init("weight", weight, {inputs, outputs}, options.weight_init, {.in = inputs, .out = outputs});
  if (options.bias) init("bias", bias, {outputs}, 0);
}

Tensor Affine::compute(const Tensor& x, Pass&) const {
  if (x.ndim() < 2) {
    throw ShapeError(41,
                     cat("[affine] needs a batch (N, ...), got shape ", x.shape(),
                         ". Use expand_dims(x, 0) for one sample.", OriginScope::current({}).to_string()));
  }
  const Tensor y = matmul(x.ndim() == 2 ? x : flatten(x, 1), weight);
  return options.bias ? y + bias.value() : y;
}

void Dropout::fields(Fields& f) {
  f("p", p, "probability that a number is left out", between(0, 1));
  f("inverted", inverted, "divide by 1 - p in training instead of multiplying by it in inference");
}

Tensor Dropout::compute(const Tensor& x, Pass& pass) const {
  if (pass.is_training()) {
    return inverted ? dropout(x, p, pass.key()) : where(bernoulli(x.shape(), pass.key(), 1 - p), x, 0);
  }
  return inverted || p == 0 ? x : x * (1 - p);
}

void ScaleShift::fields(Fields& f) {
  f("factor", factor, "what each feature is multiplied by, or one number for all");
  f("offset", offset, "what is added to each, or one number for all");
  f("shape", shape, "how they lie, to broadcast against a row; empty: along its last axis", at_least(1));
}

Tensor ScaleShift::compute(const Tensor& x, Pass&) const {
  const auto row = [&](const std::vector<double>& numbers) {
    const auto count = static_cast<std::int64_t>(numbers.size());
    const Shape lie = count == 1 ? Shape{} : shape.empty() ? Shape{count} : Shape(shape);
    return cast(from_data(numbers, lie), is_floating(x.dtype()) ? x.dtype() : f32);
  };
  return x * row(factor) + row(offset);
}

}  // namespace chainrule::nn
