// Elementwise arithmetic on two tensors, with broadcasting.
#include <cmath>

#include "ops/elementwise.h"

namespace chainrule {
namespace {

/// The reference kernel of arithmetic on any numeric dtype. Integers wrap around, as in NumPy.
template <class F>
void run_numeric(const Kernel& k, F f) {
  with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output, f);
    } else if constexpr (!std::is_same_v<T, bool>) {
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output, [f](T a, T b) {
        return static_cast<T>(f(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
      });
    }
  });
}

/// For b with a unit u, so that a op u = a: whether the input is all that is left.
Simpler left_of_unit(bool is_unit, const Known& other, std::int32_t number, const Meta& out) {
  return {.same_as = is_unit && other.meta.shape == out.shape ? number : -1};
}

struct Add {
  static constexpr OpInfo kInfo{
      .name = "add", .arity = 2, .elementwise = true, .doc = "a plus b.", .ulp = kRounded};
  bool operator==(const Add&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {v.cotangent, v.cotangent}; }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto a, auto b) { return a + b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::add); }
};

struct Sub {
  static constexpr OpInfo kInfo{
      .name = "sub", .arity = 2, .elementwise = true, .doc = "a minus b.", .ulp = kRounded};
  bool operator==(const Sub&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Simpler simplify(std::span<const Known> in, const Meta& out) const {
    return left_of_unit(in[1].is_zero, in[0], 0, out);
  }
  Gradients vjp(const Vjp& v) const { return {v.cotangent, v.needs(1) ? -v.cotangent : Tensor()}; }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto a, auto b) { return a - b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::sub); }
};

struct Mul {
  static constexpr OpInfo kInfo{
      .name = "mul", .arity = 2, .elementwise = true, .doc = "a times b.", .ulp = kRounded};
  bool operator==(const Mul&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Simpler simplify(std::span<const Known> in, const Meta& out) const {
    const Simpler right = left_of_unit(in[0].is_one, in[1], 1, out);
    return right.same_as >= 0 ? right : left_of_unit(in[1].is_one, in[0], 0, out);
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const Tensor& b = v.inputs[1];
    const Tensor da = v.needs(0) ? v.cotangent * b : Tensor();
    if (a.node() == b.node()) return {da, da};
    return {da, v.needs(1) ? v.cotangent * a : Tensor()};
  }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto a, auto b) { return a * b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::mul); }
};

struct Div {
  static constexpr OpInfo kInfo{.name = "div",
                                .arity = 2,
                                .elementwise = true,
                                .doc = "a divided by b.",
                                .second_domain = {0.5, 3.0},
                                .ulp = kRounded};
  bool operator==(const Div&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Simpler simplify(std::span<const Known> in, const Meta& out) const {
    return left_of_unit(in[1].is_one, in[0], 0, out);
  }
  Gradients vjp(const Vjp& v) const {
    return {v.needs(0) ? v.cotangent / v.inputs[1] : Tensor(),
            v.needs(1) ? -v.cotangent * v.output / v.inputs[1] : Tensor()};
  }
  void run(const Kernel& k) const {
    run_floating_binary(k, [](auto a, auto b) { return a / b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::div); }
};

struct Pow {
  static constexpr OpInfo kInfo{
      .name = "pow",
      .arity = 2,
      .elementwise = true,
      .doc = "a to the power b; the derivative by b needs a > 0, or is 0 at a = 0, b >= 0.",
      .domain = {0.3, 2.5},
      .second_domain = {-2.0, 3.0},
      .ulp = {1.1, 1.1}};
  bool operator==(const Pow&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const Tensor& b = v.inputs[1];
    // d(a^0) = 0 whatever a is; the formula alone would give 0 * a^-1, which is NaN at a = 0.
    return {v.needs(0)
                ? v.cotangent * where(equal(b, 0.0), 0.0, b * pow(a, where(equal(b, 0.0), 1.0, b - 1.0)))
                : Tensor(),
            // 0^b = 0 for b > 0 beside b, too, where the formula alone would give 0 * log(0).
            v.needs(1) ? v.cotangent * v.output * log(where(logical_and(equal(a, 0.0), b >= 0.0), 1.0, a))
                       : Tensor()};
  }
  void run(const Kernel& k) const {
    run_floating_binary(k, [](auto a, auto b) { return std::pow(a, b); });
  }
};

template <class F>
void run_choice(const Kernel& k, F is_first) {
  with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    // a is compared with itself to find a NaN; where b is one, the comparison is false.
    kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output,
                              [=](T a, T b) { return is_first(a, b) || a != a ? a : b; });
  });
}

/// The cotangent goes to the input that was chosen, in halves where they are equal.
Gradients choice_vjp(const Vjp& v, const Tensor& is_first, const Tensor& is_second) {
  return {v.needs(0) ? where(is_first, v.cotangent, where(is_second, 0.0, 0.5 * v.cotangent)) : Tensor(),
          v.needs(1) ? where(is_second, v.cotangent, where(is_first, 0.0, 0.5 * v.cotangent)) : Tensor()};
}

struct Maximum {
  static constexpr OpInfo kInfo{
      .name = "maximum",
      .arity = 2,
      .elementwise = true,
      .doc = "The larger of a and b, NaN if either is; where they are equal each gets half the gradient.",
      .domain = {-2, 2, 0.25},
      .second_domain = {-1.875, 2, 0.25},
      .ulp = kExact};
  bool operator==(const Maximum&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    return choice_vjp(v, v.inputs[0] > v.inputs[1], v.inputs[0] < v.inputs[1]);
  }
  void run(const Kernel& k) const {
    run_choice(k, [](auto a, auto b) { return a > b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::maximum); }
};

struct Minimum {
  static constexpr OpInfo kInfo{
      .name = "minimum",
      .arity = 2,
      .elementwise = true,
      .doc = "The smaller of a and b, NaN if either is; where they are equal each gets half the gradient.",
      .domain = {-2, 2, 0.25},
      .second_domain = {-1.875, 2, 0.25},
      .ulp = kExact};
  bool operator==(const Minimum&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Gradients vjp(const Vjp& v) const {
    return choice_vjp(v, v.inputs[0]<v.inputs[1], v.inputs[0]> v.inputs[1]);
  }
  void run(const Kernel& k) const {
    run_choice(k, [](auto a, auto b) { return a < b; });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Binary::minimum); }
};

}  // namespace

CHAINRULE_OP_ROW(Add)
CHAINRULE_OP_ROW(Sub)
CHAINRULE_OP_ROW(Mul)
CHAINRULE_OP_ROW(Div)
CHAINRULE_OP_ROW(Pow)
CHAINRULE_OP_ROW(Maximum)
CHAINRULE_OP_ROW(Minimum)

Tensor operator+(const Operand& a, const Operand& b) { return apply_arithmetic<Add>(a, b); }
Tensor operator-(const Operand& a, const Operand& b) { return apply_arithmetic<Sub>(a, b); }
Tensor operator*(const Operand& a, const Operand& b) { return apply_arithmetic<Mul>(a, b); }
Tensor operator/(const Operand& a, const Operand& b) { return apply_floating<Div>(a, b); }
Tensor pow(const Operand& a, const Operand& b) {
  const Tensor* const base = a.tensor();
  const bool is_square = b.tensor() == nullptr && b.number() == 2;
  if (is_square && base != nullptr && !base->is_empty() && has_gradient(base->dtype())) {
    return square(*base, a.where());  // the same bits, many times as fast
  }
  return apply_floating<Pow>(a, b);
}
Tensor maximum(const Operand& a, const Operand& b) { return apply_arithmetic<Maximum>(a, b); }
Tensor minimum(const Operand& a, const Operand& b) { return apply_arithmetic<Minimum>(a, b); }

Tensor& Tensor::operator+=(const Operand& other) { return *this = Operand(*this, other.where()) + other; }
Tensor& Tensor::operator-=(const Operand& other) { return *this = Operand(*this, other.where()) - other; }
Tensor& Tensor::operator*=(const Operand& other) { return *this = Operand(*this, other.where()) * other; }
Tensor& Tensor::operator/=(const Operand& other) { return *this = Operand(*this, other.where()) / other; }

}  // namespace chainrule
