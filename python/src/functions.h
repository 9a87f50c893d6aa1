#pragma once

#include <vector>

#include "python.h"
#include "tensor_object.h"

namespace chainrule::python {

class Arguments;

/// A function of the library as Python calls it. Tables of them end in a row of nulls.
struct FunctionRow {
  const char* name;
  const char* signature;  ///< "x, axis=None, keepdims=False", with Python's defaults
  PyObject* (*call)(Arguments& a);
  const char* doc;
};

extern const FunctionRow kMakers[], kOpsFunctions[], kLinalgFunctions[], kConvFunctions[], kLossFunctions[],
    kNormalizeFunctions[], kNumericFunctions[], kRandomTensorFunctions[];

/// Adds the type of such functions and all of them to the module.
int add_functions(PyObject* module);

/// What functions return: tensors, tuples with names, and lists.
PyObject* give(const std::vector<Tensor>& tensors);
PyObject* give(const char* tuple, std::initializer_list<Tensor> members);

}  // namespace chainrule::python
