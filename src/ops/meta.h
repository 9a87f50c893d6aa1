#pragma once

#include <array>
#include <span>

#include "core/checked.h"
#include "ops/op.h"

// What shape rules share.
namespace chainrule {

/// The axis counted from the start. @throws ShapeError E013
int checked_axis(int axis, int ndim);

/// For elementwise operations on floating inputs of one dtype. @throws DTypeError E015, ShapeError E011
Meta floating_elementwise(std::span<const Meta> in);

/// For elementwise arithmetic on inputs of one dtype, not boolean. @throws DTypeError E015, ShapeError E011
Meta numeric_elementwise(std::span<const Meta> in);

/// @throws DTypeError E015  unless the input is floating.
void require_floating(const Meta& in);
/// @throws DTypeError E015  unless the inputs have one dtype.
void require_same_dtype(std::span<const Meta> in);

/// The dtype that holds both, as NumPy's promotion has it.
DType promote(DType a, DType b);

/// A size that was made of numbers which callers chose. @throws ShapeError E001  if it is too large
std::int64_t checked(Checked size);

/// The shape with one size changed.
Shape with_size(const Shape& shape, int axis, std::int64_t size);

/// Sizes before, along and after an axis: a tensor as an (outer, size, inner) block.
struct AxisBlock {
  std::int64_t outer = 1, size = 1, inner = 1;
};
AxisBlock block_around(const Shape& shape, int axis);

}  // namespace chainrule
