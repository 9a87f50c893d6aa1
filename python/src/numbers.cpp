// Python's operators on tensors.
#include "caller.h"
#include "chainrule/ops.h"
#include "convert.h"
#include "reading.h"
#include "tensor_object.h"

namespace chainrule::python {
namespace {

/// One side of an operator, kept while it runs.
class Side {
 public:
  Side(PyObject* object, PyObject* other) {
    if (is_tensor(object)) {
      tensor_ = &tensor_of(object);
    } else if (is_number(object)) {
      number_ = to_number(object);
    } else if (PyObject_CheckBuffer(object) || PySequence_Check(object) ||
               PyObject_HasAttrString(object, "__array__")) {
      held_ = to_tensor(object, fraction_beside(other));
      tensor_ = &held_;
    } else {
      is_known_ = false;
    }
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  bool is_known() const { return is_known_; }
  Operand operand(Location where) const {
    return tensor_ != nullptr ? Operand(*tensor_, where) : Operand(number_, where);
  }

 private:
  const Tensor* tensor_ = nullptr;
  Tensor held_;
  Number number_ = 0;
  bool is_known_ = true;
};

template <class F>
PyObject* on_both(PyObject* a, PyObject* b, F f) {
  return guarded([&]() -> PyObject* {
    const Side left(a, b), right(b, a);
    if (!left.is_known() || !right.is_known()) return Ref::of(Py_NotImplemented).release();
    const Location where = caller();
    return give(f(left.operand(where), right.operand(where)));
  });
}

template <auto f>
PyObject* binary(PyObject* a, PyObject* b) {
  return on_both(a, b, f);
}

Tensor add(const Operand& a, const Operand& b) { return a + b; }
Tensor subtract(const Operand& a, const Operand& b) { return a - b; }
Tensor multiply(const Operand& a, const Operand& b) { return a * b; }
Tensor divide(const Operand& a, const Operand& b) { return a / b; }

bool is_true_or_false(const Operand& x) {
  return x.tensor() != nullptr ? x.tensor()->dtype() == boolean : x.number().kind() == Number::Kind::truth;
}
template <Tensor (*f)(const Operand&, const Operand&)>
Tensor logical(const Operand& a, const Operand& b) {
  if (!is_true_or_false(a) || !is_true_or_false(b)) {
    PyErr_SetString(PyExc_TypeError, "&, | and ^ take boolean tensors; of others, write logical_and(a, b)");
    throw PythonRaised{};
  }
  return f(a, b);
}

PyObject* power(PyObject* a, PyObject* b, PyObject*) { return on_both(a, b, pow); }
PyObject* multiply_matrices(PyObject* a, PyObject* b) {
  return guarded([&] {
    return give(matmul(to_tensor(a, fraction_beside(b)), to_tensor(b, fraction_beside(a)), caller()));
  });
}
PyObject* divide_with_rest(PyObject* a, PyObject* b) {
  return guarded([&] {
    const Ref quotient = checked(binary<floor_divide>(a, b)), rest = checked(binary<remainder>(a, b));
    return checked(PyTuple_Pack(2, quotient.get(), rest.get())).release();
  });
}
PyObject* negative(PyObject* x) {
  return guarded([&] { return give(-Operand(tensor_of(x), caller())); });
}
PyObject* positive(PyObject* x) { return Ref::of(x).release(); }
PyObject* absolute(PyObject* x) {
  return guarded([&] { return give(abs(tensor_of(x), caller())); });
}
PyObject* invert(PyObject* x) {
  return guarded([&] {
    if (tensor_of(x).dtype() != boolean) {
      PyErr_SetString(PyExc_TypeError, "~ takes a boolean tensor; of others, write logical_not(x)");
      throw PythonRaised{};
    }
    return give(logical_not(Operand(tensor_of(x), caller())));
  });
}

const Tensor& only(PyObject* object, const char* what) {
  const Tensor& x = tensor_of(object);
  if (x.numel() != 1) {
    PyErr_Format(PyExc_TypeError, "%s of a tensor with %lld elements; only of one", what,
                 static_cast<long long>(x.numel()));
    throw PythonRaised{};
  }
  compute(x);
  return x;
}
int truth(PyObject* object) {
  return guarded(-1, [&] {
    const Tensor& x = tensor_of(object);
    if (x.numel() != 1) {
      PyErr_SetString(PyExc_ValueError,
                      "a tensor of other than one element is neither true nor false: write any(x) or all(x)");
      throw PythonRaised{};
    }
    compute(x);
    return x.item() != 0 ? 1 : 0;  // NaN is not 0
  });
}
PyObject* to_float(PyObject* x) {
  return guarded([&] {
    check_reading(tensor_of(x), "float");
    return PyFloat_FromDouble(only(x, "float()").item(caller()));
  });
}
PyObject* to_int(PyObject* object) {
  return guarded([&] {
    const Tensor& x = only(object, "int()");
    return has_gradient(x.dtype()) ? PyLong_FromDouble(x.item(caller()))
                                   : PyLong_FromLongLong(x.item<std::int64_t>());
  });
}
PyObject* to_index(PyObject* object) {
  return guarded([&] {
    if (has_gradient(tensor_of(object).dtype()) || tensor_of(object).ndim() > 0) {
      PyErr_SetString(PyExc_TypeError, "only a whole-numbered tensor without axes can be an index");
      throw PythonRaised{};
    }
    return to_int(object);
  });
}

}  // namespace

PyNumberMethods number_methods = [] {
  PyNumberMethods number{};
  number.nb_add = binary<add>;
  number.nb_subtract = binary<subtract>;
  number.nb_multiply = binary<multiply>;
  number.nb_true_divide = binary<divide>;
  number.nb_floor_divide = binary<floor_divide>;
  number.nb_remainder = binary<remainder>;
  number.nb_divmod = divide_with_rest;
  number.nb_power = power;
  number.nb_matrix_multiply = multiply_matrices;
  number.nb_negative = negative;
  number.nb_positive = positive;
  number.nb_absolute = absolute;
  number.nb_invert = invert;
  number.nb_and = binary<logical<logical_and>>;
  number.nb_or = binary<logical<logical_or>>;
  number.nb_xor = binary<logical<logical_xor>>;
  number.nb_bool = truth;
  number.nb_float = to_float;
  number.nb_int = to_int;
  number.nb_index = to_index;
  return number;
}();

PyObject* compare(PyObject* a, PyObject* b, int op) {
  if (b == Py_None && (op == Py_EQ || op == Py_NE)) return PyBool_FromLong(op == Py_NE);
  switch (op) {
    case Py_LT:
      return on_both(a, b, [](const Operand& x, const Operand& y) { return x < y; });
    case Py_LE:
      return on_both(a, b, [](const Operand& x, const Operand& y) { return x <= y; });
    case Py_GT:
      return on_both(a, b, [](const Operand& x, const Operand& y) { return x > y; });
    case Py_GE:
      return on_both(a, b, [](const Operand& x, const Operand& y) { return x >= y; });
    case Py_EQ:
      return on_both(a, b, equal);
    default:
      return on_both(a, b, not_equal);
  }
}

}  // namespace chainrule::python
