// x[key] as NumPy has it.
// check-errors: E550 E551 E552
#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "caller.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "convert.h"
#include "core/text.h"
#include "graph/node.h"
#include "tensor_object.h"

namespace chainrule::python {
namespace {

/// What stands at one place of a key.
struct Item {
  enum class Kind { whole, range, new_axis, places, gap };  // a gap: "..." for no axis
  Kind kind = Kind::whole;
  PyObject* object = nullptr;  // of a range: a slice
  Tensor places;               // i64, any shape
  bool is_number = false;      // an integer: its axis goes away
};

[[noreturn]] void refuse(int code, const std::string& what) {
  throw ShapeError(code, cat("[index] ", what, OriginScope::current(caller()).to_string()));
}

/// Where a mask is true: the places along each of its axes.
void add_mask(const Tensor& mask, std::vector<Item>& items) {
  compute(mask);
  const std::span<const bool> values = mask.data<bool>();
  std::vector<std::vector<std::int64_t>> places(static_cast<std::size_t>(mask.ndim()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    std::int64_t rest = static_cast<std::int64_t>(i);
    for (int axis = mask.ndim() - 1; axis >= 0; --axis) {
      places[static_cast<std::size_t>(axis)].push_back(rest % mask.shape()[axis]);
      rest /= mask.shape()[axis];
    }
  }
  for (const auto& each : places) {
    const auto count = static_cast<std::int64_t>(each.size());
    items.push_back({Item::Kind::places, nullptr, from_data(each, Shape{count}), false});
  }
}

bool is_plain_integer(PyObject* object) {
  return PyIndex_Check(object) && !PyBool_Check(object) &&
         !(is_tensor(object) && tensor_of(object).ndim() > 0) && !PyObject_CheckBuffer(object);
}

/// The key's items, one an axis, but for new axes; `axis` is where the next one stands.
void add_item(PyObject* object, const Shape& shape, int& axis, std::vector<Item>& items) {
  if (object == Py_None) {
    items.push_back({Item::Kind::new_axis, nullptr, {}, false});
    return;
  }
  const bool is_slice = PySlice_Check(object);
  Tensor places;
  if (!is_slice) {
    places = is_plain_integer(object) ? scalar(to_integer(object, "an index"), i64) : to_tensor(object);
    if (PyList_Check(object) && PyList_GET_SIZE(object) == 0) places = cast(places, i64);
  }
  const int taken = !is_slice && places.dtype() == boolean ? places.ndim() : 1;
  if (axis + taken > shape.ndim())
    refuse(550, cat("too many indices for shape ", shape.to_string(), ". Need at most one an axis."));
  if (is_slice) {
    items.push_back({Item::Kind::range, object, {}, false});
  } else if (places.dtype() == boolean) {
    for (int i = 0; i < places.ndim(); ++i) {
      if (places.shape()[i] != shape[axis + i])
        refuse(551, cat("a mask of shape ", places.shape().to_string(), " at axis ", axis, " of shape ",
                        shape.to_string(), ". Need the same sizes."));
    }
    if (places.ndim() == 0) throw_type("an index", "an integer, a slice, ..., None, or an array", object);
    add_mask(places, items);
  } else if (has_gradient(places.dtype())) {
    throw_type("an index", "an integer, a slice, ..., None, or an array of integers or booleans", object);
  } else {
    items.push_back({Item::Kind::places, nullptr, places.dtype() == i64 ? places : cast(places, i64),
                     is_plain_integer(object)});
  }
  axis += taken;
}

/// How many axes of the tensor an item of the key takes.
int axes_of(PyObject* object) {
  if (object == Py_None || object == Py_Ellipsis) return 0;
  if (PySlice_Check(object) || is_plain_integer(object)) return 1;
  if (PyBool_Check(object)) return 0;
  const Tensor places = to_tensor(object);
  return places.dtype() == boolean ? places.ndim() : 1;
}

std::vector<Item> read_key(const Shape& shape, PyObject* key) {
  const Ref tuple = PyTuple_Check(key) ? Ref::of(key) : checked(PyTuple_Pack(1, key));
  const Py_ssize_t count = PyTuple_GET_SIZE(tuple.get());
  std::vector<Item> items;
  int axis = 0;
  bool has_ellipsis = false;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* object = PyTuple_GET_ITEM(tuple.get(), i);
    if (object != Py_Ellipsis) {
      add_item(object, shape, axis, items);
      continue;
    }
    if (has_ellipsis) refuse(550, "more than one '...'. Need at most one.");
    has_ellipsis = true;
    int behind = 0;
    for (Py_ssize_t j = i + 1; j < count; ++j) behind += axes_of(PyTuple_GET_ITEM(tuple.get(), j));
    if (axis >= shape.ndim() - behind) items.push_back({Item::Kind::gap, nullptr, {}, false});
    for (; axis < shape.ndim() - behind; ++axis) items.emplace_back();
  }
  for (; axis < shape.ndim(); ++axis) items.emplace_back();
  return items;
}

Tensor take_range(const Tensor& x, PyObject* object, int axis, Location where) {
  Py_ssize_t start = 0, stop = 0, step = 0;
  checked(PySlice_Unpack(object, &start, &stop, &step));
  const std::int64_t size = x.shape()[axis];
  const Py_ssize_t count = PySlice_AdjustIndices(size, &start, &stop, step);
  if (step == 1 && count == size) return x;
  if (count == 0) return slice(x, axis, 0, 0, 1, where);
  return slice(x, axis, start, step < 0 && stop < 0 ? kBeforeFirst : stop, step, where);
}

/// Places along several axes, broadcast, as places along all of them in a row.
Tensor joined_places(const Tensor& x, const std::vector<int>& axes, const std::vector<Tensor>& places) {
  Tensor all = zeros({}, i64);
  for (const Tensor& each : places) all = all + each;  // the broadcast shape, or its error
  const Shape shape = all.shape();
  std::vector<std::int64_t> joined(static_cast<std::size_t>(shape.numel()), 0);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const Tensor each = broadcast_to(places[k], shape);
    compute(each);
    const std::int64_t size = x.shape()[axes[k]];
    const std::span<const std::int64_t> values = each.data<std::int64_t>();
    for (std::size_t i = 0; i < joined.size(); ++i) {
      if (values[i] < -size || values[i] >= size)
        refuse(552, cat("index ", values[i], " is out of range for axis ", axes[k], " of size ", size,
                        ". Need ", -size, " to ", size - 1, "."));
      joined[i] = joined[i] * size + (values[i] < 0 ? values[i] + size : values[i]);
    }
  }
  return from_data(joined, shape);
}

/// Takes places along several axes: those axes come to the front, and are one.
Tensor take_places(const Tensor& x, const std::vector<int>& axes, const std::vector<Tensor>& places,
                   int target, Location where) {
  const Tensor joined = joined_places(x, axes, places);
  std::vector<int> order = axes;
  std::vector<std::int64_t> sizes{-1};
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) != axes.end()) continue;
    order.push_back(axis);
    sizes.push_back(x.shape()[axis]);
  }
  sizes[0] = 1;
  for (const int axis : axes) sizes[0] *= x.shape()[axis];
  const Tensor taken = take(reshape(permute(x, order, where), sizes, where), joined, 0, where);
  if (target == 0) return taken;
  std::vector<int> back;  // the new axes from the front to where they belong
  for (int axis = 0; axis < target; ++axis) back.push_back(joined.ndim() + axis);
  for (int axis = 0; axis < joined.ndim(); ++axis) back.push_back(axis);
  for (int axis = joined.ndim() + target; axis < taken.ndim(); ++axis) back.push_back(axis);
  return permute(taken, back, where);
}

}  // namespace

Tensor index(const Tensor& tensor, PyObject* key) {
  const Location where = caller();
  const OriginScope here(where);
  if (is_plain_integer(key) && tensor.ndim() > 0)
    return select(tensor, to_integer(key, "an index"), 0, where);
  const std::vector<Item> items = read_key(tensor.shape(), key);
  const bool has_arrays = std::any_of(
      items.begin(), items.end(), [](const Item& i) { return i.kind == Item::Kind::places && !i.is_number; });
  Tensor x = tensor;
  std::vector<int> axes;       // of places
  std::vector<Tensor> places;  // along them
  std::vector<std::size_t> stands;
  int axis = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (item.kind == Item::Kind::gap) continue;
    if (item.kind == Item::Kind::places && !has_arrays) {
      x = select(x, item.places.item<std::int64_t>(), axis, where);
      continue;
    }
    if (item.kind == Item::Kind::range) x = take_range(x, item.object, axis, where);
    if (item.kind == Item::Kind::new_axis) x = expand_dims(x, axis, where);
    if (item.kind == Item::Kind::places) {
      axes.push_back(axis);
      places.push_back(item.places);
      stands.push_back(i);
    }
    ++axis;
  }
  if (axes.empty()) return x;
  if (axes.size() == 1) return take(x, places[0], axes[0], where);
  const bool side_by_side = stands.back() - stands.front() + 1 == stands.size();
  return take_places(x, axes, places, side_by_side ? axes[0] : 0, where);
}

}  // namespace chainrule::python
