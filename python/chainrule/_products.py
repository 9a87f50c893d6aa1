"""NumPy's functions that multiply vectors and tables, and add up. A part of _numpy."""
import math

import numpy as np

from . import _core
from ._convert import i64
from ._core import Tensor
from ._numpy import _beside, _is_real, _real, diff, ravel
from ._tensor import _axis, moveaxis


def cumprod(x, axis=None) -> Tensor:
    """Products of all elements up to each; of integers and booleans int64."""
    return _core.cumprod(ravel(x), 0) if axis is None else _core.cumprod(x, axis)


def cross(a, b, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis=None) -> Tensor:
    """The product of vectors with three numbers; a vector with two has 0 as its third, and of two such the third number of
    the product is the result. `axis` names where they lie in a, b and the result."""
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    a, b = (moveaxis(x, _axis(along, x.ndim), x.ndim - 1) for x, along in zip(_beside(a, b), (axisa, axisb)))
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (_core.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, 1)]) if x.shape[-1] == 2 else x for x in (a, b))
    product = _core.cross(a, b)
    return moveaxis(product, product.ndim - 1, _axis(axisc, product.ndim))


def convolve(a, v, mode: str = "full") -> Tensor:
    """Sums of products of two vectors, one of them turned round and moved past the other: as far as they meet ("full"), as
    the longer one is long ("same"), or where they overlap all along ("valid")."""
    a, v = _beside(a, v)
    if a.ndim != 1 or v.ndim != 1 or not a.size or not v.size:
        raise ValueError(f"a has shape {a.shape}, v {v.shape}; need two vectors with elements")
    a, v = (a, v) if a.size >= v.size else (v, a)
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode is {mode!r}; need 'full', 'same' or 'valid'")
    dtype = i64 if not _is_real(a) and not _is_real(v) else None
    edge = 0 if mode == "valid" else v.size - 1
    a, v = map(_real, _beside(a, v))
    found = _core.conv1d(_core.reshape(a, (1, 1, a.size)), _core.reshape(_core.flip(v), (1, 1, v.size)), padding=edge)[0, 0]
    if mode == "same":
        found = found[(v.size - 1) // 2:][:a.size]
    return found if dtype is None else _core.round(found).astype(dtype)


def correlate(a, v, mode: str = "valid") -> Tensor:
    """As convolve, with v as it is."""
    a, v = _beside(a, v)
    return _core.flip(convolve(_core.flip(a), v, mode)) if a.size < v.size else convolve(a, _core.flip(v), mode)


def inner(a, b) -> Tensor:
    """Sums of products along the last axes."""
    a, b = _beside(a, b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, axes=([-1], [-1]))


def vdot(a, b) -> Tensor:
    """The sum of products of all elements."""
    a, b = map(ravel, _beside(a, b))
    if a.shape != b.shape:
        raise ValueError(f"a has {a.size} elements, b {b.size}; need as many")
    return _core.sum(a * b)


def tensordot(a, b, axes=2) -> Tensor:
    """Sums of products along some axes of both: the last of a and the first of b, or those that are named."""
    a, b = _beside(a, b)
    if isinstance(axes, int):
        axes = (list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    of_a, of_b = ([_axis(i, x.ndim) for i in np.atleast_1d(names).tolist()] for x, names in zip((a, b), axes))
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


trapezoid = trapz
