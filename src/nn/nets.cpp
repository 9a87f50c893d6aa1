// Nets that have a name.
#include "chainrule/nn/nets.h"
#include <utility>

#include <array>
#include <mutex>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

// What is made here on demand is shared, too.
Net::Net(const Net& other) : Layer(other), layers_(const_cast<Net&>(other).layers()) {}

Net& Net::operator=(const Net& other) {
  Layer::operator=(other);
  layers_ = const_cast<Net&>(other).layers();
  return *this;
}

// Several threads may ask at once for a net that is not built.
Sequential& Net::layers() {
  static std::recursive_mutex one_at_a_time;  // nets may be made of nets
  const std::lock_guard lock(one_at_a_time);
  if (layers_.layers.empty()) layers_ = make_layers();
  return layers_;
}

void Net::visit_members(Members& m) { m("", layers()); }

Ports Net::evaluate(const Inputs& inputs, Pass& pass) const { return layers_.run(inputs, pass); }

/// "affine1.weight" to "W1": numbered by the layers that have parameters.
std::string Classifier::rename(std::string path) const {
  const std::size_t dot = path.find('.');
  Members members;
  const_cast<Classifier*>(this)->layers().members(members);
  int number = 0;
  for (const Members::Member& member : members.all()) {
    number += !member.layer->parameters().empty();
    if (member.name == path.substr(0, dot)) break;
  }
  return cat(path.substr(dot + 1) == "weight" ? "W" : "b", number);
}

Tensor Classifier::loss(const Input& x, const Input& t) const {
  Pass pass = Pass::inference();
  return loss(x, t, pass);
}

Tensor Classifier::loss(const Input& x, const Input& t, Pass& pass) const {
  return last_layer_.forward(Input(forward(x, pass), x.where()), t, pass);
}

double Classifier::accuracy(const Input& x, const Input& t) const {
  const Tensor predicted = argmax(predict(x), 1);
  const Tensor& target = t.tensor();
  return mean(equal(predicted, target.ndim() == 2 ? argmax(target, 1) : target)).item();
}

NamedTensors Classifier::gradient(const Input& x, const Input& t) const {
  const Tensor value = loss(x, t);
  const std::vector<NamedParameter> parameters = params();
  const std::vector<Tensor> gradients = chainrule::grad(value, values(parameters), {}, x.where());
  NamedTensors named;
  for (std::size_t i = 0; i < gradients.size(); ++i) named.add(parameters[i].name, gradients[i]);
  return named;
}

NamedTensors Classifier::numerical_gradient(const Input& x, const Input& t, double h) {
  NamedTensors named;
  for (NamedParameter& p : params()) {
    const Tensor value = p.parameter.value();
    const auto loss_at = [&](const Tensor& other) {
      p.parameter.set_value(other);
      return loss(x, t);
    };
    named.add(p.name, chainrule::numerical_gradient(loss_at, value, h));
    p.parameter.set_value(value);
  }
  return named;
}

TwoLayerNet::TwoLayerNet(const Options& options) : options_(options) {
  build(zeros({1, options.input}, options.dtype),
        {.seed = options.seed, .dtype = options.dtype, .follow = false});
}

void TwoLayerNet::fields(Fields& f) {
  f("hidden", options_.hidden, "hidden units", at_least(1));
  f("output", options_.output, "classes", at_least(1));
  f("weight_deviation", options_.weight_deviation, "of the normal first weights; biases start at 0",
    at_least(0));
}

namespace {

/// Normal, by the number of the weight and not by its path.
struct Numbered {
  static constexpr Info kInfo{.name = "numbered", .doc = "Normal with mean 0, by the number of the weight."};
  double deviation = 0.01;
  std::uint64_t number = 0;
  Tensor make(const Shape& shape, Fans, const RandomKey& key) const {
    return normal(shape, {.seed = key.seed, .stream = streams::kInit, .step = number}, 0, deviation, f64);
  }
};

}  // namespace

Sequential TwoLayerNet::make_layers() const {
  const auto affine = [&](std::int64_t outputs, std::uint64_t number) {
    return Affine(outputs, {.weight_init = Numbered{options_.weight_deviation, number}});
  };
  return Sequential(affine(options_.hidden, 0), Relu(), affine(options_.output, 1));
}

SimpleConvNet::SimpleConvNet(const Options& options) : options_(options) {
  build(zeros({1, options.channels, options.height, options.width}, options.dtype),
        {.seed = options.seed, .dtype = options.dtype, .follow = false});
}

void SimpleConvNet::fields(Fields& f) {
  f("filters", options_.filters, "of the convolution", at_least(1));
  f("kernel", options_.kernel, "height and width of the filters", at_least(1));
  f("padding", options_.padding, "zeros around the image", at_least(0));
  f("stride", options_.stride, "how far the window moves", at_least(1));
  f("hidden", options_.hidden, "hidden units", at_least(1));
  f("output", options_.output, "classes", at_least(1));
  f("weight_deviation", options_.weight_deviation, "of the normal first weights; biases start at 0",
    at_least(0));
}

Sequential SimpleConvNet::make_layers() const {
  const Normal first{options_.weight_deviation};
  return Sequential(Conv2d(options_.filters, options_.kernel,
                           {.stride = options_.stride, .padding = options_.padding, .weight_init = first}),
                    Relu(), MaxPool2d(2), Affine(options_.hidden, {.weight_init = first}), Relu(),
                    Affine(options_.output, {.weight_init = first}));
}

DeepConvNet::DeepConvNet(const Options& options) : options_(options) {
  build(zeros({1, options.channels, options.height, options.width}, options.dtype),
        {.seed = options.seed, .dtype = options.dtype, .follow = false});
}

void DeepConvNet::fields(Fields& f) {
  f("hidden", options_.hidden, "hidden units", at_least(1));
  f("output", options_.output, "classes", at_least(1));
  f("dropout", options_.dropout, "probability that a number is left out", between(0, 1));
}

Sequential DeepConvNet::make_layers() const {
  Sequential net;
  for (const std::int64_t filters : {16, 16, 32, 32, 64, 64}) {
    // The second of the 32 has padding 2, so that 7 x 7 becomes 8 x 8.
    const bool widens = filters == 32 && net.size() == 7;
    net.add(Conv2d(filters, 3, {.padding = widens ? 2 : 1}));
    net.add(Relu());
    if (net.size() % 5 == 4) net.add(MaxPool2d(2));
  }
  net.add(Affine(options_.hidden));
  net.add(Relu());
  net.add(Dropout(options_.dropout, false));
  net.add(Affine(options_.output));
  net.add(Dropout(options_.dropout, false));
  return net;
}

void LeNet::fields(Fields& f) {
  static constexpr std::array<std::string_view, 2> kPools = {"avg", "max"};
  f("outputs", outputs, "classes", at_least(1));
  f("padding", padding, "zeros around the image: 2 for 28x28, 0 for 32x32", at_least(0));
  f("pool", pool, kPools, "what becomes of windows of 2x2");
  f("activation", activation, "after each layer with weights but the last");
  f("weight_init", weight_init.handle(), "first values of weights");
}

Sequential LeNet::make_layers() const {
  Sequential net;
  const auto add_activation = [&] {
    if (activation) net.append(activation->clone());
  };
  for (const std::int64_t filters : {6, 16}) {
    net.add(Conv2d(filters, 5, {.padding = filters == 6 ? padding : 0, .weight_init = weight_init}));
    add_activation();
    if (pool == PoolKind::avg) net.add(AvgPool2d(2));
    if (pool == PoolKind::max) net.add(MaxPool2d(2));
  }
  for (const std::int64_t size : {120, 84}) {
    net.add(Affine(size, {.weight_init = weight_init}));
    add_activation();
  }
  net.add(Affine(outputs, {.weight_init = weight_init}));
  return net;
}

void Mlp::fields(Fields& f) {
  f("sizes", sizes, "numbers that each affine layer gives", at_least(1));
  f("activation", options.activation, "after each of them but the last");
  f("dropout", options.dropout, "after each activation: probability that a number is left out",
    between(0, 1));
  f("batch_norm", options.batch_norm, "whether batch norm stands before each activation");
  f("weight_init", options.weight_init.handle(), "first values of weights; biases start at 0");
}

void Mlp::initialize(Init&) {
  if (!sizes.empty()) return;
  throw ValueError(255,
                   cat("[mlp] sizes is empty; need one number at least, that of the outputs: mlp([64, 10]).",
                       OriginScope::current({}).to_string()));
}

Sequential Mlp::make_layers() const {
  Sequential net;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool is_last = i + 1 == sizes.size(), is_normed = options.batch_norm && !is_last;
    // Batch norm takes a bias away again, and has one of its own.
    net.add(Affine(sizes[i], {.bias = !is_normed, .weight_init = options.weight_init}));
    if (is_last) break;
    if (is_normed) net.add(BatchNorm());
    if (options.activation) net.append(options.activation->clone());
    if (options.dropout > 0) net.add(Dropout(options.dropout));
  }
  return net;
}

Sequential mlp(std::span<const std::int64_t> sizes) {
  Sequential net;
  for (const std::int64_t size : sizes) {
    if (net.size() > 0) net.add(Relu());
    net.add(Affine(size));
  }
  return net;
}

Sequential mlp(std::initializer_list<std::int64_t> sizes) {
  return mlp(std::span(sizes.begin(), sizes.size()));
}

TwoLayerNet::TwoLayerNet(NoOptions) : TwoLayerNet(Options()) {}

SimpleConvNet::SimpleConvNet(NoOptions) : SimpleConvNet(Options()) {}

DeepConvNet::DeepConvNet(NoOptions) : DeepConvNet(Options()) {}

Mlp::Mlp(std::vector<std::int64_t> of_layers, MlpOptions more)
    : sizes(std::move(of_layers)), options(std::move(more)) {}

}  // namespace chainrule::nn
