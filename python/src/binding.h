#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <vector>

#include "caller.h"
#include "chainrule/named_tensors.h"
#include "computing.h"
#include "convert.h"
#include "graph/node.h"
#include "python.h"
#include "tensor_object.h"

// pybind11, for what is not called often: classes and functions that are no operations.
namespace chainrule::python {

namespace py = pybind11;

/// Functions of a file, added to the module.
void add_transforms(py::module_& m);
void add_settings(py::module_& m);
void add_layers(py::module_& m);
void add_training(py::module_& m);
void add_trying(py::module_& m);
void add_files(py::module_& m);
void add_pictures(py::module_& m);

/// Calls f, which calls Python: its error goes on as one of ours, with Python's error set.
template <class F>
auto with_python(F f) {
  const WithPython here;
  try {
    return f();
  } catch (py::error_already_set& error) {
    error.restore();
    throw PythonRaised{};
  } catch (const py::cast_error& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
    throw PythonRaised{};
  }
}

/// Named tensors as a dict, and back.
py::dict to_dict(const NamedTensors& tensors);
NamedTensors to_named(const py::dict& tensors);

}  // namespace chainrule::python

namespace pybind11::detail {

/// Tensor is a type of its own, not one of pybind11's: whatever to_tensor takes is one.
template <>
struct type_caster<chainrule::Tensor> {
  PYBIND11_TYPE_CASTER(chainrule::Tensor, const_name("Tensor"));
  bool load(handle source, bool) {
    if (source.is_none()) {
      value = {};
      return true;
    }
    try {
      value = chainrule::python::to_tensor(source.ptr());
    } catch (...) {
      chainrule::python::set_error();
      throw error_already_set();
    }
    return true;
  }
  static handle cast(const chainrule::Tensor& tensor, return_value_policy, handle) {
    return tensor.is_empty() ? none().release() : handle(chainrule::python::give(tensor));
  }
};

}  // namespace pybind11::detail
