// What to do when it does not work: a number that is not finite, shapes, a wrong gradient, a net that does
// not learn.
#include <chainrule/chainrule.h>
#include <chainrule/explain/net.h>
#include <chainrule/grad_check.h>
#include <chainrule/op.h>

#include <cstdio>

#include "said.h"

using namespace chainrule;

data::Source rows(double smallest) {
  const Tensor x = reshape(arange(40) / 10 + smallest, {40, 1});
  return data::arrays(x, sqrt(x + 0.1));
}

void logarithm_of_zero() {
  nn::Sequential net{nn::Affine{8}, nn::Relu{}, nn::Affine{1}};
  const auto of_logarithms = [](const nn::Layer& layers, const data::Batch& batch, nn::Pass& pass) {
    return mse(layers.forward(log(batch["x"]), pass), batch["t"]);
  };
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  train::Trainer trainer({net, of_logarithms}, optimizer, {rows(0), {.batch_size = 8, .seed = 1}});
  trainer.run(epochs(10));
}

void large_steps() {
  nn::Sequential net{nn::Affine{8}, nn::Affine{1}};
  train::fit(net, loss::mse, rows(100), {.optimizer = "sgd", .lr = 1});
}

void look_for_it() { check_finite(log(tensor({1, 0, 2}))).to_vector(); }

void shape_of_a_layer() {
  nn::Sequential net{nn::Conv2d{8, 3}, nn::Relu{}, nn::Affine{10}};
  net.predict(zeros({40, 28, 28}));
}

void shape_of_a_target() { mse(zeros({40, 1}), zeros({40})); }

/// x^2 with a derivative of x, not 2 x.
struct Square {
  static constexpr OpInfo kInfo{.name = "my_square", .elementwise = true, .doc = "x^2."};
  bool operator==(const Square&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * v.inputs[0]}; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = x[i] * x[i];
    });
  }
};

void wrong_gradient() {
  const auto f = [](const Tensor& x) { return sum(tanh(apply(Square{}, {x}, Location::current()) * 3)); };
  const GradCheckReport report = grad_check(f, tensor({0.1, 0.2, 0.3}));
  std::printf("relative error %.2f\n%s\n\n", report.relative_error, learn::said(report.message).c_str());
}

void does_not_learn() {
  const Tensor x = normal({200, 8}, {.seed = 1}), t = sum(x, 1, true);
  nn::Sequential net{nn::Affine{16}, nn::Relu{}, nn::Affine{16}, nn::Relu{}, nn::Affine{1}};
  net.build(x);
  net.parameter("affine2.bias").set_value(full({16}, -20));  // an accident
  const auto loss = [&](nn::Pass& pass) { return mse(net.forward(x, pass), t); };
  const explain::NetTrace trace = explain::explain_net(net, loss);
  for (const explain::LayerTrace& layer : trace.layers) {
    std::printf("%-7s  output %6.1f, gradient %.3f", layer.path.c_str(), layer.output_summary.norm,
                layer.gradient_summary.norm);
    if (layer.is_activation) {
      std::printf(", dead units %d of %d", static_cast<int>(layer.dead), static_cast<int>(layer.units));
    }
    std::printf("\n");
  }
}

int main() {
  for (const auto mistake :
       {logarithm_of_zero, large_steps, look_for_it, shape_of_a_layer, shape_of_a_target}) {
    try {
      mistake();
    } catch (const Error& error) {
      std::printf("%s\n\n", learn::said(error.what()).c_str());
    }
  }
  wrong_gradient();
  does_not_learn();
}
