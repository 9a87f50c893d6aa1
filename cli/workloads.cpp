#include "workloads.h"

#include <vector>

#include "training_workload.h"

namespace chainrule::cli {
namespace {

/// Sixty thousand images of random bytes, and class numbers, drawn with replacement.
data::Loader image_loader(std::int64_t batch_size) {
  static const data::Source source = [] {
    data::ImageSet made;
    made.count = 60000, made.height = 28, made.width = 28;
    Random random(1);
    made.pixels.resize(static_cast<std::size_t>(made.count * made.image_size()));
    for (std::uint8_t& pixel : made.pixels) pixel = static_cast<std::uint8_t>(random());
    for (std::int64_t i = 0; i < made.count; ++i)
      made.labels.push_back(static_cast<std::uint8_t>(random.below(10)));
    return data::Source(made);
  }();
  return {source, {.batch_size = batch_size, .seed = 1, .order = data::Batches::Order::with_replacement}};
}

/// On batches of images, as classes.
template <class Net>
Prepared image_training(Net net, optim::AnyRule rule, double lr, std::int64_t batch_size, DType dtype) {
  const auto loader = std::make_shared<data::Loader>(image_loader(batch_size));
  return training(std::move(net), std::move(rule), {.lr = lr},
                  [=](const Net& inside, std::int64_t step, nn::Pass& pass) {
                    const auto [x, t] = loader->at(step);
                    return softmax_cross_entropy(inside.forward(cast(x, dtype), pass), t);
                  });
}

nn::Sequential two_layers() { return nn::Sequential(nn::Affine(50), nn::Relu(), nn::Affine(10)); }

Prepared two_layer_net(DType dtype) { return image_training(two_layers(), optim::Sgd{}, 0.1, 100, dtype); }

template <int kBatch>
Prepared two_layer_inference(DType dtype) {
  const auto net = std::make_shared<nn::Sequential>(two_layers());
  const Tensor x = detach(cast(image_loader(kBatch).at(0)[0], dtype));
  const auto outputs = std::make_shared<Tensor>();
  return {[=] {
            *outputs = net->predict(x);
            evaluate({outputs.get(), 1});
          },
          [=] { return sum(*outputs).item(); }};
}

Prepared two_layer_inference_plan(DType dtype) {
  const auto net = two_layers();
  const Tensor x = detach(cast(image_loader(1).at(0)[0], dtype));
  const auto plan = std::make_shared<Plan>(make_plan({net.predict(x)}, {x}));
  const auto outputs = std::make_shared<std::vector<Tensor>>(plan->run({x}));
  return {[=] { plan->run({&x, 1}, *outputs); }, [=] { return sum(outputs->front()).item(); }};
}

Prepared sigmoid_regression(DType dtype) {
  const Tensor x = detach(cast(normal({64, 1000}, {.seed = 2}, 0, 1, f64), dtype));
  const Tensor t = detach(cast(normal({64, 10}, {.seed = 3}, 0, 1, f64), dtype));
  const nn::AffineOptions no_bias{.bias = false};
  return training(nn::Sequential(nn::Affine(100, no_bias), nn::Sigmoid(), nn::Affine(10, no_bias)),
                  optim::Sgd{}, {.lr = 1e-5}, [=](const nn::Sequential& net, std::int64_t, nn::Pass& pass) {
                    return mse(net.forward(x, pass), t, Reduction::sum);
                  });
}

Prepared wide_mlp(DType dtype) {
  return image_training(
      nn::Sequential(nn::Affine(1024), nn::Relu(), nn::Affine(1024), nn::Relu(), nn::Affine(10)),
      optim::Sgd{}, 0.01, 256, dtype);
}

Prepared simple_conv_net(DType dtype) {
  return image_training(nn::Sequential(nn::Conv2d(30, 5), nn::Relu(), nn::MaxPool2d(2), nn::Affine(100),
                                       nn::Relu(), nn::Affine(10)),
                        optim::Adam{}, 0.001, 100, dtype);
}

Prepared deep_conv_net(DType dtype) {
  nn::Sequential net;
  for (const std::int64_t filters : {16, 16, 32, 32, 64, 64}) {
    net.add(nn::Conv2d(filters, 3, {.padding = net.size() == 7 ? 2 : 1}));
    net.add(nn::Relu());
    if (net.size() % 5 == 4) net.add(nn::MaxPool2d(2));
  }
  net.add(nn::Affine(50));
  net.add(nn::Relu());
  net.add(nn::Dropout(0.5));
  net.add(nn::Affine(10));
  net.add(nn::Dropout(0.5));
  return image_training(std::move(net), optim::Adam{}, 0.001, 100, dtype);
}

Prepared lenet_bn(DType dtype) {
  return image_training(
      nn::Sequential(nn::Conv2d(8, 5), nn::Relu(), nn::MaxPool2d(2), nn::Conv2d(16, 5), nn::Relu(),
                     nn::MaxPool2d(2), nn::Affine(32), nn::BatchNorm(), nn::Relu(), nn::Affine(10)),
      optim::Momentum{}, 0.01, 128, dtype);
}

Prepared mlp_dropout_adam(DType dtype) {
  return image_training(nn::Sequential(nn::Affine(512), nn::Relu(), nn::Dropout(0.5), nn::Affine(512),
                                       nn::Relu(), nn::Dropout(0.5), nn::Affine(10)),
                        optim::Adam{}, 0.001, 128, dtype);
}

nn::Sequential exclusive_or_net() {
  return nn::Sequential(nn::Affine(3), nn::Sigmoid(), nn::Affine(1), nn::Sigmoid());
}

Prepared exclusive_or(DType dtype) {
  const Tensor x = tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, dtype), t = tensor({0, 1, 1, 0}, {4, 1}, dtype);
  return training(
      exclusive_or_net(), optim::Sgd{}, {.lr = 0.5},
      [=](const nn::Sequential& net, std::int64_t, nn::Pass& pass) { return mse(net.forward(x, pass), t); });
}

/// The same step as a plan that is made once.
Prepared exclusive_or_plan(DType dtype) {
  const nn::Sequential net = exclusive_or_net();
  const Tensor x = tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, dtype), t = tensor({0, 1, 1, 0}, {4, 1}, dtype);
  const Tensor loss = mse(net.predict(x), t);
  const std::vector<Tensor> values = nn::values(net.parameters()), gradients = grad(loss, values);
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
constexpr double kLenet =
    conv_macs(24 * 24, 1, 8, 5) * 2 + conv_macs(8 * 8, 8, 16, 5) * 3 + (256.0 * 32 + 32 * 10) * 3;
constexpr double kMlpDropout = 784.0 * 512 * 2 + 512.0 * 512 * 3 + 512 * 10 * 3;

constexpr Workload kWorkloads[] = {
    {"two-layer-net", "784-50-10, ReLU, batch 100 gathered from 60,000 rows, SGD", 2 * 100 * kTwoLayer,
     two_layer_net},
    {"sigmoid-regression", "1000-100-10, sigmoid, sum of squares, batch 64, SGD",
     2.0 * 64 * (1000 * 100 * 2 + 100 * 10 * 3), sigmoid_regression},
    {"simple-conv-net", "conv 30 of 5x5, pool, 100, 10, batch 100, Adam", 2 * 100 * kSimpleConv,
     simple_conv_net},
    {"deep-conv-net", "6 convs of 3x3, 3 pools, 50, 10, dropout, batch 100, Adam", 2 * 100 * kDeepConv,
     deep_conv_net},
    {"lenet-bn", "convs of 5x5 to 8 and 16, pools, 32, batch norm, batch 128", 2 * 128 * kLenet, lenet_bn},
    {"mlp-dropout-adam", "784-512-512-10, ReLU, dropout, batch 128, Adam", 2 * 128 * kMlpDropout,
     mlp_dropout_adam},
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

std::span<const Workload> workloads() {
  static const std::vector<Workload> all = [] {
    std::vector<Workload> joined(std::begin(kWorkloads), std::end(kWorkloads));
    joined.insert(joined.end(), text_workloads().begin(), text_workloads().end());
    return joined;
  }();
  return all;
}

}  // namespace chainrule::cli
