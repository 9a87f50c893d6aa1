// Tensors one after another along an axis.
#include <algorithm>

#include "chainrule/ops.h"
#include "kernels/copy.h"
#include "ops/meta.h"
#include "ops/op.h"

namespace chainrule {
namespace {

struct Concatenate {
  int axis = 0;

  static constexpr OpInfo kInfo{.name = "concatenate",
                                .arity = -1,
                                .any_dtype = true,
                                .doc = "The inputs one after another along an axis.",
                                .ulp = kExact};
  bool operator==(const Concatenate&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("axis", axis);
  }
  Meta infer(std::span<const Meta> in) const {
    require_same_dtype(in);
    Checked size = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const Shape& shape = in[i].shape;
      if (shape.ndim() != in[0].shape.ndim() || shape != with_size(in[0].shape, axis, shape[axis])) {
        throw op_error<ShapeError>(106, cat("input ", i, " has shape ", shape, ", input 0 has ", in[0].shape,
                                            ". They may differ along axis ", axis, " only."));
      }
      size = size + shape[axis];
    }
    return {in[0].dtype, with_size(in[0].shape, axis, checked(size))};
  }
  Gradients vjp(const Vjp& v) const {
    Tensors gradients(v.inputs.size());
    std::int64_t at = 0;
    for (std::size_t i = 0; i < v.inputs.size(); ++i) {
      const std::int64_t size = v.inputs[i].shape()[axis];
      if (v.needs(i)) gradients[i] = slice(v.cotangent, axis, at, at + size);
      at += size;
    }
    return gradients;
  }
  void run(const Kernel& k) const {
    const std::int64_t size = k.output.shape[axis];
    std::int64_t at = 0;
    for (const ConstArray& x : k.inputs) {
      const AxisBlock from = block_around(x.shape, axis);
      kernels::copy_places(x.data, {from.size, 0, 1}, k.output.data, {size, at, 1}, from.outer, from.size,
                           from.inner, size_of(x.dtype));
      at += from.size;
    }
  }
  static std::vector<Sample> samples() {
    return {sample(Concatenate{0}, {{{3}}, {{4}}}),
            sample(Concatenate{0}, {{{3}}}),
            sample(Concatenate{1}, {{{2, 3}}, {{2, 1}}, {{2, 5}}}),
            sample(Concatenate{0}, {{{2, 3}}, {{0, 3}}, {{1, 3}}, {{4, 3}}, {{1, 3}}}),
            sample(Concatenate{1}, {{{2, 3, 4}}, {{2, 2, 4}}}),
            sample(Concatenate{0}, {{{0}}, {{0}}}),
            sample(Concatenate{1}, {{{2, 3}, DType::u8, {0, 9}}, {{2, 3}, DType::u8, {0, 9}}}),
            sample(Concatenate{1}, {{{2, 3}, DType::f16, {0, 9}}, {{2, 3}, DType::f16, {0, 9}}}),
            sample(Concatenate{0}, std::vector<SampleInput>(40, {{2}})),
            sample(Concatenate{0}, {{{2, 3}}, {{2, 4}}}, 106),
            sample(Concatenate{0}, {{{2, 3}}, {{3}}}, 106),
            sample(Concatenate{0}, {{{2}}, {{2}, DType::i64, {0, 9}}}, 15)};
  }
};

/// The tensors in the dtype that holds them all.
Tensors promoted(std::span<const Tensor> tensors) {
  if (tensors.empty()) throw op_error<ValueError>(105, "no tensors given; needs one or more.");
  DType dtype = tensors[0].dtype();
  for (const Tensor& x : tensors) dtype = promote(dtype, x.dtype());
  Tensors same;
  same.reserve(tensors.size());
  for (const Tensor& x : tensors) same.push_back(cast(x, dtype));
  return same;
}

/// One node, or, for more inputs than a node holds, one of several such nodes.
Tensor concatenated(std::span<const Tensor> tensors, int axis, Location where) {
  if (tensors.size() <= Node::kMaxInputs) return apply(Concatenate{axis}, tensors, where);
  Tensors groups;
  for (std::size_t i = 0; i < tensors.size(); i += Node::kMaxInputs) {
    const std::size_t count = std::min(Node::kMaxInputs, tensors.size() - i);
    groups.push_back(apply(Concatenate{axis}, tensors.subspan(i, count), where));
  }
  return concatenated(groups, axis, where);
}

}  // namespace

CHAINRULE_OP_ROW(Concatenate)

Tensor concatenate(std::span<const Tensor> tensors, int axis, Location where) {
  const OpScope scope("concatenate", where);
  const Tensors same = promoted(tensors);
  return concatenated(same, checked_axis(axis, same[0].ndim()), where);
}

Tensor concatenate(std::initializer_list<Tensor> tensors, int axis, Location where) {
  return concatenate(std::span(tensors.begin(), tensors.size()), axis, where);
}

Tensor stack(std::span<const Tensor> tensors, int axis, Location where) {
  const OpScope scope("stack", where);
  Tensors rows = promoted(tensors);
  const Shape shape = rows[0].shape();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].shape() != shape) {
      throw op_error<ShapeError>(106, cat("input ", i, " has shape ", rows[i].shape(), ", input 0 has ",
                                          shape, ". They must be equal."));
    }
    rows[i] = expand_dims(rows[i], axis, where);
  }
  return concatenated(rows, checked_axis(axis, rows[0].ndim()), where);
}

Tensor stack(std::initializer_list<Tensor> tensors, int axis, Location where) {
  return stack(std::span(tensors.begin(), tensors.size()), axis, where);
}

}  // namespace chainrule
