"""Between NumPy and Tensor: what the core asks for by name."""
import inspect
import os

import numpy as np
from numpy import generic  # also for the core

from ._core import Tensor, stack, stop_gradient, tensor as as_tensor
from ._errors import DTypeError

class _BFloat16:
    """The dtype bfloat16, which NumPy does not have."""
    name, kind, itemsize = "bfloat16", "f", 2

    def __repr__(self):
        return self.name

    def __eq__(self, other):
        return self is other or (isinstance(other, str) and other in ("bf16", "bfloat16"))

    def __hash__(self):
        return hash(self.name)


f32, f64, i64, u8 = np.dtype("float32"), np.dtype("float64"), np.dtype("int64"), np.dtype("uint8")
f16, i32, bf16 = np.dtype("float16"), np.dtype("int32"), _BFloat16()
boolean = bool_ = np.dtype("bool")
globals()["bool"] = boolean  # as the core names it
_names = {f32: "f32", f64: "f64", i64: "i64", u8: "u8", boolean: "bool", f16: "f16", i32: "i32"}
_short = {name: dtype for dtype, name in _names.items()}
# A Python type asks for what NumPy makes of it.
_python_types = {float: f64, int: i64, type(True): boolean}


def dtype_name(dtype) -> str:
    """The library's name of a dtype: "f32" of np.float32, "float32", float, ..."""
    if isinstance(dtype, str) and dtype in _short:
        return dtype
    if bf16 == dtype:
        return "bf16"
    found = _python_types.get(dtype) if isinstance(dtype, type) else None
    try:
        found = found or np.dtype(dtype)
    except TypeError:
        found = dtype
    if getattr(found, "__hash__", None) is None or found not in _names:
        raise DTypeError(f"[dtype] {found} is none that Chainrule has. Need float16, bfloat16, float32, float64, int32, "
                         "int64, uint8 or bool. (E553)", 553)
    return _names[found]


def as_array(values, is_exact=False):
    """A contiguous array of a dtype that the library has. Numbers with a fraction are float32, or with is_exact as they
    are, float64."""
    if hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray):
        try:
            return Tensor._of_capsule(values.__dlpack__())
        except (BufferError, RuntimeError, TypeError):
            pass  # of another device or dtype: what NumPy makes of it
    if _has_tensors(values):
        return stack(_beside(values, f64 if is_exact or _has_float64(values) else None))
    is_array = (hasattr(values, "dtype") or hasattr(values, "__array__")) and not isinstance(values, generic)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DTypeError(f"[tensor] no array can be made of it: {error}. Need lists of the same length. (E554)", 554)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f":
        wanted = array.dtype.newbyteorder("=") if size in (2, 8) and is_array else f64 if is_exact else f32
        if size > 8:
            _refuse(array.dtype)
    elif kind == "b" or (kind == "u" and size == 1):
        wanted = array.dtype
    elif kind in "iu":
        if kind == "u" and size == 8 and array.size and int(array.max()) >= 2**63:
            _refuse(array.dtype)
        wanted = i32 if kind == "i" and size == 4 and is_array else i64
    else:
        _refuse(array.dtype)
    return np.ascontiguousarray(array, wanted).reshape(array.shape)


def _beside(values, dtype) -> list:
    """Values as tensors: what is none is made in the dtype, if one is given."""
    return [as_tensor(value) if _is_tensor(value) else stack(_beside(value, dtype)) if _has_tensors(value) else
            as_tensor(value, dtype) for value in values]


def _has_float64(values) -> "bool":
    return any(_has_float64(value) if isinstance(value, (list, tuple)) else _is_tensor(value) and value.dtype == f64
               for value in values)


def _has_tensors(values) -> "bool":
    return isinstance(values, (list, tuple)) and any(_is_tensor(value) or _has_tensors(value) for value in values)


def _is_tensor(value) -> "bool":
    """Whether it is a tensor, or a parameter or state, which has one."""
    return isinstance(value, Tensor) or hasattr(type(value), "__chainrule_tensor__")


def _refuse(dtype):
    raise DTypeError(f"[tensor] {dtype} has no counterpart. Need float16 to float64, integers up to 64 bits, or bool. "
                     "(E554)", 554)


def path_of(path, what="path") -> str:
    """A path as text: of a str, bytes, or what has __fspath__."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"{what} must be a str, bytes or a path, not {type(path).__name__}") from None
    if "\0" in text:
        raise ValueError(f"{what} has a NUL character in it, which no path has")
    return text


def signature(text: str) -> inspect.Signature:
    """The signature that a text says: "x, axis=None"."""
    scope: dict = {}
    exec(f"def f({text}): pass", scope)
    return inspect.signature(scope["f"])


def array_of(tensor) -> np.ndarray:
    """The elements as an array that cannot be written: no copy."""
    return np.asarray(memoryview(tensor))


def text_of(tensor) -> str:
    """tensor([1., 2.]), as NumPy writes arrays; the dtype where it is none of those that literals have."""
    text = np.array2string(_shown(tensor), separator=", ", prefix="tensor(")
    more = f", shape={tensor.shape}" if tensor.size == 0 else ""
    if tensor.dtype in (f64, u8, f16, bf16, i32) or tensor.size == 0:
        more += f", dtype={tensor.dtype}"
    return f"tensor({text}{more})"


def plain_text_of(tensor) -> str:
    return str(_shown(tensor))


def _shown(tensor) -> np.ndarray:
    """The elements to be printed: no gradient is meant."""
    return numbers_of(stop_gradient(tensor))


def numbers_of(tensor) -> np.ndarray:
    """The elements in the nearest dtype that NumPy has: of bfloat16, float32."""
    return array_of(tensor.astype(f32) if tensor.dtype == bf16 else tensor)
