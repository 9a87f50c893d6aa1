#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"

namespace chainrule::nn {
namespace {

constexpr const char* kNames[] = {"W1", "b1", "W2", "b2"};

Affine affine(std::int64_t in, std::int64_t out, const TwoLayerNet::Options& options, std::uint64_t number) {
  // Drawn in f64, so that a net in f32 starts from the numbers of one in f64, rounded.
  const RandomKey key{.seed = options.seed, .stream = streams::kInit, .step = number};
  const Tensor weight = normal({in, out}, key, 0, options.weight_deviation, f64);
  return Affine(detach(cast(weight, options.dtype)), zeros({out}, options.dtype));
}

}  // namespace

TwoLayerNet::TwoLayerNet(const Options& options)
    : layers_(affine(options.input, options.hidden, options, 0), Relu(),
              affine(options.hidden, options.output, options, 1)) {}

Tensor TwoLayerNet::predict(const Input& x) { return layers_.forward(x); }

Tensor TwoLayerNet::loss(const Input& x, const Input& t) {
  return last_layer_.forward(Input(predict(x), x.where()), t);
}

double TwoLayerNet::accuracy(const Input& x, const Input& t) {
  const Tensor predicted = argmax(predict(x), 1);
  const Tensor& target = t.tensor();
  return mean(equal(predicted, target.ndim() == 2 ? argmax(target, 1) : target)).item();
}

std::vector<NamedParameter> TwoLayerNet::params() {
  std::vector<NamedParameter> params = layers_.parameters();
  for (std::size_t i = 0; i < params.size(); ++i) params[i].name = kNames[i];
  return params;
}

NamedTensors TwoLayerNet::gradient(const Input& x, const Input& t) {
  const std::vector<Tensor> gradients = grad(loss(x, t), values(params()), {}, x.where());
  NamedTensors named;
  for (std::size_t i = 0; i < gradients.size(); ++i) named.add(kNames[i], gradients[i]);
  return named;
}

NamedTensors TwoLayerNet::numerical_gradient(const Input& x, const Input& t, double h) {
  NamedTensors named;
  for (const NamedParameter& p : params()) {
    const Tensor value = p.parameter->value();
    const auto loss_at = [&](const Tensor& other) {
      p.parameter->set_value(other);
      return loss(x, t);
    };
    named.add(p.name, chainrule::numerical_gradient(loss_at, value, h));
    p.parameter->set_value(value);
  }
  return named;
}

}  // namespace chainrule::nn
