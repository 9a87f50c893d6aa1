#include "functions.h"

#include <cstddef>
#include <cstring>
#include <string>

#include "arguments.h"
#include "structmember.h"

namespace chainrule::python {
namespace {

/// A function of a table, as a Python object: callable, and a method where it stands in a class.
struct FunctionObject {
  PyObject_HEAD vectorcallfunc call;
  const FunctionRow* row;
  PyObject* names;  // of the parameters: a tuple
  PyObject* name;
  PyObject* signature;  // text
  PyObject* doc;
  PyObject* module;
  Py_ssize_t needed;  // parameters without default
  bool takes_rest;    // whether the last parameter is *rest
};

FunctionObject* self_of(PyObject* self) { return reinterpret_cast<FunctionObject*>(self); }

[[noreturn]] void refuse(const FunctionObject& f, const char* format, const char* name) {
  std::string text = std::string(f.row->name) + "() " + format;
  text.append(name).append("'; it takes (").append(f.row->signature).append(")");
  PyErr_SetString(PyExc_TypeError, text.c_str());
  throw PythonRaised{};
}

std::size_t place_of(const FunctionObject& f, PyObject* keyword) {
  const Py_ssize_t count = PyTuple_GET_SIZE(f.names);
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (PyTuple_GET_ITEM(f.names, i) == keyword) return static_cast<std::size_t>(i);
  }
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (PyUnicode_Compare(PyTuple_GET_ITEM(f.names, i), keyword) == 0) return static_cast<std::size_t>(i);
  }
  refuse(f, "has no argument '", PyUnicode_AsUTF8(keyword));
}

/// Whether it is an argument of NumPy alone, which numpy.sum(x) passes on as None to x.sum.
bool is_numpy_only(const FunctionObject& f, PyObject* keyword) {
  const auto is = [&](const char* name) { return PyUnicode_CompareWithASCIIString(keyword, name) == 0; };
  return is("out") || (is("dtype") && std::strstr(f.row->signature, "dtype") == nullptr);
}

void fill(const FunctionObject& f, Arguments& a, PyObject* const* given, Py_ssize_t count,
          PyObject* keywords) {
  const Py_ssize_t known = PyTuple_GET_SIZE(f.names);
  for (Py_ssize_t i = 0; i < known; ++i) a.names[static_cast<std::size_t>(i)] = PyTuple_GET_ITEM(f.names, i);
  Py_ssize_t positional = count;
  if (count > known) {
    if (!f.takes_rest)
      refuse(f, "was given too many arguments, more than '",
             PyUnicode_AsUTF8(PyTuple_GET_ITEM(f.names, known - 1)));
    a.rest_first = given + known;
    a.rest_count = count - known;
    positional = known;
  }
  for (Py_ssize_t i = 0; i < positional; ++i) {
    a.put(static_cast<std::size_t>(i), given[i]);
  }
  const Py_ssize_t named = keywords != nullptr ? PyTuple_GET_SIZE(keywords) : 0;
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* keyword = PyTuple_GET_ITEM(keywords, i);
    if (given[count + i] == Py_None && is_numpy_only(f, keyword)) continue;
    const std::size_t place = place_of(f, keyword);
    if (static_cast<Py_ssize_t>(place) < positional)
      refuse(f, "was given twice the argument '", PyUnicode_AsUTF8(keyword));
    a.put(place, given[count + i]);
  }
  for (Py_ssize_t i = 0; i < f.needed; ++i) {
    if (!a.has(static_cast<std::size_t>(i)))
      refuse(f, "lacks the argument '", PyUnicode_AsUTF8(PyTuple_GET_ITEM(f.names, i)));
  }
}

PyObject* call(PyObject* self, PyObject* const* given, std::size_t flagged, PyObject* keywords) {
  return guarded([&] {
    const FunctionObject& f = *self_of(self);
    Arguments a;
    fill(f, a, given, PyVectorcall_NARGS(flagged), keywords);
    return f.row->call(a);
  });
}

PyObject* bind(PyObject* self, PyObject* object, PyObject*) {
  if (object == nullptr || object == Py_None) return Ref::of(self).release();
  return PyMethod_New(self, object);
}

PyObject* repr(PyObject* self) {
  return PyUnicode_FromFormat("<function chainrule.%s>", self_of(self)->row->name);
}

PyObject* reduce(PyObject* self, PyObject*) { return Ref::of(self_of(self)->name).release(); }  // by name

PyObject* inspected(PyObject* self, void*) {
  return guarded([&] {
    return checked(
               PyObject_CallFunction(of_package("_convert", "signature"), "s", self_of(self)->row->signature))
        .release();
  });
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(FunctionObject, call), READONLY, nullptr},
    {"__name__", T_OBJECT, offsetof(FunctionObject, name), READONLY, nullptr},
    {"__qualname__", T_OBJECT, offsetof(FunctionObject, name), READONLY, nullptr},
    {"__doc__", T_OBJECT, offsetof(FunctionObject, doc), READONLY, nullptr},
    {"__module__", T_OBJECT, offsetof(FunctionObject, module), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};
PyGetSetDef properties[] = {{"__signature__", inspected, nullptr, nullptr, nullptr},
                            {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};

PyTypeObject function_type = [] {
  PyTypeObject type{};
  type.ob_base.ob_base.ob_refcnt = 1;
  type.tp_name = "chainrule.Function";
  type.tp_doc = "A function of the library.";
  type.tp_basicsize = sizeof(FunctionObject);
  type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
  type.tp_vectorcall_offset = offsetof(FunctionObject, call);
  type.tp_call = PyVectorcall_Call;
  type.tp_descr_get = bind;
  type.tp_repr = repr;
  type.tp_members = members;
  type.tp_getset = properties;
  type.tp_methods = methods;
  return type;
}();

/// The parameters' names of a signature, those without default counted; a comma in brackets is not looked
/// for.
Ref names_of(const char* signature, Py_ssize_t& needed, bool& takes_rest) {
  Ref list = checked(PyList_New(0));
  const std::string text = signature;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(", ", begin), text.size());
    std::string name = text.substr(begin, end - begin);
    const std::size_t equals = name.find('=');
    begin = end + 2;
    if (name[0] == '*') {
      takes_rest = true;
      continue;
    }
    if (equals == std::string::npos) ++needed;
    name.resize(std::min(equals, name.size()));
    checked(PyList_Append(list.get(), checked(PyUnicode_InternFromString(name.c_str())).get()));
  }
  return checked(PyList_AsTuple(list.get()));
}

void add(PyObject* module, const FunctionRow& row) {
  FunctionObject* f = PyObject_New(FunctionObject, &function_type);
  if (f == nullptr) throw PythonRaised{};
  const Ref made(reinterpret_cast<PyObject*>(f));
  f->call = call;
  f->row = &row;
  f->needed = 0;
  f->takes_rest = false;
  f->names = names_of(row.signature, f->needed, f->takes_rest).release();
  f->name = PyUnicode_InternFromString(row.name);
  f->doc = PyUnicode_FromFormat("%s(%s)\n\n%s", row.name, row.signature, row.doc);
  f->module = PyUnicode_InternFromString("chainrule");
  checked(PyModule_AddObjectRef(module, row.name, made.get()));
}

}  // namespace

int add_functions(PyObject* module) {
  return guarded(-1, [&] {
    checked(PyType_Ready(&function_type));
    for (const FunctionRow* table : {kMakers, kOpsFunctions, kLinalgFunctions, kConvFunctions, kLossFunctions,
                                     kNormalizeFunctions, kNumericFunctions, kRandomTensorFunctions}) {
      for (const FunctionRow* row = table; row->name != nullptr; ++row) add(module, *row);
    }
    return 0;
  });
}

PyObject* give(const std::vector<Tensor>& tensors) {
  Ref list = checked(PyList_New(static_cast<Py_ssize_t>(tensors.size())));
  for (std::size_t i = 0; i < tensors.size(); ++i)
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), checked(give(tensors[i])).release());
  return list.release();
}

PyObject* give(const char* tuple, std::initializer_list<Tensor> members_of) {
  Ref values = checked(PyTuple_New(static_cast<Py_ssize_t>(members_of.size())));
  Py_ssize_t i = 0;
  for (const Tensor& member : members_of)
    PyTuple_SET_ITEM(values.get(), i++, checked(give(member)).release());
  return checked(PyObject_CallObject(of_package("_results", tuple), values.get())).release();
}

}  // namespace chainrule::python
