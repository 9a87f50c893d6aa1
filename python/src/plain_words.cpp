// pybind11 says in words of C++ what a function cannot take. So each function that it made gets another
// entrance, where such an error is said as Python says it: `path must be a str, not int`.
#include "binding.h"

namespace chainrule::python {
namespace {

PyCFunctionWithKeywords entrance = nullptr;  // pybind11's, one for all functions

py::detail::function_record* record_of(PyObject* self) {
  return static_cast<py::detail::function_record*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
}

/// Whether the error that is set is in pybind11's words.
bool is_of_pybind() {
  const bool is_type = PyErr_ExceptionMatches(PyExc_TypeError) != 0;
  if (!is_type && PyErr_ExceptionMatches(PyExc_RuntimeError) == 0) return false;
  const py::error_scope kept;
  const py::str text(py::handle(kept.value));
  const auto has = [&](const char* words) { return text.contains(words); };
  return is_type ? has(" arguments. The following argument types are supported:")
                 : has("Unable to cast Python instance");
}

PyObject* enter(PyObject* self, PyObject* arguments, PyObject* keywords) {
  PyObject* result = entrance(self, arguments, keywords);
  if (result != nullptr || !is_of_pybind()) return result;
  PyErr_Clear();
  return guarded([&]() -> PyObject* {
    py::list signatures;
    const auto* record = record_of(self);
    const py::object name =
        record->is_constructor ? py::object(record->scope.attr("__name__")) : py::str(record->name);
    for (; record != nullptr; record = record->next) signatures.append(record->signature);
    const Ref said =
        checked(PyObject_CallFunction(of_package("_errors", "_refusal"), "OOOO", name.ptr(), signatures.ptr(),
                                      arguments, keywords != nullptr ? keywords : Py_None));
    PyErr_SetObject(PyExc_TypeError, said.get());
    throw PythonRaised{};
  });
}

void mend_function(PyObject* object) {
  if (object == nullptr) return;
  if (PyInstanceMethod_Check(object)) object = PyInstanceMethod_GET_FUNCTION(object);
  if (!PyCFunction_Check(object)) return;
  PyMethodDef* method = reinterpret_cast<PyCFunctionObject*>(object)->m_ml;
  if (method->ml_flags != (METH_VARARGS | METH_KEYWORDS)) return;  // none of pybind11's
  const auto plain = [](auto function) { return reinterpret_cast<void (*)()>(function); };
  entrance = reinterpret_cast<PyCFunctionWithKeywords>(plain(method->ml_meth));
  method->ml_meth = reinterpret_cast<PyCFunction>(plain(enter));
}

void mend_class(PyObject* object) {
  auto* type = reinterpret_cast<PyTypeObject*>(object);
  const auto members = py::reinterpret_borrow<py::dict>(type->tp_dict);
  for (const auto& [name, member] : members) {
    mend_function(member.ptr());
    if (Py_TYPE(member.ptr()) != &PyProperty_Type) continue;
    for (const char* side : {"fget", "fset"}) mend_function(py::object(member.attr(side)).ptr());
  }
  if (Py_TYPE(py::object(members["__init__"]).ptr()) != &PyWrapperDescr_Type) return;  // it has one of ours
  const std::string text = plain_name(type) + std::string(" is not made by calling it");
  py::handle(object).attr("__init__") =
      py::cpp_function([text](const py::args&, const py::kwargs&) { throw py::type_error(text); });
}

}  // namespace

void speak_plainly(py::module_& m) {
  for (const auto& [name, member] : py::reinterpret_borrow<py::dict>(m.attr("__dict__"))) {
    mend_function(member.ptr());
    if (PyType_Check(member.ptr()) && member.ptr() != reinterpret_cast<PyObject*>(&tensor_type))
      mend_class(member.ptr());
  }
}

}  // namespace chainrule::python
