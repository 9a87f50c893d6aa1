// Exponentials, logarithms, roots, and the functions that saturate like them.
#include <cmath>
#include <numbers>

#include "ops/elementwise.h"

namespace chainrule {
namespace {

struct Exp {
  static constexpr OpInfo kInfo{
      .name = "exp", .elementwise = true, .doc = "e to the power x.", .ulp = {0.99, 0.99}};
  bool operator==(const Exp&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * v.output}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::exp(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::exp); }
};

// A row, as exp(x) - 1 rounds a small x away.
struct Expm1 {
  static constexpr OpInfo kInfo{.name = "expm1",
                                .elementwise = true,
                                .doc = "e to the power x, minus one, exact near zero.",
                                .ulp = {1.6, 2}};
  bool operator==(const Expm1&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * exp(v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::expm1(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::expm1); }
};

struct Log {
  static constexpr OpInfo kInfo{.name = "log",
                                .elementwise = true,
                                .doc = "Natural logarithm.",
                                .domain = {0.1, 4.0},
                                .ulp = {0.85, 0.9}};
  bool operator==(const Log&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent / v.inputs[0]}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::log(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::log); }
};

// A row, as log(1 + x) rounds a small x away.
struct Log1p {
  static constexpr OpInfo kInfo{.name = "log1p",
                                .elementwise = true,
                                .doc = "Natural logarithm of one plus x, exact near zero.",
                                .domain = {-0.9, 4.0},
                                .ulp = {0.85, 0.95}};
  bool operator==(const Log1p&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent / (1.0 + v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::log1p(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::log1p); }
};

struct Sqrt {
  static constexpr OpInfo kInfo{
      .name = "sqrt", .elementwise = true, .doc = "Square root.", .domain = {0.1, 4.0}, .ulp = kRounded};
  bool operator==(const Sqrt&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent / (2.0 * v.output)}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::sqrt(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::sqrt); }
};

struct Tanh {
  static constexpr OpInfo kInfo{
      .name = "tanh", .elementwise = true, .doc = "Hyperbolic tangent.", .ulp = {2.6, 2.7}};
  bool operator==(const Tanh&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * (1.0 - v.output * v.output)}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::tanh(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::tanh); }
};

// A row, as nets of a few numbers spend most of their time on making operations: these are three in one. Its
// error has no bound for numbers of any size, so that it does not count as an elementwise function.
struct SigmoidGrad {
  static constexpr OpInfo kInfo{.name = "sigmoid_grad",
                                .arity = 2,
                                .doc = "c y (1 - y): the gradient of c's dot product with y = sigmoid(x)."};
  bool operator==(const SigmoidGrad&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    const Tensor& y = v.inputs[1];
    return {v.needs(0) ? v.cotangent * y * (1.0 - y) : Tensor(),
            v.needs(1) ? v.cotangent * v.inputs[0] * (1.0 - 2.0 * y) : Tensor()};
  }
  void run(const Kernel& k) const {
    run_floating_binary(k, [](auto c, auto y) { return c * y * (1 - y); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::sigmoid_grad); }
  static std::vector<Sample> samples() {
    return {sample(SigmoidGrad{}, {{{3, 5}}, {{3, 5}}}), sample(SigmoidGrad{}, {{{4, 1}}, {{5}}}),
            sample(SigmoidGrad{}, {{{}}, {{33}}}), sample(SigmoidGrad{}, {{{0}}, {{0}}}),
            sample(SigmoidGrad{}, {{{3}}, {{4}}}, 11)};
  }
};

struct Sigmoid {
  static constexpr OpInfo kInfo{.name = "sigmoid",
                                .elementwise = true,
                                .doc = "1 / (1 + exp(-x)), exact at both ends.",
                                .ulp = {2.3, 2.5}};
  bool operator==(const Sigmoid&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    return {apply(SigmoidGrad{}, {v.cotangent, v.output}, Location::current())};
  }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) {
      const auto e = std::exp(-std::abs(x));  // never above 1, so that nothing overflows
      return (x >= 0 ? decltype(x)(1) : e) / (1 + e);
    });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::sigmoid); }
};

struct Erf {
  static constexpr OpInfo kInfo{
      .name = "erf",
      .elementwise = true,
      .doc = "Error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.",
      .ulp = {1.3, 1.3}};
  bool operator==(const Erf&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    return {v.cotangent * (2 * std::numbers::inv_sqrtpi) * exp(-(x * x))};
  }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::erf(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::erf); }
};

}  // namespace

CHAINRULE_OP_ROW(Exp)
CHAINRULE_OP_ROW(Expm1)
CHAINRULE_OP_ROW(Log)
CHAINRULE_OP_ROW(Log1p)
CHAINRULE_OP_ROW(Sqrt)
CHAINRULE_OP_ROW(Tanh)
CHAINRULE_OP_ROW(Sigmoid)
CHAINRULE_OP_ROW(SigmoidGrad)
CHAINRULE_OP_ROW(Erf)

Tensor exp(const Tensor& x, Location where) { return apply_floating<Exp>(x, where); }
Tensor expm1(const Tensor& x, Location where) { return apply_floating<Expm1>(x, where); }
Tensor log(const Tensor& x, Location where) { return apply_floating<Log>(x, where); }
Tensor log1p(const Tensor& x, Location where) { return apply_floating<Log1p>(x, where); }
Tensor sqrt(const Tensor& x, Location where) { return apply_floating<Sqrt>(x, where); }
Tensor tanh(const Tensor& x, Location where) { return apply_floating<Tanh>(x, where); }
Tensor sigmoid(const Tensor& x, Location where) { return apply_floating<Sigmoid>(x, where); }
Tensor erf(const Tensor& x, Location where) { return apply_floating<Erf>(x, where); }

}  // namespace chainrule
