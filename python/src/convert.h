#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/dtype.h"
#include "chainrule/number.h"
#include "chainrule/shape.h"
#include "chainrule/tensor.h"
#include "python.h"

// What Python's objects become in C++. `what` names the argument in messages.
namespace chainrule::python {

/// A number: int, float, bool, or one of NumPy's.
bool is_number(PyObject* object);
Number to_number(PyObject* object);

/// A Tensor as it is; a number, an array, a list, or whatever NumPy makes an array of. From a list or a
/// number f32, i64 or bool comes; an array keeps its dtype where Chainrule has it. Arrays are copied, since a
/// tensor never changes.
/// @param fraction  what numbers and lists with a fraction become: f32 or f64.
Tensor to_tensor(PyObject* object, DType fraction = f32);
/// The same in a dtype, which no rounding to another one comes before.
Tensor to_tensor_as(PyObject* object, DType dtype);
/// What a number with a fraction becomes beside an object: f64 if that is a tensor, or an array, of f64.
DType fraction_beside(PyObject* object);

/// "f32", "float32", np.float32, a NumPy dtype, float (f32), int (i64), bool.
DType to_dtype(PyObject* object);
/// NumPy's dtype; a new reference.
PyObject* from_dtype(DType dtype);

std::int64_t to_integer(PyObject* object, const char* what);
/// An integer from 0 to the largest of 64 bits.
std::uint64_t to_seed(PyObject* object, const char* what);
double to_double(PyObject* object, const char* what);
bool to_flag(PyObject* object, const char* what);
std::string to_text(PyObject* object, const char* what);
std::vector<std::string> to_texts(PyObject* object, const char* what);
/// One integer, or some.
std::vector<std::int64_t> to_integers(PyObject* object, const char* what);
Shape to_shape(PyObject* object);
PyObject* from_shape(const Shape& shape);
std::vector<Tensor> to_tensors(PyObject* object, const char* what);

/// A class's name without its module's.
const char* plain_name(PyTypeObject* type);

[[noreturn]] void throw_type(const char* what, const char* wanted, PyObject* got);

}  // namespace chainrule::python
