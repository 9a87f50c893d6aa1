#include "caller.h"
#include "functions.h"
#include "graph/node.h"
#include "tensor_object.h"

namespace chainrule::python {
namespace {

PyObject* set_folder(PyObject*, PyObject* folder) {
  const char* text = PyUnicode_AsUTF8(folder);
  if (text == nullptr) return nullptr;
  set_package_folder(text);
  Py_RETURN_NONE;
}

/// " Called from train.py:41.": the program's line.
PyObject* place(PyObject*, PyObject*) {
  return guarded([] { return PyUnicode_FromString(OriginScope::current(caller()).to_string().c_str()); });
}

/// Methods that are written in Python: a dict of them, added to the type.
PyObject* add_methods(PyObject*, PyObject* methods) {
  if (PyDict_Update(tensor_type.tp_dict, methods) < 0) return nullptr;
  PyType_Modified(&tensor_type);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {{"_set_package_folder", set_folder, METH_O, nullptr},
                         {"_add_methods", add_methods, METH_O, nullptr},
                         {"_place", place, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "chainrule._core", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

int add_classes(PyObject* module);
}  // namespace chainrule::python

PyMODINIT_FUNC PyInit__core() {
  using namespace chainrule::python;
  PyObject* module = PyModule_Create(&definition);
  if (module == nullptr) return nullptr;
  if (add_tensor_type(module) < 0 || add_functions(module) < 0 || add_classes(module) < 0) {
    Py_DECREF(module);
    return nullptr;
  }
  return module;
}
