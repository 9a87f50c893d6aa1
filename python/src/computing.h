#pragma once

#include "python.h"

namespace chainrule::python {

/// While one exists, this thread may compute: graphs belong to it alone, and other Python threads run. Graphs
/// of Python's threads are connected as the program likes, and must be used by one at a time; so one
/// computes, and others wait, without Python's lock. May be nested.
class Computing {
 public:
  Computing();
  ~Computing();
  Computing(const Computing&) = delete;
  Computing& operator=(const Computing&) = delete;

 private:
  PyThreadState* state_ = nullptr;
};

/// The same for what reads nothing but given tensors, such as a prediction on an array: several at once, but
/// not beside a Computing.
class Reading {
 public:
  Reading();
  ~Reading();
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  PyThreadState* state_ = nullptr;
};

/// Python's lock, taken inside of a Computing: for calls of Python's functions.
class WithPython {
 public:
  WithPython() : state_(calling_python(PyGILState_Ensure)) {}
  ~WithPython() { PyGILState_Release(state_); }
  WithPython(const WithPython&) = delete;
  WithPython& operator=(const WithPython&) = delete;

 private:
  PyGILState_STATE state_;
};

/// Whether another thread has a Computing now: what it computes may be there in part.
bool others_compute();

/// Lets threads that wait for a Computing go first; called with one, without Python's lock.
void let_others_compute();

}  // namespace chainrule::python
