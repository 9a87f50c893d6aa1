#include "arguments.h"
#include "chainrule/grad.h"
#include "functions.h"

// Tensors from nothing, and what else chainrule/tensor.h and grad.h have that is a function of tensors.
namespace chainrule::python {
namespace {

Tensor made(Arguments& a) { return a.has(1) ? a.tensor_as(0, a.dtype(1)) : to_tensor(a.slots[0]); }

}  // namespace

const FunctionRow kMakers[] = {
    {"tensor", "values, dtype=None", [](Arguments& a) -> PyObject* { return give(made(a)); },
     "A tensor of a number, a list, or an array, which is copied: a tensor never changes. Of lists and "
     "numbers, those "
     "with a fraction become float32, whole ones int64. An array keeps its dtype; int8 to uint32 become "
     "int64, float16 "
     "becomes float32."},
    {"full", "shape, value, dtype='float32'",
     [](Arguments& a) -> PyObject* { return give(full(a.shape(0), to_number(a.slots[1]), a.dtype(2, f32))); },
     "A tensor with one number everywhere."},
    {"zeros", "shape, dtype='float32'",
     [](Arguments& a) -> PyObject* { return give(zeros(a.shape(0), a.dtype(1, f32))); }, "0 everywhere."},
    {"ones", "shape, dtype='float32'",
     [](Arguments& a) -> PyObject* { return give(ones(a.shape(0), a.dtype(1, f32))); }, "1 everywhere."},
    {"zeros_like", "x, dtype=None",
     [](Arguments& a) -> PyObject* {
       return give(zeros(a.tensor(0).shape(), a.dtype(1, a.tensor(0).dtype())));
     },
     "0 everywhere, with the shape and dtype of x."},
    {"ones_like", "x, dtype=None",
     [](Arguments& a) -> PyObject* {
       return give(ones(a.tensor(0).shape(), a.dtype(1, a.tensor(0).dtype())));
     },
     "1 everywhere, with the shape and dtype of x."},
    {"scalar", "value, dtype='float32'",
     [](Arguments& a) -> PyObject* { return give(scalar(to_number(a.slots[0]), a.dtype(1, f32))); },
     "A tensor with no axes."},
    {"detach", "x",
     [](Arguments& a) -> PyObject* {
       compute(a.tensor(0));
       return give(detach(a.tensor(0)));
     },
     "A tensor with the value of x and no history: gradients stop here."},
    {"stop_gradient", "x",
     [](Arguments& a) -> PyObject* { return give(stop_gradient(a.tensor(0), a.where())); },
     "The same value, held constant: no gradient goes through. As detach, but nothing is computed."},
    {nullptr, nullptr, nullptr, nullptr},
};

}  // namespace chainrule::python
