"""NumPy's functions that are made of others: each has its gradient from those. Where a result can have no gradient, as
places and truth values have none, NumPy itself may find it."""
import math
from typing import TYPE_CHECKING

import numpy as np

from . import _core
from ._convert import boolean, dtype_name, f32, f64, i64
from ._core import Tensor

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


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise IndexError(f"axis {axis} is out of range for {ndim} axes")
    return axis % ndim


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


def identity(n: int, dtype="float32") -> Tensor:
    """The identity matrix."""
    return asarray(np.eye(n), dtype)


def logspace(start, stop, num=50, base=10.0, dtype="f32") -> Tensor:
    """Numbers whose logarithms lie at equal distances."""
    return _core.tensor(np.logspace(start, stop, num, base=base), dtype)


def diag(x, k: int = 0) -> Tensor:
    """The diagonal of a matrix; of a vector, the matrix that has it."""
    x = asarray(x)
    if x.ndim != 1:
        return _core.diagonal(x, k)
    size = x.shape[0] + abs(k)
    rows = np.arange(x.shape[0]) + max(-k, 0)
    return _core.reshape(_core.scatter_add(_core.zeros(size * size, x.dtype), asarray(rows * size + rows + k), x, 0)
                         if x.shape[0] else _core.zeros(size * size, x.dtype), (size, size))


def meshgrid(*arrays, indexing: str = "xy") -> list:
    """Coordinates of a grid: a tensor for each axis."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing is {indexing!r}; need 'xy' or 'ij'")
    flat = [ravel(a) for a in arrays]
    shape = [a.size for a in flat]
    made = [_core.broadcast_to(_core.reshape(a, [a.size if i == k else 1 for k in range(len(flat))]), shape)
            for i, a in enumerate(flat)]
    return [_core.swapaxes(m, 0, 1) for m in made] if indexing == "xy" and len(flat) > 1 else made


# ---- what numbers are like

def isnan(x) -> Tensor:
    """Where x is NaN."""
    return _core.not_equal(x, x)


def isinf(x) -> Tensor:
    """Where x is infinite."""
    x = asarray(x)
    return _core.equal(_core.abs(x), inf) if _is_real(x) else _core.not_equal(x, x)


def isfinite(x) -> Tensor:
    """Where x is neither infinite nor NaN."""
    x = asarray(x)
    return _core.less(_core.abs(x), inf) if _is_real(x) else _core.equal(x, x)


def isclose(a, b, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where |a - b| <= atol + rtol |b|."""
    return asarray(np.isclose(np.asarray(_core.stop_gradient(a)), np.asarray(_core.stop_gradient(b)), rtol, atol, equal_nan))


def allclose(a, b, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether |a - b| <= atol + rtol |b| everywhere."""
    return bool(isclose(a, b, rtol, atol, equal_nan).all())


def array_equal(a, b) -> bool:
    """Whether shapes and all elements are the same."""
    a, b = asarray(a), asarray(b)
    return a.shape == b.shape and bool(_core.equal(a, b).all())


def nonzero(x) -> tuple:
    """The places of elements that are not 0: a tensor for each axis."""
    return tuple(asarray(each) for each in np.nonzero(np.asarray(_core.stop_gradient(x))))


def argwhere(x) -> Tensor:
    """The places of elements that are not 0, one a row."""
    return asarray(np.argwhere(np.asarray(_core.stop_gradient(x))))


def count_nonzero(x, axis=None, keepdims: bool = False) -> Tensor:
    """How many elements are not 0."""
    return _core.sum(_core.not_equal(x, 0), axis, keepdims)


def unique(x) -> Tensor:
    """The different elements, in ascending order."""
    return asarray(np.unique(np.asarray(_core.stop_gradient(x))))


# ---- functions of an element

def log2(x) -> Tensor:
    """Logarithm to base 2."""
    return _core.log(x) * (1 / math.log(2))


def log10(x) -> Tensor:
    """Logarithm to base 10."""
    return _core.log(x) * (1 / math.log(10))


def exp2(x) -> Tensor:
    """2 to the power of x."""
    return _core.exp(_real(x) * math.log(2))


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
    return _core.where(_core.any(isinf(sides), 0), inf, _core.norm(sides, 2, 0))


def cbrt(x) -> Tensor:
    """The cube root, of negative numbers too."""
    x = _real(x)
    return _core.sign(x) * _core.pow(_core.abs(x), 1 / 3)


def logaddexp(a, b) -> Tensor:
    """log(exp(a) + exp(b)), which does not overflow."""
    return _core.logsumexp(_core.stack(broadcast_arrays(*map(_real, _beside(a, b)))), 0)


def deg2rad(x) -> Tensor:
    """Degrees as radians."""
    return _real(x) * (pi / 180)


def rad2deg(x) -> Tensor:
    """Radians as degrees."""
    return _real(x) * (180 / pi)


radians, degrees = deg2rad, rad2deg


def copysign(a, b) -> Tensor:
    """|a| with the sign of b; 0 counts as positive."""
    size = _core.abs(_real(a))
    return _core.where(_core.less(b, 0), -size, size)


def heaviside(x, at_zero) -> Tensor:
    """0 below 0, 1 above, `at_zero` at 0."""
    x = _real(x)
    return _core.where(isnan(x), x, _core.where(_core.equal(x, 0), at_zero, _core.greater(x, 0).astype(x.dtype)))


def nan_to_num(x, copy: bool = True, nan: float = 0.0, posinf=None, neginf=None) -> Tensor:
    """NaN and infinite numbers replaced, by 0 and the largest numbers of the dtype unless others are given."""
    x = asarray(x)
    if not _is_real(x):
        return x
    largest = float(np.finfo(x.dtype).max)
    x = _core.where(isnan(x), nan, x)
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


def broadcast_arrays(*arrays) -> list:
    """Each with the shape that all of them have together."""
    arrays = [asarray(a) for a in arrays]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return [_core.broadcast_to(a, shape) for a in arrays]


def hstack(tensors) -> Tensor:
    """Side by side: along the second axis, and vectors along their only one."""
    tensors = [atleast_1d(x) for x in tensors]
    return _core.concatenate(tensors, 0 if tensors[0].ndim == 1 else 1)


def vstack(tensors) -> Tensor:
    """One above the other: rows."""
    return _core.concatenate([atleast_2d(x) for x in tensors], 0)


row_stack = vstack


def column_stack(tensors) -> Tensor:
    """Vectors as the columns of a matrix."""
    return _core.concatenate([_core.reshape(x, (x.size, 1)) if x.ndim < 2 else x for x in map(asarray, tensors)], 1)


def dstack(tensors) -> Tensor:
    """Along a third axis."""
    deep = [_core.expand_dims(x, 2) if x.ndim < 3 else x for x in map(atleast_2d, tensors)]
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


def fliplr(x) -> Tensor:
    """The second axis in reverse order."""
    return _core.flip(x, 1)


def flipud(x) -> Tensor:
    """The first axis in reverse order."""
    return _core.flip(x, 0)


def rot90(x, k: int = 1, axes=(0, 1)) -> Tensor:
    """Turned by k quarters, from the first of two axes to the second."""
    x = asarray(x)
    for _ in range(k % 4):
        x = _core.swapaxes(_core.flip(x, axes[1]), axes[0], axes[1])
    return x


def diff(x, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours, n times."""
    x = asarray(x)
    for _ in range(n):
        size = x.shape[_axis(axis, x.ndim)]
        x = _core.slice(x, axis, 1, size, 1) - _core.slice(x, axis, 0, max(size - 1, 0), 1)
    return x


# ---- sums and products

def cumprod(x, axis=None) -> Tensor:
    """Products of all elements up to each; of integers and booleans int64."""
    x = asarray(x)
    x = x if _is_real(x) else x.astype(i64)
    x, axis = (ravel(x), 0) if axis is None else (x, _axis(axis, x.ndim))
    step = 1
    while step < x.shape[axis]:
        size = x.shape[axis]
        ones = _core.ones([step if i == axis else s for i, s in enumerate(x.shape)], x.dtype)
        x = x * _core.concatenate([ones, _core.slice(x, axis, 0, size - step, 1)], axis)
        step *= 2
    return x


def inner(a, b) -> Tensor:
    """Sums of products along the last axes."""
    a, b = _beside(a, b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, axes=([-1], [-1]))


def vdot(a, b) -> Tensor:
    """The sum of products of all elements."""
    a, b = _beside(a, b)
    return _core.sum(ravel(a) * ravel(b))


def tensordot(a, b, axes=2) -> Tensor:
    """Sums of products along some axes of both: the last of a and the first of b, or those that are named."""
    a, b = _beside(a, b)
    if isinstance(axes, int):
        axes = (list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    of_a, of_b = ([_axis(i, x.ndim) for i in ([names] if isinstance(names, int) else names)] for x, names in zip((a, b), axes))
    rest_a, rest_b = ([i for i in range(x.ndim) if i not in used] for x, used in ((a, of_a), (b, of_b)))
    shape = [a.shape[i] for i in rest_a] + [b.shape[i] for i in rest_b]
    left = _core.reshape(_core.permute(a, rest_a + of_a), (math.prod(a.shape[i] for i in rest_a),
                                                          math.prod(a.shape[i] for i in of_a)))
    right = _core.reshape(_core.permute(b, of_b + rest_b), (math.prod(b.shape[i] for i in of_b),
                                                           math.prod(b.shape[i] for i in rest_b)))
    return _core.reshape(_core.matmul(left, right), shape)


def kron(a, b) -> Tensor:
    """Each element of a times all of b, as blocks."""
    a, b = _beside(a, b)
    ndim = max(a.ndim, b.ndim)
    a, b = (_core.reshape(x, [1] * (ndim - x.ndim) + list(x.shape)) for x in (a, b))
    product = (_core.reshape(a, [s for size in a.shape for s in (size, 1)])
               * _core.reshape(b, [s for size in b.shape for s in (1, size)]))
    return _core.reshape(product, [m * n for m, n in zip(a.shape, b.shape)])


def cross(a, b) -> Tensor:
    """The product of vectors with three numbers, along the last axis."""
    a, b = _beside(a, b)
    return _core.roll(a, -1, -1) * _core.roll(b, -2, -1) - _core.roll(a, -2, -1) * _core.roll(b, -1, -1)


def bincount(x, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, ... stands in x."""
    return asarray(np.bincount(np.asarray(x), minlength=minlength))


def searchsorted(a, values, side: str = "left") -> Tensor:
    """Where each value would stand in a sorted vector."""
    return asarray(np.searchsorted(np.asarray(_core.stop_gradient(a)), np.asarray(_core.stop_gradient(values)), side))


def trapz(y, x=None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """The integral by trapezoids."""
    y = _real(y)
    size = y.shape[_axis(axis, y.ndim)]
    middle = (_core.slice(y, axis, 1, size, 1) + _core.slice(y, axis, 0, size - 1, 1)) / 2
    if x is None:
        return _core.sum(middle * dx, axis)
    widths = diff(x)
    shape = [1] * y.ndim
    shape[_axis(axis, y.ndim)] = size - 1
    return _core.sum(middle * (_core.reshape(widths, shape) if widths.ndim == 1 else diff(x, 1, axis)), axis)


from ._statistics import average, median, nanmean, nansum, percentile, ptp, quantile  # noqa: E402,F401

if not TYPE_CHECKING:  # checkers take all names without _
    __all__ = [name for name in globals() if not name.startswith("_") and name not in
               ("TYPE_CHECKING", "math", "np", "Tensor", "boolean", "dtype_name", "f32", "f64", "i64")]
