#include "ops/axes.h"

#include <array>

namespace chainrule {

Axes::Axes(std::span<const int> axes) {
  if (axes.size() > Shape::kMaxNdim) {
    throw ShapeError(13,
                     cat("[axes] ", axes.size(), " axes; no tensor has more than ", Shape::kMaxNdim, "."));
  }
  for (int axis : axes) axes_[count_++] = axis;
}

AxisSet axis_set(const Axes& axes, int ndim) {
  if (axes.axes().empty()) return (AxisSet{1} << ndim) - 1;
  AxisSet set = 0;
  for (int axis : axes.axes()) {
    const AxisSet bit = AxisSet{1} << checked_axis(axis, ndim);
    if (set & bit) throw op_error<ShapeError>(13, cat("axis ", axis, " stands twice in the list."));
    set |= bit;
  }
  return set;
}

Shape kept_shape(const Shape& shape, AxisSet set) {
  std::array<std::int64_t, Shape::kMaxNdim> sizes;
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    sizes[static_cast<std::size_t>(axis)] = set >> axis & 1 ? 1 : shape[axis];
  }
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(shape.ndim())));
}

void require_elements(const Shape& shape, AxisSet set) {
  if (shape.numel() == 0 && kept_shape(shape, set).numel() > 0) {
    throw op_error<ShapeError>(24, cat("no element to choose from in shape ", shape, "."));
  }
}

Shape dropped_shape(const Shape& shape, AxisSet set) {
  std::array<std::int64_t, Shape::kMaxNdim> sizes;
  std::size_t count = 0;
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    if (!(set >> axis & 1)) sizes[count++] = shape[axis];
  }
  return Shape(std::span<const std::int64_t>(sizes).first(count));
}

bool as_block(const Shape& shape, AxisSet set, AxisBlock& block) {
  block = {};
  int stage = 0;  // 0: before the reduced axes, 1: among them, 2: after them
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    if (shape[axis] == 1) continue;
    const bool reduced = set >> axis & 1;
    if (reduced && stage == 2) return false;
    if (reduced) stage = 1;
    if (!reduced && stage == 1) stage = 2;
    (stage == 0 ? block.outer : stage == 1 ? block.size : block.inner) *= shape[axis];
  }
  return true;
}

AxisSet last_block(const Shape& shape, AxisSet set) {
  AxisSet block = 0;
  for (int axis = shape.ndim() - 1; axis >= 0; --axis) {
    const AxisSet bit = AxisSet{1} << axis;
    if (set & bit) {
      block |= bit;
    } else if (block != 0 && shape[axis] != 1) {
      break;
    }
  }
  return block;
}

std::vector<int> set_last(AxisSet set, int ndim) {
  std::vector<int> order;
  for (const AxisSet wanted : {0u, 1u}) {
    for (int axis = 0; axis < ndim; ++axis) {
      if ((set >> axis & 1) == wanted) order.push_back(axis);
    }
  }
  return order;
}

}  // namespace chainrule
