#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/ops.h"
#include "ops/meta.h"

// Sets of axes, which reductions and other functions of several axes take.
namespace chainrule {

/// A set of axes: bit i stands for axis i. A set has one form, so that equal reductions are equal nodes.
using AxisSet = std::uint32_t;

/// The axes as a set; all of them if none is named. @throws ShapeError E013
AxisSet axis_set(const Axes& axes, int ndim);

/// The shape with the axes of the set at size 1.
Shape kept_shape(const Shape& shape, AxisSet set);

/// @throws ShapeError E024  if a reduction over the set would have no element to choose from.
void require_elements(const Shape& shape, AxisSet set);

/// The shape without the axes of the set.
Shape dropped_shape(const Shape& shape, AxisSet set);

/// The axes of the set as one (outer, size, inner) block; false if they do not stand together. Axes of size 1
/// do not matter.
bool as_block(const Shape& shape, AxisSet set, AxisBlock& block);

/// Those axes of the set that form a block together with its last one.
AxisSet last_block(const Shape& shape, AxisSet set);

/// The axes with those of the set behind the others, both in their order.
std::vector<int> set_last(AxisSet set, int ndim);

}  // namespace chainrule
