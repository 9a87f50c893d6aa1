// Elementwise functions of one tensor.
#include <cmath>

#include "chainrule/ops.h"
#include "core/dispatch.h"
#include "kernels/ref/map.h"
#include "ops/fast.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// The reference kernel of a function of floating numbers.
template <class F>
void run_floating(const Kernel& k, F f) {
  with_floating(k.output.dtype,
                [&]<class T>(std::type_identity<T>) { kernels::map_unary<T, T>(k.inputs[0], k.output, f); });
}

struct Neg {
  static constexpr OpInfo kInfo{
      .name = "neg", .elementwise = true, .doc = "Minus x; unsigned bytes wrap around."};
  bool operator==(const Neg&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {-v.cotangent}; }
  void run(const Kernel& k) const {
    with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_same_v<T, bool>) {
        kernels::map_unary<T, T>(k.inputs[0], k.output,
                                 [](T x) { return std::is_floating_point_v<T> ? -x : T(0) - x; });
      }
    });
  }
  void run_fast(const Kernel& k) const {
    is_floating(k.output.dtype) ? run_fast_unary(k, kernels::Unary::neg) : run(k);
  }
};

struct Exp {
  static constexpr OpInfo kInfo{.name = "exp", .elementwise = true, .doc = "e to the power x."};
  bool operator==(const Exp&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent * v.output}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::exp(x); });
  }
};

struct Log {
  static constexpr OpInfo kInfo{
      .name = "log", .elementwise = true, .doc = "Natural logarithm.", .domain = {0.1, 4.0}};
  bool operator==(const Log&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent / v.inputs[0]}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::log(x); });
  }
};

struct Sqrt {
  static constexpr OpInfo kInfo{
      .name = "sqrt", .elementwise = true, .doc = "Square root.", .domain = {0.1, 4.0}};
  bool operator==(const Sqrt&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent / (2.0 * v.output)}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::sqrt(x); });
  }
};

struct Tanh {
  static constexpr OpInfo kInfo{.name = "tanh", .elementwise = true, .doc = "Hyperbolic tangent."};
  bool operator==(const Tanh&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent * (1.0 - v.output * v.output)}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::tanh(x); });
  }
};

struct Sigmoid {
  static constexpr OpInfo kInfo{
      .name = "sigmoid", .elementwise = true, .doc = "1 / (1 + exp(-x)), exact at both ends."};
  bool operator==(const Sigmoid&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  Tensors vjp(const Vjp& v) const { return {v.cotangent * v.output * (1.0 - v.output)}; }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) {
      const auto e = std::exp(-std::abs(x));  // never above 1, so that nothing overflows
      return (x >= 0 ? decltype(x)(1) : e) / (1 + e);
    });
  }
  void run_fast(const Kernel& k) const { run_fast_unary(k, kernels::Unary::sigmoid); }
};

struct Cast {
  DType to = DType::f32;

  static constexpr OpInfo kInfo{.name = "cast", .doc = "The same numbers in another dtype."};
  bool operator==(const Cast&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("to", name_of(to));
  }
  Meta infer(std::span<const Meta> in) const { return {to, in[0].shape}; }
  Tensors vjp(const Vjp& v) const { return {cast(v.cotangent, v.inputs[0].dtype())}; }
  void run(const Kernel& k) const {
    with_type(k.inputs[0].dtype, [&]<class X>(std::type_identity<X>) {
      with_type(k.output.dtype, [&]<class Y>(std::type_identity<Y>) {
        kernels::map_unary<X, Y>(k.inputs[0], k.output, [](X x) { return convert<X, Y>(x); });
      });
    });
  }
  /// C++ leaves out-of-range conversions undefined: here they end at the nearest number, and NaN gives 0.
  template <class X, class Y>
  static Y convert(X x) {
    if constexpr (std::is_same_v<Y, bool>) {
      return x != X(0);
    } else if constexpr (std::is_floating_point_v<X> && std::is_integral_v<Y>) {
      constexpr double kLow = static_cast<double>(std::numeric_limits<Y>::min());
      constexpr double kHigh = static_cast<double>(std::numeric_limits<Y>::max());
      const double wide = static_cast<double>(x);
      if (!(wide > kLow)) return std::isnan(wide) ? Y(0) : std::numeric_limits<Y>::min();
      return wide >= kHigh ? std::numeric_limits<Y>::max() : static_cast<Y>(wide);
    } else {
      return static_cast<Y>(x);
    }
  }
  static std::vector<Sample> samples() {
    return {sample(Cast{DType::f64}, {{{2, 3}}}), sample(Cast{DType::f32}, {{{5}}}),
            sample(Cast{DType::i64}, {{{4}, DType::f64, {-9, 9}}}),
            sample(Cast{DType::f64}, {{{4}, DType::u8, {0, 9}}}), sample(Cast{DType::boolean}, {{{0}}})};
  }
};

/// Integers and booleans have no exponentials: they become f64 first, as in NumPy.
Tensor as_floating(const Tensor& x) { return x && !is_floating(x.dtype()) ? cast(x, DType::f64) : x; }

template <class Op>
Tensor floating(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return apply(Op{}, {as_floating(x)}, where);
}

}  // namespace

CHAINRULE_OP_ROW(Neg)
CHAINRULE_OP_ROW(Exp)
CHAINRULE_OP_ROW(Log)
CHAINRULE_OP_ROW(Sqrt)
CHAINRULE_OP_ROW(Tanh)
CHAINRULE_OP_ROW(Sigmoid)
CHAINRULE_OP_ROW(Cast)

Tensor exp(const Tensor& x, Location where) { return floating<Exp>(x, where); }
Tensor log(const Tensor& x, Location where) { return floating<Log>(x, where); }
Tensor sqrt(const Tensor& x, Location where) { return floating<Sqrt>(x, where); }
Tensor tanh(const Tensor& x, Location where) { return floating<Tanh>(x, where); }
Tensor sigmoid(const Tensor& x, Location where) { return floating<Sigmoid>(x, where); }

Tensor cast(const Tensor& x, DType dtype, Location where) {
  return x && x.dtype() == dtype ? x : apply(Cast{dtype}, {x}, where);
}

Tensor operator-(Operand x) {
  return x.tensor() ? apply(Neg{}, {*x.tensor()}, x.where()) : scalar(-x.number());
}

}  // namespace chainrule
