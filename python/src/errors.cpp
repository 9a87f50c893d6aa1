// C++'s errors as Python's. The package's files in Python have these numbers as well:
// check-errors: E553 E554 E555 E556 E557 E564
#include <new>
#include <string>

#include "chainrule/error.h"
#include "python.h"

namespace chainrule::python {
namespace {

// Errors that are an IndexError in Python: a place that is not there.
bool is_index(int code) {
  return code == 13 || code == 27 || code == 72 || code == 109 || (code >= 550 && code <= 552);
}

const char* class_of(const Error& error) {
  if (is_index(error.code())) return "IndexError";
  if (dynamic_cast<const ShapeError*>(&error) != nullptr) return "ShapeError";
  if (dynamic_cast<const DTypeError*>(&error) != nullptr) return "DTypeError";
  if (dynamic_cast<const MemoryError*>(&error) != nullptr) return "MemoryError";
  if (dynamic_cast<const NotDifferentiable*>(&error) != nullptr) return "NotDifferentiable";
  if (dynamic_cast<const FileError*>(&error) != nullptr) return "FileError";
  return dynamic_cast<const ValueError*>(&error) != nullptr ? "ValueError" : "Error";
}

void set_ours(const Error& error) {
  try {
    Ref made = checked(
        PyObject_CallFunction(of_package("_errors", class_of(error)), "si", error.what(), error.code()));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.get())), made.get());
  } catch (const PythonRaised&) {  // the error that making it gave is set
  }
}

}  // namespace

void set_error() noexcept {
  try {
    throw;
  } catch (const PythonRaised&) {
  } catch (const Error& error) {
    set_ours(error);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "unknown C++ exception");
  }
}

PyObject* of_package(const char* module, const char* name) {
  const std::string path = std::string("chainrule.") + module;
  const Ref found = checked(PyImport_ImportModule(path.c_str()));
  Ref object = checked(PyObject_GetAttrString(found.get(), name));
  PyObject* borrowed = object.get();  // the module keeps it
  return borrowed;
}

}  // namespace chainrule::python
