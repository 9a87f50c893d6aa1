// Shapes, parts, sums, elements by number, in ONNX.
#include <algorithm>
#include <climits>

#include "chainrule/ops.h"
#include "onnx/form.h"

namespace chainrule::onnx {
namespace {

std::string reshape(FormCall& f) { return f.w.reshape(f[0].name, f.setting("to").numbers); }

std::string broadcast_to(FormCall& f) { return f.w.add("Expand", {f[0].name, f.w.sizes(f.shape())}); }

std::string permute(FormCall& f) {
  const std::vector<std::int64_t> order = f.integers("order");
  if (order.empty()) return f.w.add("Identity", f.names());
  return f.w.add("Transpose", f.names(), {integers("perm", order)});
}

/// A part of x along an axis; the numbers may depend on the batch.
std::string part(FormCall& f, const std::string& x, std::int64_t axis, const Extent& start,
                 const Extent& stop, std::int64_t step) {
  return f.w.add("Slice",
                 {x, f.w.sizes({start}), f.w.sizes({stop}), f.w.integers({axis}), f.w.integers({step})});
}

std::string slice(FormCall& f) {
  const std::int64_t axis = f.integer("axis"), step = f.integer("step");
  const Extent start = f.extent("start"), count = f.extent("count"),
               size = f[0].shape[static_cast<std::size_t>(axis)];
  Extent stop{start.times + step * count.times, start.plus + step * count.plus};
  if (step > 0 && stop == size) stop = {0, INT64_MAX};
  // One more than the last element is outside: past the first it has to be said with a number that is no
  // place.
  if (step < 0) stop = stop.is_fixed() && stop.plus < 0 ? Extent{0, INT64_MIN} : stop;
  if (count == Extent{0, 0}) stop = start;
  return part(f, f[0].name, axis, start, stop, step);
}

std::string padded(FormCall& f, const std::string& x, std::size_t ndim, std::int64_t axis, const Extent& low,
                   const Extent& high) {
  Extents pads(2 * ndim);
  pads[static_cast<std::size_t>(axis)] = low;
  pads[ndim + static_cast<std::size_t>(axis)] = high;
  return f.w.add("Pad", {x, f.w.sizes(pads)});
}

std::string pad(FormCall& f) {
  const std::int64_t axis = f.integer("axis"), interior = f.integer("interior");
  std::string x = f[0].name;
  if (interior > 0) {  // an axis behind this one, filled up, and joined with it
    const auto at = static_cast<std::size_t>(axis);
    Extents apart = f[0].shape;
    apart.insert(apart.begin() + axis + 1, Extent{0, 1});
    x = f.w.reshape(x, apart);
    x = padded(f, x, apart.size(), axis + 1, {}, {0, interior});
    Extents joined = f[0].shape;
    joined[at] = {joined[at].times * (interior + 1), joined[at].plus * (interior + 1)};
    x = f.w.reshape(x, joined);
    x = part(f, x, axis, {0, 0}, {0, -interior}, 1);
  }
  if (f.extent("low") == Extent{} && f.extent("high") == Extent{})
    return interior > 0 ? x : f.w.add("Identity", {x});
  return padded(f, x, f.shape().size(), axis, f.extent("low"), f.extent("high"));
}

std::string concatenate(FormCall& f) {
  return f.w.add("Concat", f.names(), {integer("axis", f.integer("axis"))});
}

std::string summed(FormCall& f) {
  std::string x = f[0].name;
  if (f[0].dtype == DType::u8 || f[0].dtype == DType::boolean) x = f.w.cast(x, DType::i64);
  const std::vector<std::int64_t> axes = axes_of(f.integer("axes"));
  if (axes.empty()) return f.w.add("Identity", {x});
  return f.w.add("ReduceSum", {x, f.w.integers(axes)}, {integer("keepdims", f.integer("keepdims"))});
}

std::string largest(FormCall& f) {
  const std::vector<std::int64_t> axes = axes_of(f.integer("axes"));
  if (axes.empty()) return f.w.add("Identity", f.names());
  return f.w.add("ReduceMax", f.names(), {integers("axes", axes), integer("keepdims", 1)});
}

std::string norm(FormCall& f) {
  const std::vector<std::int64_t> axes = axes_of(f.integer("axes"));
  if (axes.empty()) return f.w.add("Abs", f.names());
  return f.w.add("ReduceL2", f.names(), {integers("axes", axes), integer("keepdims", 1)});
}

std::string argmax(FormCall& f) {
  std::string x = f[0].name;
  if (f[0].dtype == DType::i64 || f[0].dtype == DType::boolean) x = f.w.cast(x, DType::f64);
  return f.w.add("ArgMax", {x}, {integer("axis", f.integer("axis")), integer("keepdims", 0)});
}

std::string cumsum(FormCall& f) {
  std::string x = f[0].name;
  if (f[0].dtype == DType::u8 || f[0].dtype == DType::boolean) x = f.w.cast(x, DType::i64);
  return f.w.add("CumSum", {x, f.w.number(static_cast<double>(f.integer("axis")), DType::i64)},
                 {integer("reverse", f.integer("reverse")), integer("exclusive", f.integer("exclusive"))});
}

/// Whether indices are one list for all, (1, n, 1), of which the others are copies.
bool is_list(const Extents& indices, std::size_t axis) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (i != axis && indices[i] != Extent{0, 1}) return false;
  }
  return true;
}

std::string take(FormCall& f) {
  const auto axis = static_cast<std::size_t>(f.integer("axis"));
  const Attribute along = integer("axis", f.integer("axis"));
  if (!is_list(f[1].shape, axis)) return f.w.add("GatherElements", f.names(), {along});
  return f.w.add("Gather", {f[0].name, f.w.reshape(f[1].name, {f[1].shape[axis]})}, {along});
}

std::string scatter_add(FormCall& f) {
  const auto axis = static_cast<std::size_t>(f.integer("axis"));
  const std::string places =
      is_list(f[1].shape, axis) ? f.w.add("Expand", {f[1].name, f.w.sizes(f[0].shape)}) : f[1].name;
  const bool is_byte = f.dtype() == DType::u8;
  const DType dtype = is_byte ? DType::i64 : f.dtype();
  const std::string none = f.w.add("Expand", {f.w.number(0, dtype), f.w.sizes(f.shape())});
  const std::string updates = is_byte ? f.w.cast(f[0].name, DType::i64) : f[0].name;
  const std::string y = f.w.add("ScatterElements", {none, places, updates},
                                {integer("axis", f.integer("axis")), text("reduction", "add")});
  return is_byte ? f.w.cast(f.w.add("Mod", {y, f.w.number(256, DType::i64)}), DType::u8) : y;
}

std::string argsort(FormCall& f) {
  std::string x = f[0].name;
  if (f[0].dtype == DType::u8 || f[0].dtype == DType::boolean) x = f.w.cast(x, DType::i64);
  return f.w.add_several("TopK", {x, f.w.sizes({f.extent("count")})}, 2,
                         {integer("axis", f.integer("axis")), integer("largest", f.integer("descending")),
                          integer("sorted", 1)})[1];
}

constexpr Form kForms[] = {
    {"sum", "ReduceSum", summed},
    {"max", "ReduceMax", largest},
    {"norm", "ReduceL2", norm, "its squares may be out of range"},
    {"argmax", "ArgMax", argmax, "NaN is not found"},
    {"cumsum", "CumSum", cumsum},
    {"reshape", "Reshape", reshape},
    {"broadcast_to", "Expand", broadcast_to},
    {"permute", "Transpose", permute},
    {"slice", "Slice", slice},
    {"pad", "Pad", pad},
    {"concatenate", "Concat", concatenate},
    {"take", "Gather", take, "or GatherElements"},
    {"scatter_add", "ScatterElements", scatter_add},
    {"argsort", "TopK", argsort},
};

}  // namespace

std::span<const Form> shape_forms() { return kForms; }

}  // namespace chainrule::onnx
