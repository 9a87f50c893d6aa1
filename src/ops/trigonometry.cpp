// Trigonometric and hyperbolic functions; composed_math.cpp has those made of these.
#include <cmath>

#include "ops/elementwise.h"

namespace chainrule {
namespace {

struct Sin {
  static constexpr OpInfo kInfo{
      .name = "sin", .elementwise = true, .doc = "Sine of an angle in radians.", .ulp = {0.85, 0.9}};
  bool operator==(const Sin&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * cos(v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::sin(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::sin); }
};

struct Cos {
  static constexpr OpInfo kInfo{
      .name = "cos", .elementwise = true, .doc = "Cosine of an angle in radians.", .ulp = {0.85, 0.95}};
  bool operator==(const Cos&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {-v.cotangent * sin(v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::cos(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::cos); }
};

// A row, as any formula by logarithms that is exact near zero has to split at zero, and overflows too early.
struct Asinh {
  static constexpr OpInfo kInfo{
      .name = "asinh", .elementwise = true, .doc = "Inverse of the hyperbolic sine.", .ulp = {1.7, 1.8}};
  bool operator==(const Asinh&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    // Beyond 1e9 the root is |x| to the last bit, and x^2 may overflow.
    return {v.cotangent / where(abs(x) < 1e9, sqrt(1.0 + x * x), abs(x))};
  }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::asinh(x); });
  }
};

// Rows, as formulas by expm1 and log1p have derivatives that cancel near zero, and are NaN where they
// overflow.
struct Sinh {
  static constexpr OpInfo kInfo{
      .name = "sinh", .elementwise = true, .doc = "Hyperbolic sine.", .ulp = {1.9, 1.9}};
  bool operator==(const Sinh&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * cosh(v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::sinh(x); });
  }
};

struct Cosh {
  static constexpr OpInfo kInfo{
      .name = "cosh", .elementwise = true, .doc = "Hyperbolic cosine.", .ulp = {1.9, 1.8}};
  bool operator==(const Cosh&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * sinh(v.inputs[0])}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::cosh(x); });
  }
};

struct Atanh {
  static constexpr OpInfo kInfo{.name = "atanh",
                                .elementwise = true,
                                .doc = "Inverse of the hyperbolic tangent.",
                                .domain = {-0.9, 0.9},
                                .ulp = {1.8, 1.8}};
  bool operator==(const Atanh&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  // 1 - x^2 in the form that loses no digit: near 0 its slope, near 1 the number itself.
  Gradients vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    return {v.cotangent / where(abs(x) < 0.5, 1.0 - x * x, (1.0 - x) * (1.0 + x))};
  }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::atanh(x); });
  }
};

// Scaled by the larger of the two, as the squares of a and b may overflow or vanish. The scale cancels, so
// that its own slope does not matter.
struct Atan2 {
  static constexpr OpInfo kInfo{
      .name = "atan2",
      .arity = 2,
      .elementwise = true,
      .doc = "Angle of the point (b, a) in radians, from -pi to pi; no slope at (0, 0).",
      .domain = {0.2, 2.0},
      .ulp = {1.6, 1.1}};
  bool operator==(const Atan2&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const Tensor& b = v.inputs[1];
    const Tensor scale = minimum(maximum(abs(a), abs(b)), largest_number(a.dtype()));
    const Tensor p = a / scale;
    const Tensor q = b / scale;
    const Tensor square = p * p + q * q;
    return {v.needs(0) ? v.cotangent * (q / square / scale) : Tensor(),
            v.needs(1) ? -v.cotangent * (p / square / scale) : Tensor()};
  }
  void run(const Kernel& k) const {
    run_floating_binary(k, [](auto a, auto b) { return std::atan2(a, b); });
  }
};

}  // namespace

CHAINRULE_OP_ROW(Sin)
CHAINRULE_OP_ROW(Cos)
CHAINRULE_OP_ROW(Asinh)
CHAINRULE_OP_ROW(Sinh)
CHAINRULE_OP_ROW(Cosh)
CHAINRULE_OP_ROW(Atanh)
CHAINRULE_OP_ROW(Atan2)

Tensor sin(const Tensor& x, Location where) { return apply_floating<Sin>(x, where); }
Tensor cos(const Tensor& x, Location where) { return apply_floating<Cos>(x, where); }
Tensor asinh(const Tensor& x, Location where) { return apply_floating<Asinh>(x, where); }
Tensor sinh(const Tensor& x, Location where) { return apply_floating<Sinh>(x, where); }
Tensor cosh(const Tensor& x, Location where) { return apply_floating<Cosh>(x, where); }
Tensor atanh(const Tensor& x, Location where) { return apply_floating<Atanh>(x, where); }
Tensor atan2(const Operand& a, const Operand& b) { return apply_floating<Atan2>(a, b); }

}  // namespace chainrule
