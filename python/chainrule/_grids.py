"""NumPy's functions that make numbers in a row, grids and masks. A part of _numpy."""
import math

import numpy as np

from . import _core
from ._core import Tensor
from ._numpy import _beside, _real, asarray, ravel


def _flag(name: str, value) -> bool:
    """Where other libraries have a dtype in the same place: a text is not taken for True."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
    return bool(value)


def _whole(name: str, value) -> int:
    if not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    return int(value)


def _is_plain(value) -> bool:
    return isinstance(value, (int, float, np.number, np.ndarray))


def linspace(start, stop, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype=None, axis: int = 0):
    """So many numbers at equal distances from start to stop, which is the last one if `endpoint`; with `retstep` their
    distance, too. float32 unless a dtype is given, or that of a tensor `start` or `stop`, which then have gradients."""
    num = _whole("num", num)
    endpoint, retstep = _flag("endpoint", endpoint), _flag("retstep", retstep)
    if _is_plain(start) and _is_plain(stop):
        numbers, step = np.linspace(start, stop, num, endpoint, True, axis=axis)
        numbers = asarray(numbers, dtype or "float32")
    else:
        a, b = map(_real, _beside(start, stop))
        step = (b - a) / max(num - endpoint, 1)
        shares = np.linspace(0, 1, num, endpoint)
        numbers = _core.stack([a * (1 - t) + b * t for t in shares.tolist()], axis) if num else asarray(
            np.linspace(np.zeros(a.shape), np.zeros(b.shape), 0, axis=axis), a.dtype)
        numbers = numbers if dtype is None else numbers.astype(dtype)
    return (numbers, step) if retstep else numbers


def logspace(start, stop, num: int = 50, endpoint: bool = True, base: float = 10.0, dtype=None, axis: int = 0) -> Tensor:
    """Numbers whose logarithms to a base lie at equal distances: base**start is the first."""
    if _is_plain(start) and _is_plain(stop):
        return asarray(np.logspace(start, stop, _whole("num", num), _flag("endpoint", endpoint), base, axis=axis),
                       dtype or "float32")
    return _core.pow(base, linspace(start, stop, num, endpoint, False, dtype, axis))


def geomspace(start, stop, num: int = 50, endpoint: bool = True, dtype=None, axis: int = 0) -> Tensor:
    """Numbers of which each is the one before times the same factor, from start to stop."""
    if _is_plain(start) and _is_plain(stop):
        numbers = np.geomspace(start, stop, _whole("num", num), _flag("endpoint", endpoint), axis=axis)
        return asarray(numbers, dtype or "float32")
    a, b = map(_real, _beside(start, stop))
    a, b = (each.astype(np.result_type(a.dtype, b.dtype)) for each in (a, b))
    logarithms = linspace(_core.log(_core.abs(a)), _core.log(_core.abs(b)), num, endpoint, False, dtype, axis)
    return _core.exp(logarithms) * (_core.expand_dims(_core.sign(a), axis) if a.ndim else _core.sign(a))


def meshgrid(*arrays, sparse: bool = False, indexing: str = "xy") -> list:
    """Coordinates of a grid: a tensor for each axis; `sparse` ones have size 1 along the others."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing is {indexing!r}; need 'xy' or 'ij'")
    flat = [ravel(a) for a in arrays]
    made = [_core.reshape(a, [a.size if i == k else 1 for k in range(len(flat))]) for i, a in enumerate(flat)]
    if not sparse:
        made = [_core.broadcast_to(a, [each.size for each in flat]) for a in made]
    return [_core.swapaxes(m, 0, 1) for m in made] if indexing == "xy" and len(flat) > 1 else made


def eye(rows: int, columns=None, k: int = 0, dtype="float32") -> Tensor:
    """1 on the k-th diagonal, else 0: square, or of so many columns."""
    if isinstance(k, str):
        raise TypeError("k must be an integer, not str: dtype=... names the dtype")
    return asarray(np.eye(_whole("rows", rows), None if columns is None or columns == -1 else _whole("columns", columns),
                          _whole("k", k)), dtype)


def identity(n: int, dtype="float32") -> Tensor:
    """The identity matrix."""
    return eye(n, dtype=dtype)


def tri(rows: int, columns=None, k: int = 0, dtype="float32") -> Tensor:
    """1 on the k-th diagonal and below it, else 0."""
    return _core.tril(_core.ones((rows, rows if columns is None else columns), dtype), k)


def tril_indices(n: int, k: int = 0, m=None) -> tuple:
    """The places, rows and columns, that lie on the k-th diagonal and below it, in a matrix of n rows and m columns."""
    return _indices(np.tril_indices, n, k, m)


def triu_indices(n: int, k: int = 0, m=None) -> tuple:
    """The places, rows and columns, that lie on the k-th diagonal and above it, in a matrix of n rows and m columns."""
    return _indices(np.triu_indices, n, k, m)


def _indices(find, n, k, m) -> tuple:
    return tuple(map(asarray, find(_whole("n", n), _whole("k", k), None if m is None else _whole("m", m))))


def diagflat(x, k: int = 0) -> Tensor:
    """The matrix that has all elements on its k-th diagonal."""
    return _core.diag(ravel(x), k)


def vander(x, N=None, increasing: bool = False) -> Tensor:
    """A row of powers for each element: N of them, x^(N - 1) first unless `increasing`; of integers int64."""
    x = asarray(x)
    x = x if x.dtype.kind == "f" else x.astype("i64")
    if x.ndim != 1:
        raise ValueError(f"x has shape {x.shape}; need a vector")
    N = x.size if N is None else N
    if N == 0:
        return _core.zeros((x.size, 0), x.dtype)
    powers = [_core.ones_like(x)]
    while len(powers) < N:
        powers.append(powers[-1] * x)
    return _core.stack(powers if increasing else powers[::-1], 1)


def polyval(p, x) -> Tensor:
    """A polynomial at x, of its coefficients, that of the highest power first."""
    p, x = _beside(p, x)
    value = _core.zeros_like(x)
    for i in range(p.shape[0]):
        value = value * x + p[i]
    return value


def broadcast_shapes(*shapes) -> tuple:
    """The shape that all have together."""
    return np.broadcast_shapes(*shapes)


def unravel_index(indices, shape) -> tuple:
    """The places along each axis of elements that are numbered in row-major order."""
    return tuple(asarray(np.asarray(each)) for each in np.unravel_index(np.asarray(indices), shape))


def ravel_multi_index(places, shape) -> Tensor:
    """The number in row-major order of elements at places along each axis."""
    return asarray(np.asarray(np.ravel_multi_index(tuple(np.asarray(each) for each in places), shape)))


def shape(x) -> tuple:
    """The sizes of the axes."""
    return asarray(x).shape


def ndim(x) -> int:
    """How many axes there are."""
    return asarray(x).ndim


def size(x, axis=None) -> int:
    """How many elements there are, in all or along an axis."""
    sizes = asarray(x).shape
    return math.prod(sizes) if axis is None else sizes[axis]
