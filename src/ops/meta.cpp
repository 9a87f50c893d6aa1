#include "ops/meta.h"

#include <algorithm>

namespace chainrule {
namespace {

/// Axis by axis, from the last.
Shape broadcast_by_axes(std::span<const Meta> in) {
  int ndim = 0;
  for (const Meta& meta : in) ndim = std::max(ndim, meta.shape.ndim());
  std::array<std::int64_t, Shape::kMaxNdim> sizes;
  sizes.fill(1);
  for (const Meta& meta : in) {
    const int lead = ndim - meta.shape.ndim();
    for (int axis = 0; axis < meta.shape.ndim(); ++axis) {
      std::int64_t& size = sizes[static_cast<std::size_t>(lead + axis)];
      if (meta.shape[axis] == size || meta.shape[axis] == 1) continue;
      if (size != 1) {
        std::string shapes = in[0].shape.to_string();
        for (const Meta& other : in.subspan(1)) shapes += " and " + other.shape.to_string();
        throw op_error<ShapeError>(
            11, cat("shapes ", shapes, " do not broadcast: axis ", lead + axis - ndim, " has sizes ", size,
                    " and ", meta.shape[axis], ". Sizes must be equal or 1, compared from the last axis."));
      }
      size = meta.shape[axis];
    }
  }
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(ndim)));
}

}  // namespace

int checked_axis(int axis, int ndim) {
  if (axis < -ndim || axis >= ndim) {
    throw op_error<ShapeError>(13, ndim == 0 ? cat("axis ", axis, " of a scalar, which has none.")
                                             : cat("axis ", axis, " of ", ndim, " axes. Axes go from ", -ndim,
                                                   " to ", ndim - 1, "."));
  }
  return axis < 0 ? axis + ndim : axis;
}

Shape broadcast_shape(std::span<const Meta> in) {
  // Most operations have inputs of one shape, and numbers.
  const Shape* shape = &in[0].shape;
  for (const Meta& meta : in.subspan(1)) {
    if (meta.shape.ndim() == 0 || meta.shape == *shape) continue;
    if (shape->ndim() > 0) return broadcast_by_axes(in);
    shape = &meta.shape;
  }
  return *shape;
}

void require_floating(const Meta& in) {
  if (!is_floating(in.dtype)) {
    throw op_error<DTypeError>(
        15, cat("needs f32 or f64, got ", name_of(in.dtype), ". Convert with cast(x, f32)."));
  }
}

void require_same_dtype(std::span<const Meta> in) {
  for (const Meta& meta : in.subspan(1)) {
    if (meta.dtype == in[0].dtype) continue;
    throw op_error<DTypeError>(15, cat("needs inputs of one dtype, got ", name_of(in[0].dtype), " and ",
                                       name_of(meta.dtype), ". Convert with cast."));
  }
}

Meta floating_elementwise(std::span<const Meta> in) {
  require_same_dtype(in);
  require_floating(in[0]);
  return {in[0].dtype, broadcast_shape(in)};
}

Meta numeric_elementwise(std::span<const Meta> in) {
  require_same_dtype(in);
  if (in[0].dtype == DType::boolean) {
    throw op_error<DTypeError>(
        15, "boolean tensors have no arithmetic. Convert with cast(x, i64) or cast(x, f32).");
  }
  return {in[0].dtype, broadcast_shape(in)};
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  a = computed_as(a), b = computed_as(b);
  if (a == b) return a;
  if (a == DType::boolean) return b;
  if (b == DType::boolean) return a;
  if (is_floating(a) && is_floating(b)) return DType::f64;
  if (!is_floating(a) && !is_floating(b)) return DType::i64;
  const DType floating = is_floating(a) ? a : b;
  const DType integer = is_floating(a) ? b : a;
  return integer == DType::u8 ? floating : DType::f64;
}

std::int64_t checked(Checked size) {
  if (!size.is_too_large()) return size.value();
  throw op_error<ShapeError>(1, "a size would be 2^63 or more. Look for a number that overflowed before.");
}

Shape with_size(const Shape& shape, int axis, std::int64_t size) {
  std::array<std::int64_t, Shape::kMaxNdim> sizes{};
  std::copy(shape.begin(), shape.end(), sizes.begin());
  sizes[static_cast<std::size_t>(axis)] = size;
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(shape.ndim())));
}

AxisBlock block_around(const Shape& shape, int axis) {
  AxisBlock block;
  for (int i = 0; i < shape.ndim(); ++i) {
    (i < axis ? block.outer : i == axis ? block.size : block.inner) *= shape[i];
  }
  return block;
}

}  // namespace chainrule
