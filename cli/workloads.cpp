#include "workloads.h"

#include <cmath>
#include <memory>
#include <vector>

#include "chainrule/chainrule.h"

namespace chainrule::cli {
namespace {

/// Parameters of a net in their order, with an optimizer.
class Model {
 public:
  /// Normal weights of deviation sqrt(2 / inputs) (He et al. 2015), the same numbers in every dtype.
  void weight(const Shape& shape, std::int64_t inputs, DType dtype) {
    const double deviation = std::sqrt(2 / static_cast<double>(inputs));
    const Tensor drawn = normal(shape, {.seed = 1, .step = parameters_.size()}, 0, deviation, f64);
    add(detach(cast(drawn, dtype)));
  }
  void bias(std::int64_t size, DType dtype) { add(zeros({size}, dtype)); }

  const Tensor& operator[](std::size_t i) const { return parameters_[i].value(); }
  std::vector<nn::NamedParameter> parameters() {
    std::vector<nn::NamedParameter> named;
    for (const nn::Parameter& p : parameters_) named.push_back({"", p});
    return named;
  }
  std::vector<Tensor> values() {
    std::vector<Tensor> all;
    for (const nn::Parameter& p : parameters_) all.push_back(p.value());
    return all;
  }

 private:
  void add(const Tensor& value) { parameters_.emplace_back(value); }

  std::vector<nn::Parameter> parameters_;
};

/// Sixty thousand images of random bytes, and class numbers.
const data::ImageSet& images() {
  static const data::ImageSet set = [] {
    data::ImageSet made;
    made.count = 60000, made.height = 28, made.width = 28;
    Random random(1);
    made.pixels.resize(static_cast<std::size_t>(made.count * made.image_size()));
    for (std::uint8_t& pixel : made.pixels) pixel = static_cast<std::uint8_t>(random());
    for (std::int64_t i = 0; i < made.count; ++i)
      made.labels.push_back(static_cast<std::uint8_t>(random.below(10)));
    return made;
  }();
  return set;
}

/// The rows of a step, drawn with replacement, as numbers in [0, 1].
struct Batch {
  Tensor x, t;
};
Batch draw_batch(std::int64_t size, std::uint64_t step, const Shape& shape, DType dtype) {
  Random random(1, streams::kSample, step);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(size));
  for (std::int64_t& row : rows) row = static_cast<std::int64_t>(random.below(60000));
  static const data::Source source = data::images(images(), {.flat = true});
  const auto [x, t] = source.take(rows);
  return {cast(reshape(x, shape), dtype), t};
}

/// Training with a loss that gets the model and the step's number.
template <class Loss>
Prepared training(std::shared_ptr<Model> model, optim::AnyRule rule, optim::Options options, Loss loss) {
  const auto optimizer =
      std::make_shared<optim::Optimizer>(model->parameters(), std::move(rule), std::move(options));
  const auto number = std::make_shared<std::uint64_t>(0);
  return {[=] {
            std::vector<Tensor> gradients = grad(loss(*model, (*number)++), model->values());
            optimizer->step(std::move(gradients));  // by now nobody holds the loss or the old values
          },
          [=] { return loss(*model, *number).item(); }};
}

template <class Loss>
Prepared training_by_sgd(std::shared_ptr<Model> model, double lr, Loss loss) {
  return training(model, optim::Sgd{}, {.lr = lr}, loss);
}

template <class Loss>
Prepared training_by_adam(std::shared_ptr<Model> model, Loss loss) {
  return training(model, optim::Adam{}, {}, loss);
}

Tensor affine(const Model& model, std::size_t at, const Tensor& x) {
  return matmul(x, model[at]) + model[at + 1];
}

void add_affine(Model& model, std::int64_t in, std::int64_t out, DType dtype) {
  model.weight({in, out}, in, dtype);
  model.bias(out, dtype);
}

void add_conv(Model& model, std::int64_t in, std::int64_t out, std::int64_t kernel, DType dtype) {
  model.weight({out, in, kernel, kernel}, in * kernel * kernel, dtype);
  model.bias(out, dtype);
}

std::shared_ptr<Model> two_layer_model(DType dtype) {
  const auto model = std::make_shared<Model>();
  add_affine(*model, 784, 50, dtype);
  add_affine(*model, 50, 10, dtype);
  return model;
}

Tensor two_layer(const Model& model, const Tensor& x) { return affine(model, 2, relu(affine(model, 0, x))); }

Prepared two_layer_net(DType dtype) {
  return training_by_sgd(two_layer_model(dtype), 0.1, [dtype](const Model& m, std::uint64_t step) {
    const Batch b = draw_batch(100, step, {100, 784}, dtype);
    return softmax_cross_entropy(two_layer(m, b.x), b.t);
  });
}

template <int kBatch>
Prepared two_layer_inference(DType dtype) {
  const auto model = two_layer_model(dtype);
  const Tensor x = draw_batch(kBatch, 0, {kBatch, 784}, dtype).x;
  const auto outputs = std::make_shared<Tensor>();
  return {[=] {
            *outputs = two_layer(*model, x);
            evaluate({outputs.get(), 1});
          },
          [=] { return sum(*outputs).item(); }};
}

Prepared two_layer_inference_plan(DType dtype) {
  const auto model = two_layer_model(dtype);
  const Tensor x = draw_batch(1, 0, {1, 784}, dtype).x;
  const auto plan = std::make_shared<Plan>(make_plan({two_layer(*model, x)}, {x}));
  const auto outputs = std::make_shared<std::vector<Tensor>>(plan->run({x}));
  return {[=] { plan->run({&x, 1}, *outputs); }, [=] { return sum(outputs->front()).item(); }};
}

Prepared sigmoid_regression(DType dtype) {
  const auto model = std::make_shared<Model>();
  model->weight({1000, 100}, 1000, dtype);
  model->weight({100, 10}, 100, dtype);
  const Tensor x = detach(cast(normal({64, 1000}, {.seed = 2}, 0, 1, f64), dtype));
  const Tensor t = detach(cast(normal({64, 10}, {.seed = 3}, 0, 1, f64), dtype));
  return training_by_sgd(model, 1e-5, [=](const Model& m, std::uint64_t) {
    return mse(matmul(sigmoid(matmul(x, m[0])), m[1]), t, Reduction::sum);
  });
}

Prepared wide_mlp(DType dtype) {
  const auto model = std::make_shared<Model>();
  add_affine(*model, 784, 1024, dtype);
  add_affine(*model, 1024, 1024, dtype);
  add_affine(*model, 1024, 10, dtype);
  return training_by_sgd(model, 0.01, [dtype](const Model& m, std::uint64_t step) {
    const Batch b = draw_batch(256, step, {256, 784}, dtype);
    return softmax_cross_entropy(affine(m, 4, relu(affine(m, 2, relu(affine(m, 0, b.x))))), b.t);
  });
}

Prepared simple_conv_net(DType dtype) {
  const auto model = std::make_shared<Model>();
  add_conv(*model, 1, 30, 5, dtype);
  add_affine(*model, 30 * 12 * 12, 100, dtype);
  add_affine(*model, 100, 10, dtype);
  return training_by_adam(model, [dtype](const Model& m, std::uint64_t step) {
    const Batch b = draw_batch(100, step, {100, 1, 28, 28}, dtype);
    const Tensor pooled = max_pool2d(relu(conv2d(b.x, m[0], m[1])), 2);
    return softmax_cross_entropy(affine(m, 4, relu(affine(m, 2, flatten(pooled, 1)))), b.t);
  });
}

Prepared deep_conv_net(DType dtype) {
  const auto model = std::make_shared<Model>();
  const std::int64_t channels[] = {1, 16, 16, 32, 32, 64, 64};
  for (int i = 0; i < 6; ++i) add_conv(*model, channels[i], channels[i + 1], 3, dtype);
  add_affine(*model, 64 * 4 * 4, 50, dtype);
  add_affine(*model, 50, 10, dtype);
  return training_by_adam(model, [dtype](const Model& m, std::uint64_t step) {
    const Batch b = draw_batch(100, step, {100, 1, 28, 28}, dtype);
    Tensor x = b.x;
    for (std::size_t i = 0; i < 6; ++i) {
      x = relu(conv2d(x, m[2 * i], m[2 * i + 1], {.padding = i == 3 ? 2 : 1}));
      if (i % 2 == 1) x = max_pool2d(x, 2);
    }
    x = dropout(relu(affine(m, 12, flatten(x, 1))), 0.5,
                {.seed = 1, .stream = streams::kDropout, .step = 2 * step});
    x = dropout(affine(m, 14, x), 0.5, {.seed = 1, .stream = streams::kDropout, .step = 2 * step + 1});
    return softmax_cross_entropy(x, b.t);
  });
}

Prepared exclusive_or(DType dtype) {
  const auto model = std::make_shared<Model>();
  add_affine(*model, 2, 3, dtype);
  add_affine(*model, 3, 1, dtype);
  const Tensor x = tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, dtype), t = tensor({0, 1, 1, 0}, {4, 1}, dtype);
  return training_by_sgd(model, 0.5, [=](const Model& m, std::uint64_t) {
    return mse(sigmoid(affine(m, 2, sigmoid(affine(m, 0, x)))), t);
  });
}

/// The same step as a plan that is made once.
Prepared exclusive_or_plan(DType dtype) {
  const auto model = std::make_shared<Model>();
  add_affine(*model, 2, 3, dtype);
  add_affine(*model, 3, 1, dtype);
  const Tensor x = tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, dtype), t = tensor({0, 1, 1, 0}, {4, 1}, dtype);
  const Tensor loss = mse(sigmoid(affine(*model, 2, sigmoid(affine(*model, 0, x)))), t);
  const std::vector<Tensor> values = model->values(), gradients = grad(loss, values);
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < values.size(); ++i) outputs.push_back(values[i] - 0.5 * gradients[i]);
  outputs.push_back(loss);
  const auto plan = std::make_shared<Plan>(make_plan(outputs, values));
  const auto state = std::make_shared<std::vector<Tensor>>(values);
  state->push_back(loss);
  const std::size_t n = values.size();
  return {[=] { plan->run(std::span(*state).first(n), *state); }, [=] { return state->back().item(); }};
}

Prepared scalar_gradient(DType dtype) {
  const auto answer = std::make_shared<double>();
  return {[=] {
            const Tensor w = scalar(3, dtype), b = scalar(4, dtype);
            const Tensor z = (w * 2 + b) * (b + 1);
            const std::vector<Tensor> g = grad(z, {w, b});
            *answer = z.item() + 100 * g[0].item() + 10000 * g[1].item();
          },
          [=] { return *answer; }};
}

/// Multiply-adds of a convolution's output, over its inputs.
constexpr double conv_macs(double places, double in, double out, double kernel) {
  return places * in * out * kernel * kernel;
}

// A trained layer multiplies three times: forward, for its weights, and for its input, which the first layer
// does not need.
constexpr double kTwoLayer = 784.0 * 50 * 2 + 50 * 10 * 3;
constexpr double kWide = 784.0 * 1024 * 2 + 1024.0 * 1024 * 3 + 1024 * 10 * 3;
constexpr double kSimpleConv = conv_macs(24 * 24, 1, 30, 5) * 2 + 4320.0 * 100 * 3 + 100 * 10 * 3;
constexpr double kDeepConv =
    conv_macs(28 * 28, 1, 16, 3) * 2 +
    (conv_macs(28 * 28, 16, 16, 3) + conv_macs(14 * 14, 16, 32, 3) + conv_macs(16 * 16, 32, 32, 3) +
     conv_macs(8 * 8, 32, 64, 3) + conv_macs(8 * 8, 64, 64, 3) + 1024.0 * 50 + 50 * 10) *
        3;

constexpr Workload kWorkloads[] = {
    {"two-layer-net", "784-50-10, ReLU, batch 100 gathered from 60,000 images, SGD", 2 * 100 * kTwoLayer,
     two_layer_net},
    {"sigmoid-regression", "1000-100-10, sigmoid, sum of squares, batch 64, SGD",
     2.0 * 64 * (1000 * 100 * 2 + 100 * 10 * 3), sigmoid_regression},
    {"simple-conv-net", "conv 30 of 5x5, pool, 100, 10, batch 100, Adam", 2 * 100 * kSimpleConv,
     simple_conv_net},
    {"deep-conv-net", "six convs of 3x3, three pools, 50, 10, dropout, batch 100, Adam", 2 * 100 * kDeepConv,
     deep_conv_net},
    {"wide-mlp", "784-1024-1024-10, ReLU, batch 256, SGD", 2 * 256 * kWide, wide_mlp},
    {"xor", "2-3-1, sigmoid, batch 4, SGD", 2.0 * 4 * (6 * 2 + 3 * 3), exclusive_or},
    {"xor-plan", "the same as a plan that is made once and run again", 2.0 * 4 * (6 * 2 + 3 * 3),
     exclusive_or_plan},
    {"scalar", "z = (w 2 + b) (b + 1), forward and gradient", 0, scalar_gradient},
    {"inference-1", "two-layer-net forward, batch 1", 2.0 * (784 * 50 + 500), two_layer_inference<1>},
    {"inference-1-plan", "the same as a plan that is made once and run again", 2.0 * (784 * 50 + 500),
     two_layer_inference_plan},
    {"inference-256", "two-layer-net forward, batch 256", 2.0 * 256 * (784 * 50 + 500),
     two_layer_inference<256>},
};

}  // namespace

std::span<const Workload> workloads() { return kWorkloads; }

}  // namespace chainrule::cli
