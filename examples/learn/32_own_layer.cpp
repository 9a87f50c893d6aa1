// A layer of one's own: a setting, a parameter, a layer inside; in a net, a file, a text; its gradients
// checked.
#include <chainrule/chainrule.h>
#include <chainrule/config.h>
#include <chainrule/explain/check.h>

#include <cstdio>

#include "folder.h"

using namespace chainrule;

/// A part of what a layer makes of x, and the rest of x itself; how much is trained, unit by unit.
struct Blend : nn::LayerOf<Blend> {
  static constexpr Info kInfo{.name = "blend", .doc = "s relu(x W + b) + (1 - s) x, with s = sigmoid(gate)."};
  double start = -1;
  nn::Parameter gate;
  nn::Affine body;

  Blend() = default;
  explicit Blend(double first_gate) : start(first_gate) {}

  void fields(Fields& f) { f("start", start, "first value of the gates: below 0, most of x goes through"); }
  void members(nn::Members& m) {
    m("gate", gate);
    m("body", body);
  }
  void init(nn::Init& init) {
    const std::int64_t size = init.size(1);  // of x, (N, size)
    init("gate", gate, {size}, start);
    body.outputs = size;
  }
  Tensor compute(const Tensor& x, nn::Pass& pass) const {
    const Tensor share = sigmoid(gate.value());
    return share * relu(body(x, pass)) + (1 - share) * x;
  }
};

int main() {
  registry<nn::Layer>().add<Blend>();
  const Tensor x = reshape(arange(40, f64) / 10 - 2, {40, 1}), t = sin(3 * x);

  nn::Sequential net{nn::Affine{16}, Blend{}, Blend{0}, nn::Affine{1}};
  net.build(x, {.seed = 1});
  std::printf("%s\n", net.summary(x).c_str());

  const auto loss_of = [&](nn::Pass& pass) { return mse(net.forward(x, pass), t); };
  const explain::NetCheck check = explain::check_net(net, loss_of);
  std::printf("gradients of %zu parameters compared: %s\n\n", check.parameters.size(),
              check.differs() ? check.culprit.c_str() : "all right");

  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  for (int step = 0; step <= 1000; ++step) {
    const double loss = optimizer.step(mse(net.forward(x), t));
    if (step % 500 == 0) std::printf("step %4d: loss %.6f\n", step, loss);
  }

  const learn::Folder folder;
  save(folder / "net.safetensors", net);
  const Model again = load_model(folder / "net.safetensors");
  std::printf("\nfrom the file: %s\n", again.net->describe().c_str());
  std::printf("largest difference of what it says: %g\n", max(abs(again.predict(x) - net.predict(x))).item());

  const auto from_text = config::make<nn::Layer>("sequential([affine(8), blend(start=-2), affine(1)])");
  from_text->build(x);
  std::printf("\nfrom a text: %s\n", from_text->describe().c_str());
  std::printf("its gates begin at %g\n", from_text->parameter("blend1.gate").value().to_vector()[0]);
  try {
    config::make<nn::Layer>("sequential([affine(8), blend(begin=-2)])");
  } catch (const ValueError& error) {
    std::printf("%s\n", error.what());
  }
}
