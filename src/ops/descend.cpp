// A step of gradient descent.
#include "ops/elementwise.h"
#include "ops/internal.h"

namespace chainrule {
namespace {

// A row, as a small net's step spends most of its time on making operations: this is two in one, for every
// parameter.
struct Descend {
  static constexpr OpInfo kInfo{
      .name = "descend", .arity = 3, .doc = "a - s b, where s is a number: a step down a gradient."};
  bool operator==(const Descend&) const = default;
  Meta infer(std::span<const Meta> in) const {
    if (in[1].shape.ndim() != 0) {
      throw op_error<ShapeError>(
          11, cat("the size of the step has shape ", in[1].shape.to_string(), " and must be a number."));
    }
    return floating_elementwise(in);
  }
  Gradients vjp(const Vjp& v) const {
    return {v.cotangent, v.needs(1) ? -v.cotangent * v.inputs[2] : Tensor(),
            v.needs(2) ? -v.cotangent * v.inputs[1] : Tensor()};
  }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T s = *k.inputs[1].as<T>();
      kernels::map_binary<T, T>(k.inputs[0], k.inputs[2], k.output, [s](T a, T b) { return a - s * b; });
    });
  }
  void run_block(const Block& b) const {
    with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
      kernels::descend(static_cast<const T*>(b.inputs[0]), b.is_scalar[0],
                       *static_cast<const T*>(b.inputs[1]), static_cast<const T*>(b.inputs[2]),
                       b.is_scalar[2], static_cast<T*>(b.output), b.count);
    });
  }
  static std::vector<Sample> samples() {
    return {sample(Descend{}, {{{3, 5}}, {{}}, {{3, 5}}}), sample(Descend{}, {{{4, 1}}, {{}}, {{5}}}),
            sample(Descend{}, {{{}}, {{}}, {{33}}}),       sample(Descend{}, {{{33}}, {{}}, {{}}}),
            sample(Descend{}, {{{0}}, {{}}, {{0}}}),       sample(Descend{}, {{{3}}, {{}}, {{4}}}, 11),
            sample(Descend{}, {{{3}}, {{3}}, {{3}}}, 11)};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Descend)

Tensor descend(const Tensor& a, const Tensor& s, const Tensor& b, Location where) {
  return apply(Descend{}, {a, s, b}, where);
}

}  // namespace chainrule
