#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/linalg.h"

namespace chainrule::python {
namespace {

/// The place of a word among some; a Python error that lists them if it is none.
std::size_t choose(PyObject* object, const char* what, std::initializer_list<const char*> words) {
  const std::string text = to_text(object, what);
  std::string list;
  std::size_t i = 0;
  for (const char* word : words) {
    if (text == word) return i;
    list.append(i == 0 ? "'" : ", '").append(word).append("'");
    ++i;
  }
  PyErr_Format(PyExc_ValueError, "%s is '%s', but must be one of %s", what, text.c_str(), list.c_str());
  throw PythonRaised{};
}

}  // namespace

std::vector<Tensor> Arguments::rest(std::size_t from) {
  std::vector<Tensor> tensors;
  for (std::size_t i = from; i < kMost && slots[i] != nullptr; ++i) tensors.push_back(tensor(i));
  PyObject* only = rest_count == 1 && tensors.empty() ? rest_first[0] : nullptr;
  if (only != nullptr && (PyList_Check(only) || PyTuple_Check(only)) &&
      text(0).find(',') != std::string::npos)
    return to_tensors(only, "operands");  // einsum("ij,jk->ik", [a, b])
  for (Py_ssize_t i = 0; i < rest_count; ++i) tensors.push_back(to_tensor(rest_first[i], fraction()));
  return tensors;
}

DType Arguments::fraction() const {
  const auto is_f64 = [](PyObject* each) { return fraction_beside(each) == f64; };
  const bool any = std::any_of(slots.begin(), slots.end(), is_f64) ||
                   std::any_of(rest_first, rest_first + rest_count, is_f64);
  return any ? f64 : f32;
}

void Arguments::reduce_new_axis(std::size_t axis, std::size_t keepdims) {
  widened_ = checked(give(expand_dims(tensor(0), 0, where())));
  zero_ = checked(PyLong_FromLong(0));
  slots[0] = widened_.get();
  slots[axis] = zero_.get();
  slots[keepdims] = nullptr;
}

int Arguments::integer32(std::size_t i) {
  const std::int64_t value = integer(i);
  return std::in_range<int>(value) ? static_cast<int>(value) : std::numeric_limits<int>::max();
}

Padding Arguments::padding(std::size_t i, int otherwise) {
  if (!has(i)) return otherwise;
  if (PyUnicode_Check(slots[i])) {
    choose(slots[i], name(i), {"same"});
    return Padding::same();
  }
  if (PyIndex_Check(slots[i])) return Padding(integer(i));
  const Ref list = checked(PySequence_Fast(slots[i], "padding must be an integer, a sequence or 'same'"));
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(list.get());
  if (count == 0 || PyIndex_Check(PySequence_Fast_GET_ITEM(list.get(), 0))) return Padding(integers(i));
  std::vector<std::int64_t> low, high;
  for (Py_ssize_t axis = 0; axis < count; ++axis) {
    const auto pair = to_integers(PySequence_Fast_GET_ITEM(list.get(), axis), name(i));
    if (pair.size() != 2) throw_type(name(i), "a pair (low, high) for each axis", slots[i]);
    low.push_back(pair[0]), high.push_back(pair[1]);
  }
  return Padding::of(Spatial(low), Spatial(high));
}

Reduction Arguments::reduction(std::size_t i, Reduction otherwise) {
  return has(i) ? static_cast<Reduction>(choose(slots[i], name(i), {"mean", "sum", "none"})) : otherwise;
}

PadMode Arguments::pad_mode(std::size_t i, PadMode otherwise) {
  return has(i) ? static_cast<PadMode>(choose(slots[i], name(i), {"constant", "edge", "reflect"}))
                : otherwise;
}

std::vector<PadWidth> Arguments::widths(std::size_t i, int axes) {
  const auto count = static_cast<std::size_t>(axes);
  if (PyIndex_Check(slots[i])) return std::vector<PadWidth>(count, {integer(i), integer(i)});
  const Ref list =
      checked(PySequence_Fast(slots[i], "widths must be an integer, a pair, or a pair for each axis"));
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(list.get());
  if (size == 2 && PyIndex_Check(PySequence_Fast_GET_ITEM(list.get(), 0))) {
    const auto pair = integers(i);
    return std::vector<PadWidth>(count, {pair[0], pair[1]});
  }
  std::vector<PadWidth> widths;
  for (Py_ssize_t axis = 0; axis < size; ++axis) {
    const auto pair = to_integers(PySequence_Fast_GET_ITEM(list.get(), axis), name(i));
    if (pair.empty() || pair.size() > 2) throw_type(name(i), "a pair (low, high) for each axis", slots[i]);
    widths.push_back({pair.front(), pair.back()});
  }
  if (widths.size() == 1) widths.resize(count, widths[0]);
  return widths;
}

RandomKey Arguments::key(std::size_t i) {
  const Ref list(PyIndex_Check(slots[i]) ? PyTuple_Pack(1, slots[i]) : PySequence_Fast(slots[i], ""));
  const Py_ssize_t count = list ? PySequence_Fast_GET_SIZE(list.get()) : 0;
  if (count < 1 || count > 3) {
    PyErr_Clear();
    throw_type(name(i), "a seed or (seed, stream, step)", slots[i]);
  }
  RandomKey key;
  std::uint64_t* const parts[] = {&key.seed, &key.stream, &key.step};
  for (Py_ssize_t part = 0; part < count; ++part)
    *parts[part] = to_seed(PySequence_Fast_GET_ITEM(list.get(), part), name(i));
  return key;
}

Tensor arg_of(Arguments& a, Tensor (*function)(const Tensor&, int, bool, Location)) {
  const bool keepdims = a.flag(2, false);
  if (a.has(1)) return function(a.tensor(0), a.integer32(1), keepdims, a.where());
  const Tensor place = function(flatten(a.tensor(0), 0, a.where()), 0, false, a.where());
  if (!keepdims) return place;
  return reshape(place, std::vector<int>(static_cast<std::size_t>(a.tensor(0).ndim()), 1), a.where());
}

ConvOptions conv_options(Arguments& a) {
  ConvOptions options;
  options.stride = a.spatial(3, 1);
  options.padding = a.padding(4, 0);
  options.dilation = a.spatial(5, 1);
  options.groups = a.integer(6, 1);
  return options;
}

ConvTransposeOptions conv_transpose_options(Arguments& a) {
  ConvTransposeOptions options;
  options.stride = a.spatial(3, 1);
  options.padding = a.padding(4, 0);
  options.output_padding = a.spatial(5, 0);
  options.dilation = a.spatial(6, 1);
  options.groups = a.integer(7, 1);
  return options;
}

Tensor rounded(Arguments& a) {
  const std::int64_t decimals = a.integer(1, 0);
  const DType dtype = a.tensor(0).dtype();
  const bool is_whole = !has_gradient(dtype) && dtype != DType::boolean;  // those stay what they are
  if (is_whole && decimals >= 0) return a.tensor(0);
  if (decimals == 0) return round(a.tensor(0), a.where());
  const double scale = std::pow(10.0, static_cast<double>(std::abs(decimals)));
  const Operand by(scale, a.where());
  if (decimals > 0) return round(a.operand(0) * by, a.where()) / by;
  const Tensor tens = round(a.operand(0) / by, a.where()) * by;
  return is_whole ? cast(tens, dtype, a.where()) : tens;
}

Tensor diagonal_of(Arguments& a) {
  const Tensor& x = a.tensor(0);
  const std::int64_t offset = a.integer(1, 0);
  const int first = a.integer32(2, 0), second = a.integer32(3, 1);
  std::vector<int> order;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (axis != first && axis != first + x.ndim() && axis != second && axis != second + x.ndim())
      order.push_back(axis);
  }
  order.push_back(first), order.push_back(second);
  Tensor y = permute(x, order, a.where());  // names axes that are not there, or are one
  const int row = x.ndim() - 2, column = x.ndim() - 1;
  if (offset > 0) y = slice(y, column, std::min(offset, y.size(column)), y.size(column), 1, a.where());
  if (offset < 0) y = slice(y, row, std::min(-offset, y.size(row)), y.size(row), 1, a.where());
  const std::int64_t count = std::min(y.size(row), y.size(column));
  y = slice(slice(y, row, 0, count, 1, a.where()), column, 0, count, 1, a.where());
  return diagonal(y, a.where());
}

std::vector<Tensor> flattened(std::vector<Tensor> tensors, Location where) {
  for (Tensor& each : tensors) each = flatten(each, 0, where);
  return tensors;
}

Tensor clipped(Arguments& a) {
  if (a.has(1) && a.has(2)) return clip(a.operand(0), a.operand(1), a.operand(2));
  if (a.has(1)) return maximum(a.operand(0), a.operand(1));
  return a.has(2) ? minimum(a.operand(0), a.operand(2)) : a.tensor(0);
}

}  // namespace chainrule::python
