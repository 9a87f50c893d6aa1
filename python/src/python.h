#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <utility>

namespace chainrule::python {

/// A counted reference on a Python object.
class Ref {
 public:
  Ref() = default;
  /// Takes over a reference that the caller holds.
  explicit Ref(PyObject* owned) : object_(owned) {}
  static Ref of(PyObject* borrowed) {
    Py_XINCREF(borrowed);
    return Ref(borrowed);
  }
  Ref(const Ref& other) : object_(other.object_) { Py_XINCREF(object_); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { Py_XDECREF(object_); }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

/// A Python error that is set, on its way through C++.
struct PythonRaised {};

/// The reference, or the error that is set where there is none.
inline Ref checked(PyObject* owned) {
  if (owned == nullptr) throw PythonRaised{};
  return Ref(owned);
}
inline int checked(int status) {
  if (status < 0) throw PythonRaised{};
  return status;
}

/// Sets the Python exception for the C++ exception that is being handled: call it in `catch (...)`.
void set_error() noexcept;

/// Calls f; where it throws, sets the Python error and returns `failed`.
template <class R, class F>
R guarded(R failed, F f) noexcept {
  try {
    return f();
  } catch (...) {
    set_error();
    return failed;
  }
}
template <class F>
PyObject* guarded(F f) noexcept {
  return guarded(static_cast<PyObject*>(nullptr), f);
}

/// Something of a module of the package, such as ("_errors", "ShapeError"): borrowed, never freed.
PyObject* of_package(const char* module, const char* name);

}  // namespace chainrule::python
