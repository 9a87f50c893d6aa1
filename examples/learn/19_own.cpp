// One's own operation, layer and optimizer: a struct each, and everything that knows the others knows them.
#include <chainrule/config.h>
#include <chainrule/grad_check.h>
#include <chainrule/loss.h>
#include <chainrule/nn.h>
#include <chainrule/op.h>
#include <chainrule/ops.h>
#include <chainrule/optim.h>
#include <chainrule/plot/functions.h>

#include <cmath>
#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// x / sqrt(1 + x^2), a smooth step from -1 to 1. Its derivative is 1 / (1 + x^2)^(3/2), the cube of what
/// divides.
struct Soft {
  static constexpr OpInfo kInfo{.name = "soft", .doc = "x / sqrt(1 + x^2)."};
  bool operator==(const Soft&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * pow(rsqrt(1 + square(v.inputs[0])), 3)}; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      for (std::int64_t i = 0; i < k.output.numel(); ++i)
        k.output.as<T>()[i] = x[i] / std::sqrt(1 + x[i] * x[i]);
    });
  }
  static std::vector<Sample> samples() { return {sample(Soft{}, {{{3, 4}, f64, {-3, 3}}})}; }
};

Tensor soft(const Tensor& x, Location where = Location::current()) { return apply(Soft{}, {x}, where); }

/// The operation as an activation, with a trained number that says how steep it is.
struct SoftStep : nn::LayerOf<SoftStep> {
  static constexpr Info kInfo{.name = "soft_step", .doc = "soft(x factor), with a trained factor."};
  double start = 1;
  nn::Parameter factor;

  void fields(Fields& f) { f("start", start, "first value of the factor"); }
  void members(nn::Members& m) { m("factor", factor); }
  void init(nn::Init& init) { init("factor", factor, {}, start); }
  Tensor compute(const Tensor& x, nn::Pass&) const { return soft(x * factor.value()); }
};

/// Steps of one size, by the sign of the gradient; the size falls with the root of the step.
struct SignDescent {
  static constexpr Info kInfo{.name = "sign_descent", .doc = "value -= lr / sqrt(step + 1) sign(gradient)."};
  optim::Numbers numbers(std::int64_t step, double lr) const {
    return {lr / std::sqrt(static_cast<double>(step) + 1)};
  }
  Tensor update(const Tensor& value, const Tensor& gradient, std::span<Tensor>,
                std::span<const Tensor> n) const {
    return value - n[0] * sign(gradient);
  }
};

int main(int argc, char** argv) {
  std::printf("the operation's derivatives agree with differences: %s\n",
              check_op<Soft>().ok() ? "yes" : "no");
  const Tensor at = scalar(2, f64), slope = grad(soft(at), at);
  std::printf("soft(2) = %.9f, slope %.9f, second %.9f\n", soft(at).item(), slope.item(),
              grad(slope, at).item());

  registry<nn::Layer>().add<SoftStep>();
  const auto net =
      config::make<nn::Layer>(config::parse_text("sequential([affine(16), soft_step(2), affine(1)])"));
  const Tensor x = reshape(arange(50, f64) / 49 * 4 - 2, {50, 1}), t = sin(2 * x);
  net->build(x, {.seed = 1});
  std::printf("\n%s\n", net->describe().c_str());

  optim::Optimizer optimizer(*net, SignDescent{}, {.lr = 0.05});
  for (int step = 0; step <= 4000; ++step) {
    const double loss = optimizer.step(mse(net->forward(x), t));
    if (step % 1000 == 0) std::printf("step %4d: loss %.6f\n", step, loss);
  }

  plot::Figure shape{.title = "soft and its slope", .x = {.label = "x"}};
  const auto slopes = [](const Tensor& places) { return grad(sum(soft(places)), places); };
  shape.series = {plot::curve([](const Tensor& places) { return soft(places); }, -4, 4, "soft"),
                  plot::curve(slopes, -4, 4, "slope")};
  plot::Figure fit{.title = "what the net has learnt", .x = {.label = "x"}};
  const auto said = [&](const Tensor& places) { return net->predict(reshape(places, {-1, 1})); };
  fit.series = {{.name = "rows", .x = x.to_vector(), .y = t.to_vector(), .style = plot::Series::Style::dots},
                plot::curve(said, -2, 2, "net")};
  learn::Pictures(argc, argv).save("own", std::vector{shape, fit});
}
