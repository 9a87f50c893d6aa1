#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "caller.h"
#include "chainrule/conv.h"
#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "chainrule/tensor.h"
#include "convert.h"
#include "python.h"
#include "tensor_object.h"

namespace chainrule::python {

/// The arguments of a call, in the order of the signature: what was left out, or is None, is null.
class Arguments {
 public:
  static constexpr std::size_t kMost = 12;

  std::array<PyObject*, kMost> slots{};
  std::array<PyObject*, kMost> names{};
  std::uint32_t nones = 0;                ///< bits of those that were given, and are None
  PyObject* const* rest_first = nullptr;  ///< of `*operands`
  Py_ssize_t rest_count = 0;

  void put(std::size_t i, PyObject* given) {
    if (given != Py_None) slots[i] = given;
    if (given == Py_None) nones |= 1u << i;
  }
  Location where() { return where_.file != nullptr ? where_ : where_ = caller(); }
  bool has(std::size_t i) const { return slots[i] != nullptr; }
  bool is_none(std::size_t i) const { return (nones >> i & 1) != 0; }
  bool is_sequence(std::size_t i) const { return has(i) && PyIndex_Check(slots[i]) == 0; }

  const Tensor& tensor(std::size_t i) {
    if (is_tensor(slots[i])) return tensor_of(slots[i]);
    if (held_[i].is_empty()) held_[i] = to_tensor(slots[i], fraction());
    return held_[i];
  }
  /// In the dtype that another argument says.
  Tensor tensor_as(std::size_t i, DType dtype) { return to_tensor_as(slots[i], dtype); }
  /// An empty one where it was left out.
  const Tensor& tensor_or_none(std::size_t i) { return has(i) ? tensor(i) : held_[i]; }
  Operand operand(std::size_t i) {
    if (is_tensor(slots[i])) return {tensor_of(slots[i]), where()};
    if (is_number(slots[i])) return {to_number(slots[i]), where()};
    return {tensor(i), where()};
  }
  Operand operand(std::size_t i, const Number& otherwise) {
    return has(i) ? operand(i) : Operand(otherwise, where());
  }
  std::vector<Tensor> tensors(std::size_t i) { return to_tensors(slots[i], name(i)); }
  std::vector<Tensor> rest(std::size_t from);
  std::int64_t integer(std::size_t i) { return to_integer(slots[i], name(i)); }
  std::int64_t integer(std::size_t i, std::int64_t otherwise) {
    if (is_none(i)) throw_type(name(i), "an integer", Py_None);
    return has(i) ? integer(i) : otherwise;
  }
  int integer32(std::size_t i);
  int integer32(std::size_t i, int otherwise) {
    if (is_none(i)) throw_type(name(i), "an integer", Py_None);
    return has(i) ? integer32(i) : otherwise;
  }
  /// An axis that may be None.
  int axis_or(std::size_t i, int otherwise) { return has(i) ? integer32(i) : otherwise; }
  double number(std::size_t i) { return to_double(slots[i], name(i)); }
  double number(std::size_t i, double otherwise) { return has(i) ? number(i) : otherwise; }
  bool flag(std::size_t i) { return to_flag(slots[i], name(i)); }
  bool flag(std::size_t i, bool otherwise) { return has(i) ? flag(i) : otherwise; }
  DType dtype(std::size_t i) { return to_dtype(slots[i]); }
  DType dtype(std::size_t i, DType otherwise) { return has(i) ? dtype(i) : otherwise; }
  std::string text(std::size_t i) { return to_text(slots[i], name(i)); }
  Shape shape(std::size_t i) { return to_shape(slots[i]); }
  std::vector<std::int64_t> integers(std::size_t i) {
    return has(i) ? to_integers(slots[i], name(i)) : std::vector<std::int64_t>();
  }
  std::vector<int> integers32(std::size_t i) { return Axes::as_ints(integers(i)); }
  /// A bool is `keepdims` in the wrong place.
  Axes axes(std::size_t i) {
    if (!has(i)) return Axes();
    if (PyBool_Check(slots[i])) throw_type(name(i), "an integer or a sequence of them", slots[i]);
    return Axes(integers(i));
  }
  /// Whether no axis is asked for: axis=().
  bool is_no_axis(std::size_t i) const {
    return has(i) && PyTuple_CheckExact(slots[i]) && PyTuple_GET_SIZE(slots[i]) == 0;
  }
  /// For a reduction along no axis: the first argument gets an axis of size 1, along which it is reduced.
  void reduce_new_axis(std::size_t axis, std::size_t keepdims);
  Spatial spatial(std::size_t i) { return has(i) ? Spatial(integers(i)) : Spatial(); }
  Spatial spatial(std::size_t i, Spatial otherwise) { return has(i) ? spatial(i) : otherwise; }
  /// A number, numbers for the axes, a pair (low, high) for each axis, or "same".
  Padding padding(std::size_t i, int otherwise);
  Reduction reduction(std::size_t i, Reduction otherwise);
  PadMode pad_mode(std::size_t i, PadMode otherwise);
  /// NumPy's pad_width: a number, a pair, or a pair for each axis.
  std::vector<PadWidth> widths(std::size_t i, int axes);
  /// A seed, or (seed, stream, step).
  RandomKey key(std::size_t i);

 private:
  /// What numbers with a fraction become: f64 beside a tensor of f64.
  DType fraction() const;
  const char* name(std::size_t i) const { return PyUnicode_AsUTF8(names[i]); }

  std::array<Tensor, kMost> held_;
  Ref widened_, zero_;
  Location where_;
};

/// @name For functions that are written out in python/generate.py
/// @{
/// argmax and argmin as NumPy has them: without an axis, the place in the flattened tensor.
Tensor arg_of(Arguments& a, Tensor (*function)(const Tensor&, int, bool, Location));
ConvOptions conv_options(Arguments& a);
ConvTransposeOptions conv_transpose_options(Arguments& a);
Tensor rounded(Arguments& a);
/// trace and diagonal as NumPy has them: of any two axes, the first two unless others are named.
Tensor diagonal_of(Arguments& a);
Tensor clipped(Arguments& a);
/// Each with one axis.
std::vector<Tensor> flattened(std::vector<Tensor> tensors, Location where);
/// @}

}  // namespace chainrule::python
