// One net as layers, one object, expressions, a TOML and an ONNX file: all learn the same, to the bit.
#include <chainrule/chainrule.h>
#include <chainrule/config.h>
#include <chainrule/io.h>
#include <chainrule/onnx.h>
#include <chainrule/plot/plot.h>

#include <cstdio>
#include <set>

#include "folder.h"
#include "learn.h"

using namespace chainrule;

constexpr int kSteps = 300;
constexpr double kLr = 0.5;
using Weights = std::vector<Tensor>;  // of two layers, in their order

/// Prints them, and gives a checksum of their bits.
std::string checksum(const char* what, const Weights& weights) {
  io::Fnv1a sum;
  for (const Tensor& weight : weights) sum.add(weight);
  std::printf("%-12s first weight %.9f, checksum of all %s\n", what, weights[0].to_vector()[0],
              sum.hex().c_str());
  return sum.hex();
}

/// Layers called one by one, forward and backward, as the books do; parameters changed by hand.
Weights by_layers(const Tensor& x, const Tensor& t, const Weights& start) {
  nn::Affine first(start[0], start[1]), second(start[2], start[3]);
  nn::Tanh bend;
  nn::SoftmaxWithLoss last;
  for (int step = 0; step < kSteps; ++step) {
    last.forward(second.forward(bend.forward(first.forward(x))), t);
    first.backward(bend.backward(second.backward(last.backward()[0])));
    for (nn::Parameter* p : {&first.weight, &first.bias, &second.weight, &second.bias}) {
      p->set_value(p->value() - kLr * p->grad());
    }
  }
  return {first.weight, first.bias, second.weight, second.bias};
}

/// A net, and an optimizer that takes the gradients itself.
Weights by_net(nn::Layer& net, const Tensor& x, const Tensor& t) {
  optim::Optimizer sgd(net, optim::Sgd{}, {.lr = kLr});
  for (int step = 0; step < kSteps; ++step) sgd.step(softmax_cross_entropy(net.forward(x), t));
  return nn::values(net.parameters());
}

/// No layers at all: a formula, and its gradients.
Weights by_expressions(const Tensor& x, const Tensor& t, Weights w) {
  for (int step = 0; step < kSteps; ++step) {
    const Tensor logits = matmul(tanh(matmul(x, w[0]) + w[1]), w[2]) + w[3];
    const std::vector<Tensor> slopes = grad(softmax_cross_entropy(logits, t), w);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = detach(w[i] - kLr * slopes[i]);
  }
  return w;
}

constexpr const char* kToml = R"toml(type = "sequential"
layers = ["affine(8)", "tanh", "affine(2)"]
)toml";

int main(int argc, char** argv) {
  const Tensor x = uniform({200, 2}, {1}, -1, 1);
  const Tensor t = cast(sum(square(x), {1}) < 0.5, i64);  // inside of a circle, or outside
  nn::Sequential net{nn::Affine(8), nn::Tanh(), nn::Affine(2)};
  net.build(x, {.seed = 1});
  const Weights start = nn::values(net.parameters());
  checksum("start", start);

  const learn::Folder folder;
  io::replace_file(folder / "net.toml", kToml);
  const config::Value file = config::parse_toml(io::read_file(folder / "net.toml"), "net.toml");
  const auto from_toml = config::make<nn::Layer>(file);
  from_toml->build(x, {.seed = 1});
  std::set<std::string> ends = {checksum("toml file", by_net(*from_toml, x, t))};

#ifdef CHAINRULE_HAS_ONNX

  save_onnx(folder / "net.onnx", net, x);
  nn::OnnxNet from_onnx = load_onnx(folder / "net.onnx");
  ends.insert(checksum("onnx file", by_net(from_onnx, x, t)));

#else
  std::printf("(left out: no onnx file, this build is without chainrule::onnx)\n");
#endif

  ends.merge(std::set{checksum("layers", by_layers(x, t, start)), checksum("net", by_net(net, x, t)),
                      checksum("expressions", by_expressions(x, t, start))});
  std::printf("different results: %zu\n", ends.size());

  std::printf("\n%s\naccuracy %.3f\n", net.describe().c_str(),
              mean(cast(equal(argmax(net.predict(x), 1), t), f64)).item());
  const plot::Subject subject{.model = {net.clone(), {}}, .rows = data::arrays(x, t, {"outside", "inside"})};
  plot::Figure map = plot::Decision().draw(subject).figures[0];
  map.height = 300;
  learn::Pictures(argc, argv).save("circle", map);
}
