#pragma once

#include "chainrule/tensor.h"
#include "python.h"

// The Python type chainrule.Tensor.
namespace chainrule::python {

struct TensorObject {
  PyObject_HEAD Tensor tensor;
  PyObject* weak_references;
};

extern PyTypeObject tensor_type;

inline bool is_tensor(PyObject* object) { return PyObject_TypeCheck(object, &tensor_type); }
inline const Tensor& tensor_of(PyObject* object) { return reinterpret_cast<TensorObject*>(object)->tensor; }

/// A new object; null with an error set, if there is no memory.
PyObject* give(Tensor tensor);

/// Computes what has no value yet, while other threads run.
void compute(const Tensor& tensor);

/// The only element as a number: a new reference.
PyObject* number_of(const Tensor& tensor);

/// Elements of a tensor: integers, slices, ..., None, integer arrays and masks, as NumPy's indexing.
Tensor index(const Tensor& tensor, PyObject* key);

/// @name Parts of the type, each in a file of its own
/// @{
extern PyNumberMethods number_methods;
extern PyBufferProcs buffer_methods;
extern PyMethodDef exchange_methods[];
PyObject* compare(PyObject* a, PyObject* b, int op);
PyObject* dlpack_device(PyObject*, PyObject*);
/// @}

/// Adds the type to the module.
int add_tensor_type(PyObject* module);
/// What NumPy asks of its elementwise functions of tensors.
void set_array_ufunc(PyObject* function);

}  // namespace chainrule::python
