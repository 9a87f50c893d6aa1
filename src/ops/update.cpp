// What optimizers do to an array with another and a number. Rows, as a small net's step spends most of its
// time on making operations, and a large one's on passing over memory: each is several operations in one, for
// every parameter.
#include <cmath>

#include "ops/elementwise.h"
#include "ops/internal.h"

namespace chainrule {
namespace {

/// What the operations share: inputs a, the number s, b.
template <class Op, kernels::Update kUpdate>
struct UpdateOp {
  bool operator==(const UpdateOp&) const = default;
  Meta infer(std::span<const Meta> in) const {
    if (in[1].shape.ndim() != 0) {
      throw op_error<ShapeError>(11, cat("the number has shape ", in[1].shape.to_string(), "."));
    }
    return floating_elementwise(in);
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T s = *k.inputs[1].as<T>();
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[2], k.output,
                                [s](T a, T b) { return Op::formula(a, s, b); });
    });
  }
  void run_block(const Block& b) const {
    with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::update(kUpdate, static_cast<const T*>(b.inputs[0]), b.is_scalar[0],
                      *static_cast<const T*>(b.inputs[1]), static_cast<const T*>(b.inputs[2]), b.is_scalar[2],
                      static_cast<T*>(b.output), b.count);
    });
  }
  /// @param positive  what b and s must be, but for the shapes.
  static std::vector<Sample> samples_of(Domain domain = {}) {
    const auto of = [&](const Shape& a, const Shape& s, const Shape& b, int error = 0) {
      return sample(Op{}, {{a}, {s, DType::f64, domain}, {b, DType::f64, domain}}, error);
    };
    return {of({3, 5}, {}, {3, 5}), of({4, 1}, {}, {5}),  of({}, {}, {33}),     of({33}, {}, {}),
            of({0}, {}, {0}),       of({3}, {}, {4}, 11), of({3}, {3}, {3}, 11)};
  }
};

struct Descend : UpdateOp<Descend, kernels::Update::descend> {
  static constexpr OpInfo kInfo{
      .name = "descend", .arity = 3, .doc = "a - s b, where s is a number: a step down a gradient."};
  template <class T>
  static T formula(T a, T s, T b) {
    return a - s * b;
  }
  Gradients vjp(const Vjp& v) const {
    return {v.cotangent, v.needs(1) ? -v.cotangent * v.inputs[2] : Tensor(),
            v.needs(2) ? -v.cotangent * v.inputs[1] : Tensor()};
  }
  static std::vector<Sample> samples() { return samples_of(); }
};

struct Approach : UpdateOp<Approach, kernels::Update::approach> {
  static constexpr OpInfo kInfo{.name = "approach",
                                .arity = 3,
                                .doc = "a - s (a - b), where s is a number: a share of the way from a to b."};
  template <class T>
  static T formula(T a, T s, T b) {
    return a - s * (a - b);
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor &a = v.inputs[0], &s = v.inputs[1], &b = v.inputs[2];
    return {v.needs(0) ? v.cotangent - v.cotangent * s : Tensor(),
            v.needs(1) ? v.cotangent * (b - a) : Tensor(), v.needs(2) ? v.cotangent * s : Tensor()};
  }
  static std::vector<Sample> samples() { return samples_of(); }
};

struct ApproachSquare : UpdateOp<ApproachSquare, kernels::Update::approach_square> {
  static constexpr OpInfo kInfo{
      .name = "approach_square",
      .arity = 3,
      .doc = "a - s (a - b²), where s is a number: a share of the way from a to b squared."};
  template <class T>
  static T formula(T a, T s, T b) {
    return a - s * (a - b * b);
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor &a = v.inputs[0], &s = v.inputs[1], &b = v.inputs[2];
    return {v.needs(0) ? v.cotangent - v.cotangent * s : Tensor(),
            v.needs(1) ? v.cotangent * (square(b) - a) : Tensor(),
            v.needs(2) ? v.cotangent * s * (b + b) : Tensor()};
  }
  static std::vector<Sample> samples() { return samples_of(); }
};

struct OverRoot : UpdateOp<OverRoot, kernels::Update::over_root> {
  static constexpr OpInfo kInfo{
      .name = "over_root", .arity = 3, .doc = "a / (sqrt(b) + s), where s is a number."};
  template <class T>
  static T formula(T a, T s, T b) {
    return a / (std::sqrt(b) + s);
  }
  Gradients vjp(const Vjp& v) const {
    const Tensor &s = v.inputs[1], &b = v.inputs[2];
    const Tensor root = sqrt(b), by_a = over_root(v.cotangent, s, b), by_root = -by_a * v.output;
    return {by_a, by_root, v.needs(2) ? by_root / (root + root) : Tensor()};
  }
  static std::vector<Sample> samples() { return samples_of({.low = 0.5, .high = 2}); }
};

}  // namespace

CHAINRULE_OP_ROW(Descend)
CHAINRULE_OP_ROW(Approach)
CHAINRULE_OP_ROW(ApproachSquare)
CHAINRULE_OP_ROW(OverRoot)

Tensor descend(const Tensor& a, const Tensor& s, const Tensor& b, Location where) {
  return apply(Descend{}, {a, s, b}, where);
}
Tensor approach(const Tensor& a, const Tensor& s, const Tensor& b, Location where) {
  return apply(Approach{}, {a, s, b}, where);
}
Tensor approach_square(const Tensor& a, const Tensor& s, const Tensor& b, Location where) {
  return apply(ApproachSquare{}, {a, s, b}, where);
}
Tensor over_root(const Tensor& a, const Tensor& s, const Tensor& b, Location where) {
  return apply(OverRoot{}, {a, s, b}, where);
}

}  // namespace chainrule
