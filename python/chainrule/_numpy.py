"""NumPy's functions that are made of others: each has its gradient from those. Where a result can have no gradient, as
places and truth values have none, NumPy itself may find it."""
import math
from typing import TYPE_CHECKING

import numpy as np

from . import _core
from ._convert import dtype_name, f32, f64
from ._core import Tensor
from ._tensor import _axis

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None


def asarray(values, dtype=None) -> Tensor:
    """A tensor of whatever one can be made of; a tensor is given back as it is."""
    if isinstance(values, Tensor) and (dtype is None or dtype_name(dtype) == dtype_name(values.dtype)):
        return values
    return _core.tensor(values, dtype)


array = asarray


def _is_real(x: Tensor) -> bool:
    return x.dtype.kind == "f"


def _real(x) -> Tensor:
    """As floating numbers: integers become float64."""
    x = asarray(x)
    return x if _is_real(x) else x.astype(f64)


def _beside(*values) -> list:
    """As tensors: numbers and lists beside float64 are not rounded to float32, as operators have it."""
    made = [asarray(each) for each in values]
    if not any(each.dtype == f64 for each in made):
        return made
    return [asarray(value, f64) if tensor.dtype == f32 and isinstance(value, (float, list, tuple, np.generic)) else tensor
            for value, tensor in zip(values, made)]


# ---- made from nothing, or like others

def empty(shape, dtype="float32") -> Tensor:
    """Zeros: a tensor never changes, so there is nothing to fill in later."""
    return _core.zeros(shape, dtype)


def empty_like(x, dtype=None) -> Tensor:
    """Zeros with the shape and dtype of x."""
    return _core.zeros_like(x, dtype)


def full_like(x, value, dtype=None) -> Tensor:
    """One number everywhere, with the shape and dtype of x."""
    x = asarray(x)
    return _core.full(x.shape, value, dtype or x.dtype)


# ---- what numbers are like

def isclose(a, b, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where |a - b| <= atol + rtol |b|."""
    return asarray(np.isclose(np.asarray(_core.stop_gradient(a)), np.asarray(_core.stop_gradient(b)), rtol, atol, equal_nan))


def allclose(a, b, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether |a - b| <= atol + rtol |b| everywhere."""
    return bool(isclose(a, b, rtol, atol, equal_nan).all())


def array_equal(a, b, equal_nan: bool = False) -> bool:
    """Whether shapes and all elements are the same; with `equal_nan`, NaN is the same as NaN."""
    a, b = asarray(a), asarray(b)
    if a.shape != b.shape:
        return False
    same = _core.equal(a, b)
    return bool((_core.logical_or(same, _core.logical_and(_core.isnan(a), _core.isnan(b))) if equal_nan else same).all())


def isposinf(x) -> Tensor:
    """Where x is infinite and positive."""
    return _core.logical_and(_core.isinf(x), _core.greater(x, 0))


def isneginf(x) -> Tensor:
    """Where x is infinite and negative."""
    return _core.logical_and(_core.isinf(x), _core.less(x, 0))


def where(condition, a=None, b=None):
    """a where the condition holds, else b; of a condition alone the places where it holds, as nonzero."""
    if a is None and b is None:
        return nonzero(condition)
    if a is None or b is None:
        raise TypeError("where takes both a and b, or neither")
    return _core.where(condition, a, b)


# ---- functions of an element

def fabs(x) -> Tensor:
    """|x|; integers become float64."""
    return _core.abs(_real(x))


def float_power(a, b) -> Tensor:
    """a to the power b, in float64."""
    return _core.pow(_core.cast(a, f64), _core.cast(b, f64))


def fmax(a, b) -> Tensor:
    """The larger of both; what is not NaN, if one is."""
    a, b = _beside(a, b)
    return _core.where(_core.isnan(a), b, _core.where(_core.isnan(b), a, _core.maximum(a, b)))


def fmin(a, b) -> Tensor:
    """The smaller of both; what is not NaN, if one is."""
    a, b = _beside(a, b)
    return _core.where(_core.isnan(a), b, _core.where(_core.isnan(b), a, _core.minimum(a, b)))


def divmod(a, b) -> tuple:  # noqa: A001
    """floor_divide and remainder."""
    return _core.floor_divide(a, b), _core.remainder(a, b)


def modf(x) -> tuple:
    """What lies behind the point, and the whole number before it."""
    x = _real(x)
    whole = trunc(x)
    return _core.where(_core.isinf(x), _core.sign(x) * 0, x - whole), whole


def _logarithm(x, base: float) -> Tensor:
    """Where x is a power of the base with a whole exponent, that: rounding would miss it by a little."""
    x = _real(x)
    y = _core.log(x) * (1 / math.log(base))
    whole = _core.round(y)
    is_whole = _core.logical_and(_core.equal(_core.pow(base, whole), x), _core.isfinite(y))
    return y + _core.stop_gradient(_core.where(is_whole, whole - y, 0))


def log2(x) -> Tensor:
    """Logarithm to base 2, of powers of 2 exact."""
    return _logarithm(x, 2.0)


def log10(x) -> Tensor:
    """Logarithm to base 10, of powers of 10 exact."""
    return _logarithm(x, 10.0)


def exp2(x) -> Tensor:
    """2 to the power of x, of whole numbers exact."""
    return _core.pow(2.0, _real(x))


def trunc(x) -> Tensor:
    """Towards 0, to a whole number."""
    x = asarray(x)
    return _core.sign(x) * _core.floor(_core.abs(x)) if _is_real(x) else x


fix = trunc


def rint(x) -> Tensor:
    """To the nearest whole number, to the even one of two."""
    return _core.round(_real(x))


def positive(x) -> Tensor:
    """x as it is."""
    return asarray(x)


def hypot(a, b) -> Tensor:
    """sqrt(a^2 + b^2), which does not overflow; infinite where one is, and its slope at (0, 0) is 0."""
    sides = _core.stack(broadcast_arrays(*map(_real, _beside(a, b))))
    return _core.where(_core.any(_core.isinf(sides), 0), inf, _core.norm(sides, 2, 0))


def cbrt(x) -> Tensor:
    """The cube root, of negative numbers too."""
    x = _real(x)
    return _core.sign(x) * _core.pow(_core.abs(x), 1 / 3)


def logaddexp(a, b) -> Tensor:
    """log(exp(a) + exp(b)), which does not overflow."""
    return _core.logsumexp(_core.stack(broadcast_arrays(*map(_real, _beside(a, b)))), 0)


def logaddexp2(a, b) -> Tensor:
    """log2(2^a + 2^b), which does not overflow."""
    a, b = map(_real, _beside(a, b))
    return logaddexp(a * math.log(2), b * math.log(2)) * (1 / math.log(2))


def deg2rad(x) -> Tensor:
    """Degrees as radians."""
    return _real(x) * (pi / 180)


def rad2deg(x) -> Tensor:
    """Radians as degrees."""
    return _real(x) * (180 / pi)


radians, degrees = deg2rad, rad2deg


def signbit(x) -> Tensor:
    """Where x is negative, -0 too."""
    x = asarray(x)
    if not _is_real(x):
        return _core.less(x, 0)
    return _core.logical_or(_core.less(x, 0), _core.logical_and(_core.equal(x, 0), _core.less(_core.reciprocal(x), 0)))


def copysign(a, b) -> Tensor:
    """|a| with the sign of b, also of -0."""
    size = _core.abs(_real(a))
    return _core.where(signbit(b), -size, size)


def heaviside(x, at_zero) -> Tensor:
    """0 below 0, 1 above, `at_zero` at 0."""
    x = _real(x)
    return _core.where(_core.isnan(x), x, _core.where(_core.equal(x, 0), at_zero, _core.greater(x, 0).astype(x.dtype)))


def nan_to_num(x, copy: bool = True, nan: float = 0.0, posinf=None, neginf=None) -> Tensor:
    """NaN and infinite numbers replaced, by 0 and the largest numbers of the dtype unless others are given."""
    x = asarray(x)
    if not _is_real(x):
        return x
    largest = float(np.finfo(x.dtype).max)
    x = _core.where(_core.isnan(x), nan, x)
    x = _core.where(_core.equal(x, inf), largest if posinf is None else posinf, x)
    return _core.where(_core.equal(x, -inf), -largest if neginf is None else neginf, x)


def sinc(x) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0."""
    x = _real(x) * pi
    is_near = _core.less(_core.abs(x), 0.5)
    far = _core.where(is_near, 1, x)
    s = _core.square(_core.where(is_near, x, 0))
    series = 1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156)))))
    return _core.where(is_near, series, _core.sin(far) / far)


# ---- shapes

def ravel(x) -> Tensor:
    """All elements along one axis."""
    return _core.flatten(asarray(x))


def permute_dims(x, axes) -> Tensor:
    """The axes in another order."""
    return _core.permute(x, axes)


def matrix_transpose(x) -> Tensor:
    """The last two axes in each other's place."""
    return _core.swapaxes(x, -2, -1)


def rollaxis(x, axis: int, start: int = 0) -> Tensor:
    """An axis moved to before another one."""
    x = asarray(x)
    axis = _axis(axis, x.ndim)
    start = start + x.ndim if start < 0 else start
    order = [i for i in range(x.ndim) if i != axis]
    order.insert(start - (axis < start), axis)
    return _core.permute(x, order)


def atleast_1d(*arrays):
    """With at least one axis."""
    made = [x if x.ndim else _core.reshape(x, (1,)) for x in map(asarray, arrays)]
    return made[0] if len(made) == 1 else made


def atleast_2d(*arrays):
    """With at least two axes."""
    made = [x if x.ndim > 1 else _core.reshape(x, (1, x.size)) for x in map(asarray, arrays)]
    return made[0] if len(made) == 1 else made


def atleast_3d(*arrays):
    """With at least three axes: a vector lies along the second, a matrix along the first two."""
    made = [x if x.ndim > 2 else _core.reshape(x, (*x.shape, 1) if x.ndim == 2 else (1, x.size, 1)) for x in map(asarray, arrays)]
    return made[0] if len(made) == 1 else made


def broadcast_arrays(*arrays) -> list:
    """Each with the shape that all of them have together."""
    arrays = [asarray(a) for a in arrays]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return [_core.broadcast_to(a, shape) for a in arrays]


def _several(tensors):
    if not isinstance(tensors, (list, tuple, Tensor, np.ndarray)):
        raise TypeError(f"tensors must be a sequence of tensors, not {type(tensors).__name__}")
    if not len(tensors):
        raise ValueError("tensors has none; need one or more")
    return asarray(tensors) if isinstance(tensors, np.ndarray) else tensors  # copied once


def hstack(tensors) -> Tensor:
    """Side by side: along the second axis, and vectors along their only one."""
    tensors = [atleast_1d(x) for x in _several(tensors)]
    return _core.concatenate(tensors, 0 if tensors[0].ndim == 1 else 1)


def vstack(tensors) -> Tensor:
    """One above the other: rows."""
    return _core.concatenate([atleast_2d(x) for x in _several(tensors)], 0)


row_stack = vstack


def column_stack(tensors) -> Tensor:
    """Vectors as the columns of a matrix."""
    return _core.concatenate([_core.reshape(x, (x.size, 1)) if x.ndim < 2 else x for x in map(asarray, _several(tensors))], 1)


def dstack(tensors) -> Tensor:
    """Along a third axis."""
    deep = [_core.expand_dims(x, 2) if x.ndim < 3 else x for x in map(atleast_2d, _several(tensors))]
    return _core.concatenate(deep, 2)


def append(x, values, axis=None) -> Tensor:
    """More elements behind."""
    return _core.concatenate([asarray(x), asarray(values)], axis)


def repeat(x, repeats, axis=None) -> Tensor:
    """Each element so many times: one number for all, or one for each."""
    x = asarray(x)
    x, axis = (ravel(x), 0) if axis is None else (x, axis)
    places = np.repeat(np.arange(x.shape[_axis(axis, x.ndim)]), np.asarray(repeats))
    return _core.take(x, asarray(places), axis)


def array_split(x, parts, axis: int = 0) -> list:
    """Parts of about the same size, the first ones larger."""
    x = asarray(x)
    if isinstance(parts, int):
        size = x.shape[_axis(axis, x.ndim)]
        parts = np.cumsum([size // parts + (i < size % parts) for i in range(parts)])[:-1].tolist()
    return _core.split(x, parts, axis) if parts else [x]


def hsplit(x, parts) -> list:
    """Parts side by side: along the second axis, of a vector along its only one."""
    x = asarray(x)
    return _core.split(x, parts, 0 if x.ndim == 1 else 1)


def vsplit(x, parts) -> list:
    """Parts one above the other: along the first axis."""
    return _core.split(x, parts, 0)


def dsplit(x, parts) -> list:
    """Parts along the third axis."""
    return _core.split(x, parts, 2)


def fliplr(x) -> Tensor:
    """The second axis in reverse order."""
    return _core.flip(x, 1)


def flipud(x) -> Tensor:
    """The first axis in reverse order."""
    return _core.flip(x, 0)


def rot90(x, k: int = 1, axes=(0, 1)) -> Tensor:
    """Turned by k quarters, from the first of two axes to the second."""
    x = asarray(x)
    if not isinstance(axes, (list, tuple)) or len(axes) != 2:
        raise ValueError(f"axes is {axes!r}; need two of them")
    for _ in range(k % 4):
        x = _core.swapaxes(_core.flip(x, axes[1]), axes[0], axes[1])
    return x


def roll(x, shift, axis=None) -> Tensor:
    """Moved on by `shift` places along an axis, or several, what leaves at the end entering at the start; without an axis
    along all elements in a row."""
    x = asarray(x)
    if not isinstance(shift, (tuple, list)) and not isinstance(axis, (tuple, list)):
        return _core.roll(x, shift, axis)
    if axis is None:
        return _core.roll(x, sum(shift), None)
    for each, along in np.broadcast(shift, axis):
        x = _core.roll(x, int(each), int(along))
    return x


def diff(x, n: int = 1, axis: int = -1, prepend=None, append=None) -> Tensor:
    """Differences of neighbours, n times, of x with more elements before and behind it."""
    x = asarray(x)
    axis = _axis(axis, x.ndim)
    parts = [None if each is None else asarray(each) for each in (prepend, append)]
    one = [1 if i == axis else size for i, size in enumerate(x.shape)]
    before, behind = (each if each is None or each.ndim else _core.broadcast_to(each, one) for each in parts)
    joined = [each for each in (before, x, behind) if each is not None]
    return _core.diff(_core.concatenate(joined, axis) if len(joined) > 1 else x, n, axis)


from ._grids import (broadcast_shapes, diagflat, eye, geomspace, identity, linspace, logspace, meshgrid, ndim,  # noqa: E402,F401
                     polyval, ravel_multi_index, shape, size, tri, tril_indices, triu_indices, unravel_index, vander)
from ._products import convolve, correlate, cross, cumprod, inner, kron, tensordot, trapezoid, trapz, vdot  # noqa: E402,F401
from ._sets import (argwhere, bincount, count_nonzero, delete, digitize, flatnonzero, histogram, in1d, interp,  # noqa: E402,F401
                    intersect1d, isin, nonzero, searchsorted, setdiff1d, union1d, unique)
from ._statistics import (average, corrcoef, cov, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar,  # noqa: E402,F401
                          percentile, ptp, quantile)

if not TYPE_CHECKING:  # checkers take all names without _
    __all__ = [name for name in globals() if not name.startswith("_") and name not in
               ("TYPE_CHECKING", "math", "np", "Tensor", "dtype_name", "f32", "f64")]
