// Division with a whole quotient, and what is left.
#include <cmath>

#include "ops/elementwise.h"

namespace chainrule {
namespace {

// Integers divide by 0 to 0, as in NumPy; the least number divided by -1 overflows.
template <class T>
bool overflows(T b) {
  return std::is_signed_v<T> && b == static_cast<T>(-1);
}

template <class T>
T left_with_sign_of_a(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    return b == 0 || overflows(b) ? T(0) : static_cast<T>(a % b);
  }
}

/// Whether the quotient toward zero is one above the floor.
template <class T>
bool is_above_floor(T left, T b) {
  return left != 0 && (left < 0) != (b < 0);
}

template <class T>
T left_with_sign_of_b(T a, T b) {
  const T left = left_with_sign_of_a(a, b);
  if constexpr (std::is_floating_point_v<T>) {
    if (left == 0) return std::copysign(left, b);
  }
  return is_above_floor(left, b) ? static_cast<T>(left + b) : left;
}

template <class T>
T floor_of_quotient(T a, T b) {
  const T left = left_with_sign_of_a(a, b);
  if constexpr (std::is_floating_point_v<T>) {
    if (b == 0) return a / b;
    // a - left is a whole number of b's, but both it and the quotient are rounded: a second step mends that.
    T whole = std::nearbyint((a - left) / b);
    if (whole != 0 && std::isfinite(whole)) whole += std::nearbyint((std::fma(-whole, b, a) - left) / b);
    if (is_above_floor(left, b)) whole -= 1;
    return whole == 0 ? std::copysign(whole, a / b) : whole;
  } else {
    if (b == 0) return 0;
    if (overflows(b)) return static_cast<T>(0 - static_cast<std::uint64_t>(a));
    return static_cast<T>(a / b - (is_above_floor(left, b) ? 1 : 0));
  }
}

template <class F>
void run_pairs(const Kernel& k, F f) {
  with_type(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (!std::is_same_v<T, bool>) kernels::map_binary<T, T>(k.inputs[0], k.inputs[1], k.output, f);
  });
}

/// out = a - n b, where the whole number n = (a - out) / b is constant between its jumps.
Gradients vjp_of_left(const Vjp& v) {
  return {v.cotangent, v.needs(1) ? -v.cotangent * ((v.inputs[0] - v.output) / v.inputs[1]) : Tensor()};
}

struct Fmod {
  static constexpr OpInfo kInfo{.name = "fmod",
                                .arity = 2,
                                .elementwise = true,
                                .doc = "What is left of a after taking off whole b's; it has a's sign.",
                                .domain = {4.1, 4.9},
                                .second_domain = {1.7, 2.0},
                                .ulp = kExact};
  bool operator==(const Fmod&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return vjp_of_left(v); }
  void run(const Kernel& k) const {
    run_pairs(k, [](auto a, auto b) { return left_with_sign_of_a(a, b); });
  }
};

/// Its own operation for its zeros, which have b's sign too, and for one pass.
struct Remainder {
  static constexpr OpInfo kInfo{.name = "remainder",
                                .arity = 2,
                                .elementwise = true,
                                .doc = "What is left of a after taking off whole b's; it has b's sign.",
                                .domain = {4.1, 4.9},
                                .second_domain = {-2.0, -1.7},
                                .ulp = kRounded};
  bool operator==(const Remainder&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  Gradients vjp(const Vjp& v) const { return vjp_of_left(v); }
  void run(const Kernel& k) const {
    run_pairs(k, [](auto a, auto b) { return left_with_sign_of_b(a, b); });
  }
};

struct FloorDivide {
  static constexpr OpInfo kInfo{.name = "floor_divide",
                                .arity = 2,
                                .elementwise = true,
                                .doc = "The largest whole number not above a / b; integers stay integers.",
                                .domain = {-4.9, 4.9},
                                .second_domain = {1.7, 2.0},
                                .ulp = {1, 1}};
  static constexpr std::string_view kNotDifferentiable =
      "it is constant between its jumps and has no slope at them";
  bool operator==(const FloorDivide&) const = default;
  Meta infer(std::span<const Meta> in) const { return numeric_elementwise(in); }
  void run(const Kernel& k) const {
    run_pairs(k, [](auto a, auto b) { return floor_of_quotient(a, b); });
  }
};

}  // namespace

CHAINRULE_OP_ROW(Fmod)
CHAINRULE_OP_ROW(Remainder)
CHAINRULE_OP_ROW(FloorDivide)

Tensor fmod(const Operand& a, const Operand& b) { return apply_arithmetic<Fmod>(a, b); }
Tensor remainder(const Operand& a, const Operand& b) { return apply_arithmetic<Remainder>(a, b); }
Tensor floor_divide(const Operand& a, const Operand& b) { return apply_arithmetic<FloorDivide>(a, b); }

}  // namespace chainrule
