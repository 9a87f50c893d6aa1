// Tensors given to others without a copy: Python's buffers and DLPack.
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "caller.h"
#include "chainrule/ops.h"
#include "computing.h"
#include "convert.h"
#include "graph/node.h"
#include "reading.h"
#include "tensor_object.h"

namespace chainrule::python {
namespace {

// ---- buffers

struct Layout {
  std::array<Py_ssize_t, Shape::kMaxNdim> shape{}, strides{};
};

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  view->obj = nullptr;
  return guarded(-1, [&] {
    if ((flags & PyBUF_WRITABLE) == PyBUF_WRITABLE) {
      PyErr_SetString(PyExc_BufferError,
                      "a tensor never changes: its memory cannot be written; copy it first");
      throw PythonRaised{};
    }
    const Tensor& x = tensor_of(self);
    check_reading(x, "numpy");
    if (x.dtype() == bf16) {
      PyErr_SetString(PyExc_BufferError, "NumPy has no bfloat16: convert it first, with x.astype('float32')");
      throw PythonRaised{};
    }
    compute(x);
    auto layout = std::make_unique<Layout>();
    Py_ssize_t stride = static_cast<Py_ssize_t>(size_of(x.dtype()));
    for (int axis = x.ndim() - 1; axis >= 0; --axis) {
      const auto i = static_cast<std::size_t>(axis);
      layout->shape[i] = x.shape()[axis];
      layout->strides[i] = stride;
      stride *= layout->shape[i];
    }
    static const std::array<const char*, kDTypeCount> formats{"f", "d", "q", "B", "?", "e", nullptr, "i"};
    view->buf = x.node()->value.data();
    view->len = static_cast<Py_ssize_t>(x.node()->bytes());
    view->itemsize = static_cast<Py_ssize_t>(size_of(x.dtype()));
    view->readonly = 1;
    view->format = (flags & PyBUF_FORMAT) != 0
                       ? const_cast<char*>(formats[static_cast<std::size_t>(x.dtype())])
                       : nullptr;
    view->ndim = x.ndim();
    view->shape = (flags & PyBUF_ND) != 0 ? layout->shape.data() : nullptr;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? layout->strides.data() : nullptr;
    view->suboffsets = nullptr;
    view->internal = layout.release();
    view->obj = Ref::of(self).release();
    return 0;
  });
}

void release_buffer(PyObject*, Py_buffer* view) { delete static_cast<Layout*>(view->internal); }

// ---- DLPack 1.1: the structs of its header, which are an ABI

struct DLDevice {
  std::int32_t type, id;
};
struct DLDataType {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  std::int32_t ndim;
  DLDataType dtype;
  std::int64_t *shape, *strides;
  std::uint64_t byte_offset;
};
struct DLManaged {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManaged*);
};
struct DLVersioned {
  std::uint32_t major, minor;
  void* context;
  void (*deleter)(DLVersioned*);
  std::uint64_t flags;
  DLTensor tensor;
};
constexpr std::uint64_t kReadOnly = 1, kCopied = 2;
constexpr std::int32_t kCpu = 1;

/// What an exported tensor needs while others use its memory.
template <class Managed>
struct Exported {
  Managed managed{};
  Tensor tensor;
  std::array<std::int64_t, Shape::kMaxNdim> shape{}, strides{};
};

DLDataType to_dlpack(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return {2, 32, 1};
    case DType::f64:
      return {2, 64, 1};
    case DType::i64:
      return {0, 64, 1};
    case DType::u8:
      return {1, 8, 1};
    case DType::f16:
      return {2, 16, 1};
    case DType::bf16:
      return {4, 16, 1};
    case DType::i32:
      return {0, 32, 1};
    case DType::boolean:
      break;
  }
  return {6, 8, 1};
}

template <class Managed>
Managed* exported(const Tensor& x) {
  auto* made = new Exported<Managed>;
  made->tensor = x;
  std::int64_t stride = 1;
  for (int axis = x.ndim() - 1; axis >= 0; --axis) {
    const auto i = static_cast<std::size_t>(axis);
    made->shape[i] = x.shape()[axis];
    made->strides[i] = stride;
    stride *= made->shape[i];
  }
  made->managed.tensor = {
      x.node()->value.data(), {kCpu, 0}, x.ndim(), to_dlpack(x.dtype()), made->shape.data(),
      made->strides.data(),   0};
  made->managed.context = made;
  made->managed.deleter = [](Managed* self) { delete static_cast<Exported<Managed>*>(self->context); };
  return &made->managed;
}

/// A tensor of elements that lie in row-major order.
Tensor copy_of(const void* elements, DType dtype, const Shape& shape) {
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  Buffer buffer = Buffer::allocate(bytes);
  if (bytes > 0) std::memcpy(buffer.data(), elements, bytes);
  return make_leaf(std::move(buffer), dtype, shape);
}

template <class Managed>
PyObject* capsule(Managed* managed, const char* name) {
  static const char* own_name;  // one of each Managed: the name of capsules that nobody took
  own_name = name;
  return PyCapsule_New(managed, name, [](PyObject* self) {
    if (PyCapsule_IsValid(self, own_name) == 0) return;
    auto* left = static_cast<Managed*>(PyCapsule_GetPointer(self, own_name));
    if (left->deleter != nullptr) left->deleter(left);
  });
}

PyObject* to_capsule(PyObject* self, PyObject* arguments, PyObject* keywords) {
  return guarded([&] {
    PyObject *stream = Py_None, *version = Py_None, *device = Py_None, *copy = Py_None;
    static const char* names[] = {"stream", "max_version", "dl_device", "copy", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|$OOOO", const_cast<char**>(names), &stream,
                                     &version, &device, &copy))
      throw PythonRaised{};
    if (device != Py_None && to_integers(device, "dl_device") != std::vector<std::int64_t>{kCpu, 0}) {
      PyErr_SetString(PyExc_BufferError,
                      "tensors are in the memory of the processor: dl_device must be (1, 0)");
      throw PythonRaised{};
    }
    if (stream != Py_None) throw_type("stream", "None, as there is no other device", stream);
    Tensor x = tensor_of(self);
    check_reading(x, "dlpack");
    compute(x);
    // The form before version 1 cannot say that memory is not to be written: who takes it has a copy.
    const bool is_old = version == Py_None || to_integers(version, "max_version").at(0) < 1;
    if (is_old && copy == Py_False) {
      PyErr_SetString(
          PyExc_BufferError,
          "a tensor never changes, which DLPack can say from version 1 on: without max_version=(1, 0) "
          "a copy is given, and copy=False cannot be had");
      throw PythonRaised{};
    }
    const bool must_copy = is_old || copy == Py_True;
    if (must_copy) x = copy_of(x.node()->value.data(), x.dtype(), x.shape());
    if (is_old) return checked(capsule(exported<DLManaged>(x), "dltensor")).release();
    DLVersioned* made = exported<DLVersioned>(x);
    made->major = 1;
    made->minor = 1;
    made->flags = must_copy ? kCopied : kReadOnly;
    return checked(capsule(made, "dltensor_versioned")).release();
  });
}

bool is_row_major(const DLTensor& t) {
  if (t.strides == nullptr) return true;
  std::int64_t stride = 1;
  for (int axis = t.ndim - 1; axis >= 0; --axis) {
    if (t.shape[axis] != 1 && t.strides[axis] != stride) return false;
    stride *= t.shape[axis];
  }
  return true;
}

/// The same of elements that lie in another order.
Tensor gathered(const DLTensor& t, const char* elements, DType dtype, const Shape& shape) {
  const std::size_t bytes = size_of(dtype);
  Buffer buffer = Buffer::allocate(static_cast<std::size_t>(shape.numel()) * bytes);
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    std::int64_t rest = i, place = 0;
    for (int axis = t.ndim - 1; axis >= 0; --axis) {
      place += rest % t.shape[axis] * t.strides[axis];
      rest /= t.shape[axis];
    }
    std::memcpy(static_cast<char*>(buffer.data()) + static_cast<std::size_t>(i) * bytes,
                elements + place * static_cast<std::int64_t>(bytes), bytes);
  }
  return make_leaf(std::move(buffer), dtype, shape);
}

Tensor from_dlpack(const DLTensor& t) {
  const DLDataType d = t.dtype;
  if (t.device.type != kCpu || t.ndim > Shape::kMaxNdim) {
    PyErr_SetString(PyExc_BufferError, "from_dlpack takes memory of the processor, and at most 8 axes");
    throw PythonRaised{};
  }
  const Shape shape(std::vector<std::int64_t>(t.shape, t.shape + t.ndim));
  const char* elements = static_cast<const char*>(t.data) + t.byte_offset;
  for (const auto& [dtype, name, size, computed] : kDTypes) {
    const DLDataType ours = to_dlpack(dtype);
    if (d.lanes != 1 || d.code != ours.code || d.bits != ours.bits) continue;
    return is_row_major(t) ? copy_of(elements, dtype, shape) : gathered(t, elements, dtype, shape);
  }
  PyErr_Format(PyExc_BufferError,
               "from_dlpack takes float16, bfloat16, float32, float64, int32, int64, uint8 and bool, not "
               "type code %d with %d bits",
               d.code, d.bits);
  throw PythonRaised{};
}

template <class Managed>
Tensor consumed(PyObject* capsule, const char* name, const char* used) {
  auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  const Tensor made = from_dlpack(managed->tensor);
  checked(PyCapsule_SetName(capsule, used));
  if (managed->deleter != nullptr) managed->deleter(managed);
  return made;
}

PyObject* of_capsule(PyObject*, PyObject* capsule) {
  return guarded([&] {
    if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
      auto* managed = static_cast<DLVersioned*>(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
      if (managed->major != 1) {
        checked(PyCapsule_SetName(capsule, "used_dltensor_versioned"));
        if (managed->deleter != nullptr) managed->deleter(managed);
        PyErr_SetString(PyExc_BufferError, "from_dlpack takes version 1 of DLPack, and the one before it");
        throw PythonRaised{};
      }
      return give(consumed<DLVersioned>(capsule, "dltensor_versioned", "used_dltensor_versioned"));
    }
    if (!PyCapsule_IsValid(capsule, "dltensor"))
      throw_type("capsule", "one of DLPack that was not used", capsule);
    return give(consumed<DLManaged>(capsule, "dltensor", "used_dltensor"));
  });
}

PyObject* computed(PyObject* self, PyObject*) {
  return guarded([&] {
    compute(tensor_of(self));
    return Ref::of(self).release();
  });
}

PyObject* item(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return guarded([&] {
    Tensor x = tensor_of(self);
    if (count > 0) {
      Ref key = checked(PyTuple_New(count));
      for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(key.get(), i, Ref::of(arguments[i]).release());
      x = index(x, PyTuple_Check(arguments[0]) ? arguments[0] : key.get());
    }
    return number_of(x);
  });
}

}  // namespace

PyObject* number_of(const Tensor& x) {
  check_reading(x, "item");
  compute(x);
  if (x.dtype() == boolean) return PyBool_FromLong(x.item<bool>(caller()));
  if (has_gradient(x.dtype())) return PyFloat_FromDouble(x.item(caller()));
  return PyLong_FromLongLong(x.item<std::int64_t>(caller()));
}

PyBufferProcs buffer_methods{get_buffer, release_buffer};

PyObject* dlpack_device(PyObject*, PyObject*) { return Py_BuildValue("ii", kCpu, 0); }

PyMethodDef exchange_methods[] = {
    {"__dlpack__", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(to_capsule)),
     METH_VARARGS | METH_KEYWORDS,
     "The memory as a capsule of DLPack: read-only, or a copy where max_version is below (1, 0)."},
    {"__dlpack_device__", dlpack_device, METH_NOARGS, "(1, 0): the processor."},
    {"_of_capsule", of_capsule, METH_O | METH_STATIC, nullptr},
    {"evaluate", computed, METH_NOARGS, "Computes the elements now; returns the tensor."},
    {"item", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(item)), METH_FASTCALL,
     "item(*index)\n--\n\nThe only element, or that at an index, as a number."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace chainrule::python
