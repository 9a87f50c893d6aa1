// Elementwise arithmetic on two tensors, with broadcasting.
#include <cmath>

#include "chainrule/ops.h"
#include "core/dispatch.h"
#include "kernels/ref/map.h"
#include "ops/fast.h"
#include "ops/meta.h"
#include "ops/op.h"
#include "ops/operands.h"

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

/// SIMD for floating numbers, the reference loop for integers.
template <class Op>
void run_fast_numeric(const Kernel& k, kernels::Binary kind, const Op& op) {
  is_floating(k.output.dtype) ? run_fast_binary(k, kind) : op.run(k);
}

struct Add {
  static constexpr OpInfo kInfo{.name = "add", .arity = 2, .elementwise = true, .doc = "a plus b."};
  bool operator==(const Add&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent, v.cotangent}; }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto a, auto b) { return a + b; });
  }
  void run_fast(const Kernel& k) const { run_fast_numeric(k, kernels::Binary::add, *this); }
};

struct Sub {
  static constexpr OpInfo kInfo{.name = "sub", .arity = 2, .elementwise = true, .doc = "a minus b."};
  bool operator==(const Sub&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent, v.needs(1) ? -v.cotangent : Tensor()}; }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto a, auto b) { return a - b; });
  }
  void run_fast(const Kernel& k) const { run_fast_numeric(k, kernels::Binary::sub, *this); }
};

struct Mul {
  static constexpr OpInfo kInfo{.name = "mul", .arity = 2, .elementwise = true, .doc = "a times b."};
  bool operator==(const Mul&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Tensors vjp(const Vjp& v) const {
    return {v.needs(0) ? v.cotangent * v.inputs[1] : Tensor(),
            v.needs(1) ? v.cotangent * v.inputs[0] : Tensor()};
  }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto a, auto b) { return a * b; });
  }
  void run_fast(const Kernel& k) const { run_fast_numeric(k, kernels::Binary::mul, *this); }
};

struct Div {
  static constexpr OpInfo kInfo{
      .name = "div", .arity = 2, .elementwise = true, .doc = "a divided by b.", .second_domain = {0.5, 3.0}};
  bool operator==(const Div&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const {
    return {v.needs(0) ? v.cotangent / v.inputs[1] : Tensor(),
            v.needs(1) ? -v.cotangent * v.output / v.inputs[1] : Tensor()};
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output, [](T a, T b) { return a / b; });
    });
  }
  void run_fast(const Kernel& k) const { run_fast_binary(k, kernels::Binary::div); }
};

struct Pow {
  static constexpr OpInfo kInfo{.name = "pow",
                                .arity = 2,
                                .elementwise = true,
                                .doc = "a to the power b; the derivative by b needs a > 0.",
                                .domain = {0.3, 2.5},
                                .second_domain = {-2.0, 3.0}};
  bool operator==(const Pow&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const Tensor& b = v.inputs[1];
    // d(a^0) = 0 whatever a is; the formula alone would give 0 * a^-1, which is NaN at a = 0.
    return {v.needs(0)
                ? v.cotangent * where(equal(b, 0.0), 0.0, b * pow(a, where(equal(b, 0.0), 1.0, b - 1.0)))
                : Tensor(),
            v.needs(1) ? v.cotangent * v.output * log(a) : Tensor()};
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output, [](T a, T b) { return std::pow(a, b); });
    });
  }
};

template <class Op>
Tensor arithmetic(const Operand& a, const Operand& b) {
  const OriginScope scope(a.where());
  const auto [x, y] = same_dtype(a, b);
  return apply(Op{}, {x, y}, a.where());
}

/// For operations on floating numbers alone: integers become f64, as in NumPy's true division.
template <class Op>
Tensor floating(const Operand& a, const Operand& b) {
  const OriginScope scope(a.where());
  auto [x, y] = same_dtype(a, b);
  if (x && y && !is_floating(x.dtype())) {
    x = cast(x, DType::f64);
    y = cast(y, DType::f64);
  }
  return apply(Op{}, {x, y}, a.where());
}

}  // namespace

CHAINRULE_OP_ROW(Add)
CHAINRULE_OP_ROW(Sub)
CHAINRULE_OP_ROW(Mul)
CHAINRULE_OP_ROW(Div)
CHAINRULE_OP_ROW(Pow)

Tensor operator+(Operand a, Operand b) { return arithmetic<Add>(a, b); }
Tensor operator-(Operand a, Operand b) { return arithmetic<Sub>(a, b); }
Tensor operator*(Operand a, Operand b) { return arithmetic<Mul>(a, b); }
Tensor operator/(Operand a, Operand b) { return floating<Div>(a, b); }
Tensor pow(Operand a, Operand b) { return floating<Pow>(a, b); }

Tensor& Tensor::operator+=(const Tensor& other) { return *this = *this + other; }
Tensor& Tensor::operator-=(const Tensor& other) { return *this = *this - other; }
Tensor& Tensor::operator*=(const Tensor& other) { return *this = *this * other; }
Tensor& Tensor::operator/=(const Tensor& other) { return *this = *this / other; }

}  // namespace chainrule
