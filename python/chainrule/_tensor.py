"""Methods of Tensor, and NumPy's names of functions."""
import numpy as np

from . import _core
from ._convert import array_of, dtype_name, numbers_of
from ._core import Tensor

# Methods that are the function of the same name, with the tensor as its first argument.
_methods = """abs all any argmax argmin argsort clip cumsum diagonal dot flatten logsumexp max mean min norm prod round
              sort squeeze stddev sum swapaxes take topk trace var exp log sqrt square sin cos tan tanh sigmoid relu
              softmax log_softmax expand_dims broadcast_to detach softplus sign floor ceil reciprocal split""".split()

# NumPy's names of functions that have another one here.
aliases = dict(power="pow", mod="remainder", absolute="abs", true_divide="divide", std="stddev", arcsin="asin",
               arccos="acos", arctan="atan", arcsinh="asinh", arccosh="acosh", arctanh="atanh", arctan2="atan2",
               concat="concatenate", amax="max", amin="min", around="round", inv="inverse", det="determinant",
               slogdet="log_determinant", pinv="pseudo_inverse")


def _functions():
    return {name: value for name, value in vars(_core).items() if type(value).__name__ == "Function"}


def moveaxis(x, source, destination) -> Tensor:
    """The axes with one of them, or several, moved to other places."""
    x = tensor(x)
    moved, places = ([_axis(each, x.ndim) for each in (axes if isinstance(axes, (tuple, list)) else [axes])]
                     for axes in (source, destination))
    if len(moved) != len(places) or len(set(moved)) < len(moved) or len(set(places)) < len(places):
        raise ValueError(f"source {source} and destination {destination} must name as many axes, each once")
    order = [i for i in range(x.ndim) if i not in moved]
    for place, axis in sorted(zip(places, moved)):
        order.insert(place, axis)
    return _core.permute(x, order)


def _axis(axis: int, ndim: int) -> int:
    if not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis must be an integer, not {type(axis).__name__}")
    if not -ndim <= axis < ndim:
        raise IndexError(f"axis {axis} is out of range for {ndim} axes")
    return int(axis) % ndim


def tensor(values, dtype=None) -> Tensor:
    if isinstance(values, Tensor) and dtype is None:
        return values
    return _core.tensor(values, dtype)


def arange(start, stop=None, step=1, dtype=None) -> Tensor:
    """start, start + step, ... before stop; of one number, 0, 1, ... before it."""
    array = np.arange(start, stop, step) if stop is not None else np.arange(start)
    if dtype is None:
        dtype = "i64" if array.dtype.kind in "iu" else "f32"
    return _core.tensor(array, dtype)


def from_dlpack(x) -> Tensor:
    """A tensor with a copy of what another library's array holds: a tensor never changes."""
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"x must be an array with __dlpack__, not {type(x).__name__}")
    return Tensor._of_capsule(x.__dlpack__())


def evaluate(*tensors) -> None:
    """Computes the tensors now. Reading one does this by itself; calling it is never needed."""
    for each in tensors:
        tensor(each).evaluate()


def _reshape(self, *shape):
    return _core.reshape(self, shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)


def _transpose(self, *axes):
    if len(axes) == 1 and not isinstance(axes[0], int):
        axes = axes[0]
    return _core.transpose(self, axes or None)


def _array_namespace(self, *, api_version=None):
    from . import array_api
    if api_version not in (None, "2021.12", "2022.12"):
        raise ValueError(f"the array API standard is here as of 2022.12, not {api_version}")
    return array_api


def _array(self, dtype=None, copy=None):
    array = array_of(self)
    if dtype is not None and np.dtype(dtype) != array.dtype:
        if copy is False:
            raise ValueError(f"an array of {np.dtype(dtype)} cannot be made of {array.dtype} without a copy")
        return array.astype(dtype)
    return array.copy() if copy else array


def _to_device(self, device, /, *, stream=None):
    if device != "cpu":
        raise ValueError(f"a tensor is in the memory of the processor, \"cpu\"; there is no {device!r}")
    return self


def _install():
    functions = _functions()
    methods = {name: functions[name] for name in _methods}
    methods.update(
        std=functions["stddev"], astype=functions["cast"], copy=lambda self: self, reshape=_reshape,
        transpose=_transpose, ravel=lambda self: _core.flatten(self), numpy=array_of,
        tolist=lambda self: numbers_of(self).tolist(), _repr_html_=_html, __array__=_array,
        __reduce__=lambda self: (_core.tensor, (np.array(numbers_of(self)), dtype_name(self.dtype))),
        __deepcopy__=lambda self, memo: _core.detach(self), __copy__=lambda self: self,
        __format__=lambda self, spec: format(_core.stop_gradient(self).item(), spec) if spec else str(self),
        __reversed__=lambda self: iter(self[::-1]), __array_namespace__=_array_namespace, mT=property(lambda self: _core.swapaxes(self, -2, -1)),
        device=property(lambda self: "cpu"), to_device=_to_device,
        __round__=lambda self, ndigits=0: _core.round(self, ndigits or 0))
    _core._add_methods(methods)


def _html(self):
    """A small table in notebooks, for tensors of one or two axes; else the text."""
    from html import escape
    array = numbers_of(_core.stop_gradient(self))
    about = f"<small>{escape(str(self.shape))} {self.dtype}</small>"
    if array.ndim not in (1, 2) or array.size == 0 or array.size > 400:
        return f"<pre>{escape(repr(self))}</pre>{about}"
    rows = "".join("<tr>" + "".join(f"<td>{value:g}</td>" for value in row) + "</tr>"
                   for row in np.atleast_2d(array.astype(float)))
    return f"<table>{rows}</table>{about}"
