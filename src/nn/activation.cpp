// Activations.
#include "chainrule/nn/activation.h"

#include "chainrule/ops.h"
#include "nn/axes.h"

namespace chainrule::nn {

Tensor Relu::compute(const Tensor& x, Pass&) const { return relu(x); }
Tensor Sigmoid::compute(const Tensor& x, Pass&) const { return sigmoid(x); }
Tensor LogSigmoid::compute(const Tensor& x, Pass&) const { return log_sigmoid(x); }
Tensor Tanh::compute(const Tensor& x, Pass&) const { return tanh(x); }
Tensor Selu::compute(const Tensor& x, Pass&) const { return selu(x); }
Tensor Gelu::compute(const Tensor& x, Pass&) const { return gelu(x); }
Tensor Silu::compute(const Tensor& x, Pass&) const { return silu(x); }
Tensor Softplus::compute(const Tensor& x, Pass&) const { return softplus(x); }
Tensor Softsign::compute(const Tensor& x, Pass&) const { return softsign(x); }
Tensor HardSwish::compute(const Tensor& x, Pass&) const { return hard_swish(x); }
Tensor Mish::compute(const Tensor& x, Pass&) const { return mish(x); }

void LeakyRelu::fields(Fields& f) { f("slope", slope, "where x is not above 0"); }
Tensor LeakyRelu::compute(const Tensor& x, Pass&) const { return leaky_relu(x, slope); }

void Elu::fields(Fields& f) { f("alpha", alpha, "what -x comes near to far below 0"); }
Tensor Elu::compute(const Tensor& x, Pass&) const { return elu(x, alpha); }

void HardSigmoid::fields(Fields& f) {
  f("alpha", alpha, "the slope");
  f("beta", beta, "the value at 0");
}
Tensor HardSigmoid::compute(const Tensor& x, Pass&) const { return hard_sigmoid(x, alpha, beta); }

void Prelu::fields(Fields& f) {
  f("start", start, "first value of the slope");
  f("per_channel", per_channel, "whether each channel, axis 1, has a slope of its own");
}

void Prelu::members(Members& m) { m("slope", slope); }

void Prelu::init(Init& init) { init("slope", slope, per_channel ? Shape{init.size(1)} : Shape{}, start); }

Tensor Prelu::compute(const Tensor& x, Pass&) const {
  const Tensor factor = per_channel ? along_channels(slope, x.ndim()) : slope.value();
  return where(x <= 0, factor * x, x);
}

constexpr std::string_view kAxis = "along which the results add up to 1";

void Softmax::fields(Fields& f) { f("axis", axis, kAxis); }
Tensor Softmax::compute(const Tensor& x, Pass&) const { return softmax(x, axis_of(axis)); }

void LogSoftmax::fields(Fields& f) { f("axis", axis, kAxis); }
Tensor LogSoftmax::compute(const Tensor& x, Pass&) const { return log_softmax(x, axis_of(axis)); }

LeakyRelu::LeakyRelu(double below) : slope(below) {}

Elu::Elu(double factor) : alpha(factor) {}

HardSigmoid::HardSigmoid(double factor, double offset) : alpha(factor), beta(offset) {}

Prelu::Prelu(double first, bool one_a_channel) : start(first), per_channel(one_a_channel) {}

Softmax::Softmax(std::int64_t along) : axis(along) {}

LogSoftmax::LogSoftmax(std::int64_t along) : axis(along) {}

}  // namespace chainrule::nn
