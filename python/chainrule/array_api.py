"""The functions of the array API standard, 2022.12, for programs that are written for any library of arrays.

    xp = x.__array_namespace__()
    xp.permute_dims(xp.isnan(x), (1, 0))

They are differentiable as all others, and their results tensors. `left_out` says what is not here, and why: there are
neither complex numbers nor other integers than int64 and uint8, and a tensor never changes. So `sum` and `prod` of uint8
are int64, where the standard has an unsigned dtype of 64 bits: the numbers are the same up to 2^63.
"""
import builtins as _builtins
import math as _math

import numpy as _np

from . import _core
from ._convert import boolean as bool, f32 as float32, f64 as float64, i64 as int64, u8 as uint8  # noqa: A004
from ._core import Tensor
from ._numpy import (asarray as _asarray, broadcast_arrays, log2, log10, logaddexp,  # noqa: F401
                     matrix_transpose, meshgrid, nonzero, permute_dims, positive, tensordot, trunc, unique as unique_values)
from ._tensor import aliases as _aliases, arange as _arange, from_dlpack, tensor as _tensor

e, inf, nan, newaxis, pi = _math.e, _math.inf, _math.nan, None, _math.pi
__array_api_version__ = "2022.12"

left_out = {
    "complex numbers": ["complex64", "complex128", "conj", "imag", "real"],
    "integers": ["int8", "int16", "int32", "uint16", "uint32", "uint64", "bitwise_left_shift", "bitwise_right_shift"],
}

# Here under the same name, with the same meaning.
_same = """abs acos acosh add asin asinh atan atan2 atanh broadcast_to ceil cos cosh divide equal exp expm1 floor
           floor_divide greater greater_equal less less_equal log log1p logical_and logical_not logical_or logical_xor
           matmul multiply negative not_equal ones_like outer remainder reshape roll round sign sin sinh
           sqrt square squeeze stack subtract tan tanh tril triu where zeros zeros_like ones expand_dims flip
           argmax argmin max mean min all any take isfinite isinf isnan""".split()
_here = {**vars(_core), **{alias: getattr(_core, name) for alias, name in _aliases.items()}}
globals().update({name: _here[name] for name in _same})


def asarray(obj, /, *, dtype=None, device=None, copy=None) -> Tensor:
    return _asarray(obj, dtype)


def arange(start, /, stop=None, step=1, *, dtype=None, device=None) -> Tensor:
    return _arange(start, stop, step, dtype)


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True) -> Tensor:
    return _tensor(_np.linspace(start, stop, num, endpoint=endpoint), dtype or float32)


def empty(shape, *, dtype=None, device=None) -> Tensor:
    return _core.zeros(shape, dtype or float32)


def empty_like(x, /, *, dtype=None, device=None) -> Tensor:
    return _core.zeros_like(x, dtype)


def full_like(x, /, fill_value, *, dtype=None, device=None) -> Tensor:
    x = _tensor(x)
    return _core.full(x.shape, fill_value, dtype or x.dtype)


def pow(x1, x2, /) -> Tensor:
    """Of integers an integer."""
    whole = _builtins.all(isinstance(x, int) or (isinstance(x, Tensor) and x.dtype.kind in "iu") for x in (x1, x2))
    return _tensor(_np.power(_np.asarray(x1), _np.asarray(x2))) if whole else _core.pow(x1, x2)


def sum(x, /, *, axis=None, dtype=None, keepdims=False) -> Tensor:
    """Of integers, uint8 among them, int64; of floating numbers their dtype; or the dtype that is asked for."""
    x = _tensor(x)
    return _core.sum(x if dtype is None else x.astype(dtype), axis, keepdims).astype(dtype or _sum_of(x.dtype))


def prod(x, /, *, axis=None, dtype=None, keepdims=False) -> Tensor:
    """The same dtypes as of sum."""
    x = _tensor(x)
    return _core.prod(x if dtype is None else x.astype(dtype), axis, keepdims).astype(dtype or _sum_of(x.dtype))


def _sum_of(dtype):
    return dtype if dtype.kind == "f" else int64


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None) -> Tensor:
    return _tensor(_np.eye(n_rows, n_cols, k), dtype or float32)


def full(shape, fill_value, *, dtype=None, device=None) -> Tensor:
    return _tensor(_np.full(shape, fill_value), dtype or (None if isinstance(fill_value, int) else float32))


def astype(x, dtype, /, *, copy=True) -> Tensor:
    return _tensor(x).astype(dtype)


def can_cast(from_, to, /) -> bool:
    return _np.can_cast(from_.dtype if isinstance(from_, Tensor) else from_, to)


def result_type(*arrays_and_dtypes):
    return _np.result_type(*(a.dtype if isinstance(a, Tensor) else a for a in arrays_and_dtypes))


def finfo(type, /):
    return _np.finfo(type.dtype if isinstance(type, Tensor) else type)


def iinfo(type, /):
    return _np.iinfo(type.dtype if isinstance(type, Tensor) else type)


def isdtype(dtype, kind) -> bool:
    kinds = {"bool": "b", "signed integer": "i", "unsigned integer": "u", "integral": "iu", "real floating": "f",
             "complex floating": "c", "numeric": "iufc"}
    if isinstance(kind, tuple):
        return _np.any([isdtype(dtype, each) for each in kind]).item()
    return _np.dtype(dtype).kind in kinds[kind] if isinstance(kind, str) else _np.dtype(dtype) == _np.dtype(kind)


def _bits(name):
    def function(x1, x2, /) -> Tensor:
        """Of integers bit by bit, of booleans as they are."""
        x1, x2 = _tensor(x1), _tensor(x2)
        if x1.dtype == bool:
            return _here[name.replace("bitwise", "logical")](x1, x2)
        return _tensor(getattr(_np, name)(_np.asarray(x1), _np.asarray(x2)))
    function.__name__ = name
    return function


bitwise_and, bitwise_or, bitwise_xor = (_bits(f"bitwise_{name}") for name in ("and", "or", "xor"))


def bitwise_invert(x, /) -> Tensor:
    x = _tensor(x)
    return _core.logical_not(x) if x.dtype == bool else _tensor(_np.invert(_np.asarray(x)))


def concat(arrays, /, *, axis=0) -> Tensor:
    return _core.concatenate([_core.flatten(a) for a in arrays] if axis is None else list(arrays), axis or 0)


def vecdot(x1, x2, /, *, axis=-1) -> Tensor:
    a, b = broadcast_arrays(x1, x2)
    return _core.sum(a * b, axis)


def argsort(x, /, *, axis=-1, descending=False, stable=True) -> Tensor:
    return _core.argsort(x, axis, descending)


def sort(x, /, *, axis=-1, descending=False, stable=True) -> Tensor:
    return _core.sort(x, axis, descending)


def std(x, /, *, axis=None, correction=0, keepdims=False) -> Tensor:
    return _core.stddev(x, axis, keepdims, correction)


def var(x, /, *, axis=None, correction=0, keepdims=False) -> Tensor:
    return _core.var(x, axis, keepdims, correction)


def unique_counts(x, /):
    return tuple(_tensor(each) for each in _np.unique(_np.asarray(x), return_counts=True))


def unique_inverse(x, /):
    values, inverse = _np.unique(_np.asarray(x), return_inverse=True)
    return _tensor(values), _tensor(inverse.reshape(_np.shape(x)))


def unique_all(x, /):
    values, first, inverse, counts = _np.unique(_np.asarray(x), return_index=True, return_inverse=True, return_counts=True)
    return tuple(_tensor(each) for each in (values, first, inverse.reshape(_np.shape(x)), counts))
