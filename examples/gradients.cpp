// Gradients of gradients, a gradient check, and an operation of one's own. Prints what gradients.txt holds.
#include <chainrule/chainrule.h>
#include <chainrule/op.h>

#include <cmath>
#include <iostream>

using namespace chainrule;

// Rosenbrock's valley: 100 (y - x^2)^2 + (x - 1)^2.
Tensor valley(const Tensor& p) {
  const Tensor x = select(p, 0), y = select(p, 1);
  return 100 * square(y - square(x)) + square(x - 1);
}

// The hypotenuse sqrt(a^2 + b^2), which a plain formula computes as infinity for a = b = 1e200.
struct Hypot {
  static constexpr OpInfo kInfo{.name = "hypot", .arity = 2, .doc = "sqrt(a^2 + b^2) without overflow."};
  bool operator==(const Hypot&) const = default;
  Meta infer(std::span<const Meta> in) const {
    if (in[0].shape != in[1].shape || in[0].dtype != in[1].dtype || !is_floating(in[0].dtype)) {
      throw op_error<ShapeError>(900, "need two f32 or f64 tensors of one shape.");
    }
    return in[0];
  }
  Gradients vjp(const Vjp& v) const {  // graph, so that it has derivatives again
    return {v.cotangent * v.inputs[0] / v.output, v.cotangent * v.inputs[1] / v.output};
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T *a = k.inputs[0].as<T>(), *b = k.inputs[1].as<T>();
      for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = std::hypot(a[i], b[i]);
    });
  }
  static std::vector<Sample> samples() {  // where check_op tries it, good and bad
    const SampleInput positive{{7}, f64, {0.5, 3}};
    return {sample(Hypot{}, {positive, positive}), sample(Hypot{}, {{{2, 3}, f64, {1, 2}}, {{2, 3}}}),
            sample(Hypot{}, {{{2}}, {{3}}}, 900)};
  }
};

Tensor hypot(const Tensor& a, const Tensor& b, Location where = Location::current()) {
  return apply(Hypot{}, {a, b}, where);
}

int main() {
  const Tensor p = tensor({0, 2}, f64);
  const auto [value, gradient] = value_and_grad(valley, p);
  std::cout << "valley " << value << ", gradient " << gradient << "\n";
  std::cout << "hessian " << hessian(valley(p), p) << "\n";
  std::cout << "hessian times (1, 1) " << hvp(valley(p), p, ones({2}, f64)) << "\n";

  // Newton's method: a second derivative is a gradient of a gradient.
  Tensor x = scalar(2, f64);
  for (int step = 0; step < 6; ++step) {
    const Tensor slope = grad(pow(x, 4) - 2 * square(x), x);
    x = detach(x - slope / grad(slope, x));
  }
  std::cout << "minimum of x^4 - 2 x^2 at " << x << "\n";

  // The Jacobian of softmax, and the same times a vector without it.
  const Tensor z = tensor({1, 2, 3}, f64);
  std::cout << "jacobian " << jacobian(softmax(z), z) << "\n";
  std::cout << "jacobian times (1, 0, 0) " << jvp(softmax(z), z, tensor({1, 0, 0}, f64)) << "\n";

  // Is a gradient right? The function's own, and one worked out by hand with a mistake.
  const auto loss = [](const Tensor& w) { return sum(square(sigmoid(w))); };
  const Tensor w = tensor({0.5, -1, 2}, f64), s = sigmoid(w);
  std::cout << "gradient right: " << grad_check(loss, w, {.order = 2}).ok() << "\n";
  std::cout << "without the sigmoid's slope: " << grad_check(loss, w, 2 * s).ok() << "\n";

  std::cout << "own operation right: " << check_op<Hypot>().ok() << "\n";
  const Tensor a = tensor({3e200}, f64), b = tensor({4e200}, f64);
  std::cout << "hypot " << hypot(a, b) << ", slopes " << grad(sum(hypot(a, b)), a) << " "
            << grad(sum(hypot(a, b)), b) << "\n";
}
