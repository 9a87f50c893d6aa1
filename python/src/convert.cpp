#include "convert.h"

#include <array>
#include <cstring>
#include <span>

#include "caller.h"
#include "chainrule/ops.h"
#include "graph/node.h"
#include "tensor_object.h"

namespace chainrule::python {
namespace {

/// A view of a Python object's memory.
class View {
 public:
  explicit View(PyObject* object) {
    is_there_ = PyObject_CheckBuffer(object) &&
                PyObject_GetBuffer(object, &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) == 0;
    if (!is_there_) PyErr_Clear();
  }
  ~View() {
    if (is_there_) PyBuffer_Release(&view_);
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  /// Whether the elements are of a dtype that a tensor has.
  bool fits(DType& dtype) const {
    if (!is_there_ || view_.ndim > Shape::kMaxNdim) return false;
    const char* format = view_.format != nullptr ? view_.format : "B";
    if (format[0] == '=' || format[0] == '<' || format[0] == '@') ++format;
    if (std::strlen(format) != 1) return false;
    switch (format[0]) {
      case 'f':
        dtype = f32;
        break;
      case 'd':
        dtype = f64;
        break;
      case 'l':
      case 'q':
        dtype = i64;
        break;
      case 'i':
        dtype = i32;
        break;
      case 'e':
        dtype = f16;
        break;
      case 'B':
        dtype = u8;
        break;
      case '?':
        dtype = boolean;
        break;
      default:
        return false;
    }
    return static_cast<std::size_t>(view_.itemsize) == size_of(dtype);
  }

  std::vector<std::int64_t> shape() const {
    if (!is_there_) return {};
    return {view_.shape, view_.shape + view_.ndim};
  }
  Tensor copy(DType dtype) const {
    const Shape shape(this->shape());
    Buffer buffer = Buffer::allocate(static_cast<std::size_t>(view_.len));
    if (view_.len > 0) std::memcpy(buffer.data(), view_.buf, static_cast<std::size_t>(view_.len));
    return make_leaf(std::move(buffer), dtype, shape);
  }

 private:
  Py_buffer view_{};
  bool is_there_ = false;
};

Tensor of_view(PyObject* array) {
  const View view(array);
  DType dtype{};
  const Shape shape(view.shape());  // or says that there are too many axes
  if (!view.fits(dtype)) throw_type("array", "an array of a dtype that Chainrule has", array);
  return view.copy(dtype);
}

bool is_numpy_scalar(PyObject* object) {
  static PyObject* const generic = of_package("_convert", "generic");
  return PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(generic));
}

}  // namespace

const char* plain_name(PyTypeObject* type) {
  const char* dot = std::strrchr(type->tp_name, '.');
  return dot != nullptr ? dot + 1 : type->tp_name;
}

void throw_type(const char* what, const char* wanted, PyObject* got) {
  PyErr_Format(PyExc_TypeError, "%s must be %s, not %.80s", what, wanted, plain_name(Py_TYPE(got)));
  throw PythonRaised{};
}

bool is_number(PyObject* object) {
  return PyFloat_Check(object) || PyLong_Check(object) || (!is_tensor(object) && is_numpy_scalar(object));
}

Number to_number(PyObject* object) {
  if (!is_number(object)) throw_type("value", "a number", object);
  if (PyBool_Check(object)) return object == Py_True;
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  if (PyLong_Check(object)) {
    int overflow = 0;
    const long long whole = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow == 0) return whole;
    const double real = PyLong_AsDouble(object);
    if (real == -1 && PyErr_Occurred()) throw PythonRaised{};
    return real;
  }
  const Ref plain =
      checked(calling_python([&] { return PyObject_CallMethod(object, "item", nullptr); }));  // of NumPy
  if (!PyFloat_Check(plain.get()) && !PyLong_Check(plain.get())) throw_type("a number", "real", object);
  return to_number(plain.get());
}

Tensor to_tensor(PyObject* object, DType fraction) {
  if (is_tensor(object)) return tensor_of(object);
  if (PyFloat_Check(object) || PyLong_Check(object)) {
    const Number number = to_number(object);
    return literal(number, number.kind() == Number::Kind::truth ? boolean
                           : number.is_whole()                  ? i64
                                                                : fraction);
  }
  {
    const View view(object);
    DType dtype{};
    if (view.fits(dtype) && !is_numpy_scalar(object)) return view.copy(dtype);
  }
  // What holds a tensor, as a layer's parameter, is that tensor, with its gradient.
  static PyObject* const holds = PyUnicode_InternFromString("__chainrule_tensor__");
  PyObject* held = nullptr;
  checked(_PyObject_LookupAttr(object, holds, &held));
  if (const Ref kept(held); kept && is_tensor(kept.get())) return tensor_of(kept.get());
  static PyObject* const as_array = of_package("_convert", "as_array");
  const Ref array = checked(calling_python([&] {
    return PyObject_CallFunctionObjArgs(as_array, object, fraction == f64 ? Py_True : Py_False, nullptr);
  }));
  return is_tensor(array.get()) ? tensor_of(array.get()) : of_view(array.get());
}

Tensor to_tensor_as(PyObject* object, DType dtype) { return cast(to_tensor(object, f64), dtype, caller()); }

DType fraction_beside(PyObject* object) {
  if (object == nullptr) return f32;
  if (is_tensor(object)) return tensor_of(object).dtype() == f64 ? f64 : f32;
  if (is_number(object)) return f32;
  const View view(object);
  DType dtype{};
  return view.fits(dtype) && dtype == f64 ? f64 : f32;
}

DType to_dtype(PyObject* object) {
  static PyObject* const name = of_package("_convert", "dtype_name");
  const Ref found = checked(call(name, object));
  const char* text = PyUnicode_AsUTF8(found.get());
  for (const DTypeInfo& info : kDTypes) {
    if (text != nullptr && info.name == text) return info.dtype;
  }
  throw_type("dtype", "one that Chainrule has", object);
}

PyObject* from_dtype(DType dtype) {
  static std::array<PyObject*, kDTypeCount> known{};
  PyObject*& place = known[static_cast<std::size_t>(dtype)];
  if (place == nullptr) place = of_package("_convert", std::string(name_of(dtype)).c_str());
  Py_INCREF(place);
  return place;
}

std::int64_t to_integer(PyObject* object, const char* what) {
  if (PyFloat_Check(object)) throw_type(what, "an integer", object);
  const Ref index(PyNumber_Index(object));
  if (!index) {
    PyErr_Clear();
    throw_type(what, "an integer", object);
  }
  const long long value = PyLong_AsLongLong(index.get());
  if (value != -1 || !PyErr_Occurred()) return value;
  PyErr_Clear();
  PyErr_Format(PyExc_ValueError, "%s is %S; need an integer of 64 bits", what, index.get());
  throw PythonRaised{};
}

std::uint64_t to_seed(PyObject* object, const char* what) {
  const Ref index(PyFloat_Check(object) ? nullptr : PyNumber_Index(object));
  if (!index) {
    PyErr_Clear();
    throw_type(what, "an integer from 0 on", object);
  }
  const unsigned long long value = PyLong_AsUnsignedLongLong(index.get());
  if (value != static_cast<unsigned long long>(-1) || !PyErr_Occurred()) return value;
  PyErr_Clear();
  PyErr_Format(PyExc_ValueError, "%s is %S; need an integer from 0 to 2**64 - 1", what, index.get());
  throw PythonRaised{};
}

double to_double(PyObject* object, const char* what) {
  const double value = PyFloat_AsDouble(object);
  if (value == -1 && PyErr_Occurred()) {
    PyErr_Clear();
    throw_type(what, "a number", object);
  }
  return value;
}

bool to_flag(PyObject* object, const char* what) {
  if (PyBool_Check(object)) return object == Py_True;
  if (!is_number(object) || PyFloat_Check(object)) throw_type(what, "True or False", object);
  return checked(PyObject_IsTrue(object)) != 0;
}

std::string to_text(PyObject* object, const char* what) {
  if (!PyUnicode_Check(object)) throw_type(what, "a str", object);
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(object, &size);
  if (text == nullptr) throw PythonRaised{};
  return {text, static_cast<std::size_t>(size)};
}

std::vector<std::string> to_texts(PyObject* object, const char* what) {
  const Ref list(PyUnicode_Check(object) ? nullptr : PySequence_Fast(object, ""));
  if (!list) {
    PyErr_Clear();
    throw_type(what, "a list of str", object);
  }
  std::vector<std::string> texts;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i)
    texts.push_back(to_text(PySequence_Fast_GET_ITEM(list.get(), i), what));
  return texts;
}

std::vector<std::int64_t> to_integers(PyObject* object, const char* what) {
  if (PyIndex_Check(object)) return {to_integer(object, what)};
  const bool has_order = !PyUnicode_Check(object) && !PyBytes_Check(object) && !PyDict_Check(object);
  const Ref list(has_order ? PySequence_Fast(object, "") : nullptr);
  if (!list) {
    PyErr_Clear();
    throw_type(what, "an integer or a sequence of them", object);
  }
  std::vector<std::int64_t> values;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i)
    values.push_back(to_integer(PySequence_Fast_GET_ITEM(list.get(), i), what));
  return values;
}

Shape to_shape(PyObject* object) { return Shape(to_integers(object, "shape")); }

PyObject* from_shape(const Shape& shape) {
  Ref tuple = checked(PyTuple_New(shape.ndim()));
  for (int i = 0; i < shape.ndim(); ++i) PyTuple_SET_ITEM(tuple.get(), i, PyLong_FromLongLong(shape[i]));
  return tuple.release();
}

std::vector<Tensor> to_tensors(PyObject* object, const char* what) {
  // The slices of an array are those of its copy, which fails at once where there is no room for it.
  const Ref whole(PyObject_CheckBuffer(object) && !is_tensor(object) ? give(to_tensor(object)) : nullptr);
  const Ref list(whole               ? PySequence_List(whole.get())
                 : is_tensor(object) ? PySequence_List(object)
                                     : PySequence_Fast(object, ""));
  if (!list) {
    PyErr_Clear();
    throw_type(what, "a sequence of tensors", object);
  }
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(list.get());
  DType fraction = f32;
  for (Py_ssize_t i = 0; i < count && fraction == f32; ++i)
    fraction = fraction_beside(PySequence_Fast_GET_ITEM(list.get(), i));
  std::vector<Tensor> tensors;
  for (Py_ssize_t i = 0; i < count; ++i)
    tensors.push_back(to_tensor(PySequence_Fast_GET_ITEM(list.get(), i), fraction));
  return tensors;
}

}  // namespace chainrule::python
