#include "tensor_object.h"

#include <cstddef>
#include <new>

#include "caller.h"
#include "chainrule/ops.h"
#include "computing.h"
#include "convert.h"
#include "graph/node.h"

namespace chainrule::python {
namespace {

TensorObject* self_of(PyObject* self) { return reinterpret_cast<TensorObject*>(self); }

PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
  return guarded([&] {
    PyObject *values = nullptr, *dtype = nullptr;
    static const char* names[] = {"values", "dtype", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|O", const_cast<char**>(names), &values, &dtype))
      throw PythonRaised{};
    const bool is_free = dtype == nullptr || dtype == Py_None;
    return give(is_free ? to_tensor(values) : to_tensor_as(values, to_dtype(dtype)));
  });
}

void destroy(PyObject* object) {
  TensorObject* self = self_of(object);
  if (self->weak_references != nullptr) PyObject_ClearWeakRefs(object);
  self->tensor.~Tensor();
  PyObject_Free(object);
}

PyObject* repr(PyObject* self) {
  return guarded([&] { return checked(call(of_package("_convert", "text_of"), self)).release(); });
}

PyObject* str(PyObject* self) {
  return guarded([&] { return checked(call(of_package("_convert", "plain_text_of"), self)).release(); });
}

Py_ssize_t length(PyObject* self) {
  const Tensor& x = tensor_of(self);
  if (x.ndim() > 0) return x.shape()[0];
  PyErr_SetString(PyExc_TypeError, "len() of a tensor without axes");
  return -1;
}

PyObject* subscript(PyObject* self, PyObject* key) {
  return guarded([&] { return give(index(tensor_of(self), key)); });
}

/// What other libraries see that take a tensor for a sequence of sequences: of a vector, numbers, as they
/// take whatever has elements for a sequence, too. Python's own x[i] and iteration do not ask it.
PyObject* item_at(PyObject* self, Py_ssize_t i) {
  return guarded([&]() -> PyObject* {
    if (i < length(self)) {
      const Tensor element = select(tensor_of(self), i, 0, caller());
      return element.ndim() == 0 ? number_of(element) : give(element);
    }
    if (!PyErr_Occurred()) PyErr_SetNone(PyExc_IndexError);
    return nullptr;
  });
}

int assign(PyObject*, PyObject*, PyObject*) {
  PyErr_SetString(
      PyExc_TypeError,
      "a tensor never changes: make another one, with where(mask, new, x), index_add, scatter_add or "
      "concatenate; or work on a copy, numpy.array(x)");
  return -1;
}

/// map(self.__getitem__, range(len(self)))
PyObject* iterate(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const Py_ssize_t count = length(self);
    if (count < 0) {
      PyErr_SetString(PyExc_TypeError, "iteration over a tensor without axes");
      return nullptr;
    }
    const Ref get = checked(PyObject_GetAttrString(self, "__getitem__"));
    const Ref places = checked(PyObject_CallFunction(reinterpret_cast<PyObject*>(&PyRange_Type), "n", count));
    return PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(&PyMap_Type), get.get(), places.get(),
                                        nullptr);
  });
}

PyObject* shape(PyObject* self, void*) {
  return guarded([&] { return from_shape(tensor_of(self).shape()); });
}
PyObject* dtype(PyObject* self, void*) {
  return guarded([&] { return from_dtype(tensor_of(self).dtype()); });
}
PyObject* ndim(PyObject* self, void*) { return PyLong_FromLong(tensor_of(self).ndim()); }
PyObject* size(PyObject* self, void*) { return PyLong_FromLongLong(tensor_of(self).numel()); }
PyObject* nbytes(PyObject* self, void*) { return PyLong_FromSize_t(tensor_of(self).node()->bytes()); }
PyObject* itemsize(PyObject* self, void*) { return PyLong_FromSize_t(size_of(tensor_of(self).dtype())); }
PyObject* transposed(PyObject* self, void*) {
  return guarded([&] { return give(transpose(tensor_of(self), caller())); });
}

PyGetSetDef properties[] = {{"shape", shape, nullptr, "Sizes along the axes: a tuple.", nullptr},
                            {"dtype", dtype, nullptr, "NumPy's dtype of the elements.", nullptr},
                            {"ndim", ndim, nullptr, "Number of axes.", nullptr},
                            {"size", size, nullptr, "Number of elements.", nullptr},
                            {"nbytes", nbytes, nullptr, "Bytes of the elements.", nullptr},
                            {"itemsize", itemsize, nullptr, "Bytes of an element.", nullptr},
                            {"T", transposed, nullptr, "The axes in reverse order.", nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};

PySequenceMethods sequence_methods = [] {
  PySequenceMethods sequence{};
  sequence.sq_length = length;
  sequence.sq_item = item_at;
  return sequence;
}();
PyMappingMethods mapping_methods{length, subscript, assign};

}  // namespace

PyTypeObject tensor_type = [] {
  PyTypeObject type{};
  type.ob_base.ob_base.ob_refcnt = 1;
  type.tp_name = "chainrule.Tensor";
  type.tp_doc =
      "Tensor(values, dtype=None)\n--\n\n"
      "An array of numbers: given, or the result of an operation on other tensors, which it remembers for "
      "gradients.\n\nIts value never changes. Numbers are computed when somebody reads them.";
  type.tp_basicsize = sizeof(TensorObject);
  type.tp_flags = Py_TPFLAGS_DEFAULT;
  type.tp_new = make;
  type.tp_dealloc = destroy;
  type.tp_repr = repr;
  type.tp_str = str;
  type.tp_iter = iterate;
  type.tp_richcompare = compare;
  type.tp_hash = [](PyObject* self) { return _Py_HashPointer(self); };
  type.tp_weaklistoffset = offsetof(TensorObject, weak_references);
  type.tp_as_number = &number_methods;
  type.tp_as_sequence = &sequence_methods;
  type.tp_as_mapping = &mapping_methods;
  type.tp_as_buffer = &buffer_methods;
  type.tp_getset = properties;
  type.tp_methods = exchange_methods;
  return type;
}();

PyObject* give(Tensor tensor) {
  TensorObject* made = PyObject_New(TensorObject, &tensor_type);
  if (made == nullptr) throw PythonRaised{};
  new (&made->tensor) Tensor(std::move(tensor));
  made->weak_references = nullptr;
  return reinterpret_cast<PyObject*>(made);
}

void compute(const Tensor& tensor) {
  if (tensor.node()->has_value() && !others_compute()) return;  // in this order
  const Computing alone;
  evaluate({tensor});
}

int add_tensor_type(PyObject* module) {
  return guarded(-1, [&] {
    checked(PyType_Ready(&tensor_type));
    const Ref priority = checked(PyLong_FromLong(1000));
    checked(PyDict_SetItemString(tensor_type.tp_dict, "__array_priority__", priority.get()));
    checked(PyModule_AddObjectRef(module, "Tensor", reinterpret_cast<PyObject*>(&tensor_type)));
    return 0;
  });
}

void set_array_ufunc(PyObject* function) {
  checked(PyDict_SetItemString(tensor_type.tp_dict, "__array_ufunc__", function));
  PyType_Modified(&tensor_type);
}

}  // namespace chainrule::python
