#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "caller.h"
#include "chainrule/named_tensors.h"
#include "computing.h"
#include "convert.h"
#include "graph/node.h"
#include "python.h"
#include "tensor_object.h"

// pybind11, for what is not called often: classes and functions that are no operations.
namespace chainrule {
class Configurable;
}
namespace chainrule::nn {
class Layer;
class Parameter;
class State;
}  // namespace chainrule::nn
namespace chainrule::explain {
struct NetTrace;
struct Trace;
struct UpdateTrace;
struct WeightTrace;
}  // namespace chainrule::explain

namespace chainrule::python {

namespace py = pybind11;

struct NetOptimizer;
struct PythonInit;

template <class T, class... All>
inline constexpr bool is_one_of = (std::is_same_v<T, All> || ...);
/// Whether T is a class of the module.
template <class T>
inline constexpr bool is_class =
    is_one_of<T, Configurable, nn::Layer, nn::Parameter, nn::State, explain::NetTrace, explain::Trace,
              explain::UpdateTrace, explain::WeightTrace, NetOptimizer, PythonInit>;

/// Functions of a file, added to the module.
void add_transforms(py::module_& m);
void add_settings(py::module_& m);
void add_layers(py::module_& m);
void add_training(py::module_& m);
void add_trying(py::module_& m);
void add_minimizing(py::module_& m);
void add_texts(py::module_& m);
void add_files(py::module_& m);
void add_pictures(py::module_& m);
void add_onnx(py::module_& m);
/// Errors about arguments in words of Python, of all functions and classes of the module: after they are
/// added.
void speak_plainly(py::module_& m);

/// Names of a function's parameters: "path, net".
struct Names {
  explicit Names(const char* given) {
    std::istringstream list(given);
    for (std::string name; std::getline(list >> std::ws, name, ',');) all.push_back(name);
  }
  std::vector<std::string> all;
};

/// What a function of Python's returns.
inline py::object ask(const py::handle& f, const py::tuple& arguments) {
  PyObject* result = calling_python([&] { return PyObject_CallObject(f.ptr(), arguments.ptr()); });
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}
template <class... Arguments>
py::object ask(const py::handle& f, const Arguments&... arguments) {
  return ask(f, py::make_tuple(arguments...));
}

/// Calls f, which calls Python: its error goes on as one of ours, with Python's error set.
template <class F>
auto with_python(F f) {
  const WithPython here;
  try {
    return f();
  } catch (const abi::__forced_unwind&) {
    sleep_for_ever();
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
NamedTensors to_named(const py::dict& tensors, DType fraction = f32);

}  // namespace chainrule::python

namespace pybind11::detail {

template <>
struct process_attribute<chainrule::python::Names> : process_attribute_default<chainrule::python::Names> {
  static void init(const chainrule::python::Names& names, function_record* record) {
    for (const std::string& each : names.all) process_attribute<arg>::init(arg(each.c_str()), record);
  }
};

/// Classes of the package: an object whose __init__ was never called, made by __new__ alone, is refused.
template <class T>
requires chainrule::python::is_class<T>
class type_caster<T> : public type_caster_base<T> {
 public:
  bool load(handle source, bool convert) {
    if (isinstance(source, get_type_handle(typeid(T), true))) {
      auto* object = reinterpret_cast<instance*>(source.ptr());
      if (object->get_value_and_holder().value_ptr() == nullptr) {
        throw type_error(std::string(str(type::of(source).attr("__name__"))) +
                         " was made without __init__: call it, or write super().__init__()");
      }
    }
    return type_caster_base<T>::load(source, convert);
  }
};

/// Tensor is a type of its own, not one of pybind11's: whatever to_tensor takes is one, and None is not.
template <>
struct type_caster<chainrule::Tensor> {
  PYBIND11_TYPE_CASTER(chainrule::Tensor, const_name("Tensor"));
  bool load(handle source, bool) {
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
