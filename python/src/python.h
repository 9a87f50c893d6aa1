#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cxxabi.h>

#include <utility>

namespace chainrule::python {

/// Sleeps for ever: what is left to a thread that Python ends while the program ends. (Python lets go of such
/// threads with pthread_exit, which C++ cannot be left by: what would be destroyed belongs to Python.)
[[noreturn]] void sleep_for_ever() noexcept;

/// Calls f, which waits for Python's lock or runs Python's code, and has nothing to destroy.
template <class F>
auto calling_python(F f) {
  try {
    return f();
  } catch (const abi::__forced_unwind&) {
    sleep_for_ever();
  }
}

/// Whether this thread may touch Python's objects: not where Python let go of it.
inline bool is_python_ours() { return _Py_IsFinalizing() == 0 || PyGILState_Check() != 0; }

/// The result of f(argument): a new reference, or null with an error set.
inline PyObject* call(PyObject* f, PyObject* argument) {
  return calling_python([&] { return PyObject_CallOneArg(f, argument); });
}

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
  ~Ref() {
    if (object_ != nullptr && is_python_ours()) Py_DECREF(object_);
  }

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
  } catch (const abi::__forced_unwind&) {
    sleep_for_ever();
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
