// Signs, steps and conversions of one tensor, element by element.
#include <cmath>

#include "core/convert.h"
#include "ops/elementwise.h"
#include "ops/quotient.h"

namespace chainrule {
namespace {

constexpr std::string_view kStepReason = "it is constant between its jumps and has no slope at them";

/// -x; integers wrap around.
template <class T>
T minus(T x) {
  if constexpr (std::is_floating_point_v<T>) return -x;
  return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
}

/// The reference kernel of a function of any number that is not boolean.
template <class F>
void run_numeric(const Kernel& k, F f) {
  with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (!std::is_same_v<T, bool>) kernels::map_unary<T, T>(k.inputs[0], k.output, f);
  });
}

struct Neg {
  static constexpr OpInfo kInfo{
      .name = "neg", .elementwise = true, .doc = "Minus x; unsigned bytes wrap around.", .ulp = kExact};
  bool operator==(const Neg&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return {-v.cotangent}; }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto x) { return minus(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::neg); }
};

struct Abs {
  static constexpr OpInfo kInfo{.name = "abs",
                                .elementwise = true,
                                .doc = "|x|; its slope at 0 is 0.",
                                .domain = {-1.875, 2, 0.25},
                                .ulp = kExact};
  bool operator==(const Abs&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  // By choice and not by sign(x), which has no derivative: that of abs must have one. For 0 nothing, or k x
  // of a cotangent k |x|.
  Gradients vjp(const Vjp& v) const {
    const Tensor& x = v.inputs[0];
    const auto slope = [&](const Tensor& c) { return where(x > 0.0, c, where(x < 0.0, -c, 0.0)); };
    const Tensor k = quotient_at_zero(v.output, v.cotangent);
    if (k.is_empty()) return {slope(v.cotangent)};
    return {slope(where(equal(v.output, 0.0), 0.0, v.cotangent)) + k * x};
  }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto x) {
      if constexpr (std::is_floating_point_v<decltype(x)>) return std::abs(x);
      return x < 0 ? minus(x) : x;
    });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::abs); }
};

struct Sign {
  static constexpr OpInfo kInfo{.name = "sign",
                                .elementwise = true,
                                .doc = "-1, 0 or 1, as x is negative, zero or positive; NaN stays.",
                                .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kStepReason;
  bool operator==(const Sign&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  void run(const Kernel& k) const {
    run_numeric(k, [](auto x) {
      using T = decltype(x);
      return x > 0 ? T(1) : x < 0 ? static_cast<T>(-1) : x == 0 ? T(0) : x;
    });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::sign); }
};

struct Floor {
  static constexpr OpInfo kInfo{
      .name = "floor", .elementwise = true, .doc = "The largest whole number not above x.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kStepReason;
  bool operator==(const Floor&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::floor(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::floor); }
};

struct Ceil {
  static constexpr OpInfo kInfo{
      .name = "ceil", .elementwise = true, .doc = "The smallest whole number not below x.", .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kStepReason;
  bool operator==(const Ceil&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::ceil(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::ceil); }
};

struct Round {
  static constexpr OpInfo kInfo{.name = "round",
                                .elementwise = true,
                                .doc = "The nearest whole number, halves to the even one.",
                                .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = kStepReason;
  bool operator==(const Round&) const = default;
  Meta infer(std::span<const Meta> in) const { return floating_elementwise(in); }
  void run(const Kernel& k) const {
    run_floating(k, [](auto x) { return std::nearbyint(x); });
  }
  void run_block(const Block& b) const { run_simd(b, kernels::Unary::round); }
};

struct Cast {
  DType to = DType::f32;

  static constexpr OpInfo kInfo{.name = "cast",
                                .any_dtype = true,
                                .doc = "The same numbers in another dtype, or the nearest that it has."};
  bool operator==(const Cast&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("to", name_of(to));
  }
  Meta infer(std::span<const Meta> in) const { return {to, in[0].shape}; }
  Gradients vjp(const Vjp& v) const { return {cast(v.cotangent, computed_as(v.inputs[0].dtype()))}; }
  void run(const Kernel& k) const {
    with_any_type(k.inputs[0].dtype, [&]<class X>(std::type_identity<X>) {
      with_any_type(k.output.dtype, [&]<class Y>(std::type_identity<Y>) {
        kernels::map_unary<X, Y>(k.inputs[0], k.output, [](X x) { return convert<Y>(x); });
      });
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Cast{DType::f64}, {{{2, 3}}}),
            sample(Cast{DType::f32}, {{{5}}}),
            sample(Cast{DType::i64}, {{{4}, DType::f64, {-9, 9}}}),
            sample(Cast{DType::f64}, {{{4}, DType::u8, {0, 9}}}),
            sample(Cast{DType::boolean}, {{{0}}}),
            sample(Cast{DType::f32}, {{{9}, DType::f16, {-9, 9}}}),
            sample(Cast{DType::i64}, {{{9}, DType::i32, {-9, 9}}}),
            sample(Cast{DType::i32}, {{{9}, DType::f64, {-9, 9}}}),
            sample(Cast{DType::bf16}, {{{9}, DType::u8, {0, 99}}})};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Neg)
CHAINRULE_OP_ROW(Abs)
CHAINRULE_OP_ROW(Sign)
CHAINRULE_OP_ROW(Floor)
CHAINRULE_OP_ROW(Ceil)
CHAINRULE_OP_ROW(Round)
CHAINRULE_OP_ROW(Cast)

Tensor abs(const Tensor& x, Location where) { return apply(Abs{}, {x}, where); }
Tensor sign(const Tensor& x, Location where) { return apply(Sign{}, {x}, where); }
Tensor floor(const Tensor& x, Location where) { return apply_floating<Floor>(x, where); }
Tensor ceil(const Tensor& x, Location where) { return apply_floating<Ceil>(x, where); }
Tensor round(const Tensor& x, Location where) { return apply_floating<Round>(x, where); }

Tensor cast(const Tensor& x, DType dtype, Location where) {
  return !x.is_empty() && x.dtype() == dtype ? x : apply(Cast{dtype}, {x}, where);
}

Tensor operator-(const Operand& x) {
  return x.tensor() ? apply(Neg{}, {*x.tensor()}, x.where()) : scalar(-x.number().real());
}

}  // namespace chainrule
