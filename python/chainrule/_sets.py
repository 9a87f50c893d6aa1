"""NumPy's functions that look for elements, sort them in and count them. A part of _numpy. What is a place or a number of
elements has no gradient, and NumPy itself finds it."""
import numpy as np

from . import _core
from ._core import Tensor
from ._numpy import _beside, _real, asarray
from ._tensor import _axis


def _numbers(x) -> np.ndarray:
    return np.asarray(_core.stop_gradient(x))


def nonzero(x) -> tuple:
    """The places of elements that are not 0: a tensor for each axis."""
    return tuple(asarray(each) for each in np.nonzero(_numbers(x)))


def argwhere(x) -> Tensor:
    """The places of elements that are not 0, one a row."""
    return asarray(np.argwhere(_numbers(x)))


def flatnonzero(x) -> Tensor:
    """The places of elements that are not 0, counted in row-major order."""
    return asarray(np.flatnonzero(_numbers(x)))


def count_nonzero(x, axis=None, keepdims: bool = False) -> Tensor:
    """How many elements are not 0."""
    return _core.sum(_core.not_equal(x, 0), axis, keepdims)


def unique(x, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis=None):
    """The different elements in ascending order, or the different slices along an axis; where each stood first, which of
    them each element is, and how often each stands, if asked for."""
    x = _numbers(x)
    axis = None if axis is None else _axis(axis, x.ndim)
    found = np.unique(x, return_index, return_inverse, return_counts, axis)
    return tuple(map(asarray, found)) if isinstance(found, tuple) else asarray(found)


def isin(x, among, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which elements of x stand among others, or with `invert`, do not."""
    return asarray(np.isin(_numbers(x), _numbers(among), assume_unique, invert))


def in1d(x, among, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """As isin, of all elements in a row."""
    return _core.flatten(isin(x, among, assume_unique, invert))


def union1d(a, b) -> Tensor:
    """The different elements of both, in ascending order."""
    return asarray(np.union1d(_numbers(a), _numbers(b)))


def intersect1d(a, b) -> Tensor:
    """The different elements that both have, in ascending order."""
    return asarray(np.intersect1d(_numbers(a), _numbers(b)))


def setdiff1d(a, b) -> Tensor:
    """The different elements of a that b has not, in ascending order."""
    return asarray(np.setdiff1d(_numbers(a), _numbers(b)))


def searchsorted(a, v, side: str = "left", sorter=None) -> Tensor:
    """Where each value would stand in a sorted vector: before those that are equal to it, or behind them."""
    return asarray(np.asarray(np.searchsorted(_numbers(a), _numbers(v), side, None if sorter is None else _numbers(sorter))))


def digitize(x, bins, right: bool = False) -> Tensor:
    """Between which of the bounds, in ascending or descending order, each element lies."""
    return asarray(np.asarray(np.digitize(_numbers(x), _numbers(bins), right)))


def bincount(x, weights=None, minlength: int = 0) -> Tensor:
    """How often each of 0, 1, ... stands in x; or the sums of the weights that stand there, which have gradients."""
    x = _numbers(x)
    counts = np.bincount(x, minlength=minlength)
    return asarray(counts) if weights is None else _sums(x, weights, len(counts))


def _sums(places, weights, count: int) -> Tensor:
    weights = _real(weights)
    if weights.shape != places.shape:
        raise ValueError(f"weights have shape {weights.shape}, what they weigh {places.shape}; need the same")
    return _core.index_add(_core.zeros(count, weights.dtype), asarray(places), weights)


def histogram(x, bins=10, range=None, density: bool = False, weights=None) -> tuple:
    """How many elements lie in each bin, and the bins' bounds: `bins` is their number, or the bounds. Weights, which are
    added up instead, have gradients; with `density` the bins have an area of 1 together."""
    numbers = _numbers(x)
    if isinstance(bins, Tensor):
        bins = _numbers(bins)
    counts, edges = np.histogram(numbers, bins, range)
    if weights is None:
        counts = asarray(counts)
    else:
        flat = numbers.ravel()
        places = np.searchsorted(edges, flat, "right") - 1
        places[flat == edges[-1]] = len(counts) - 1
        is_inside = (places >= 0) & (places < len(counts))
        kept = _core.flatten(asarray(weights))
        if kept.size != flat.size:
            raise ValueError(f"weights have shape {asarray(weights).shape}, what they weigh {numbers.shape}; need the same")
        counts = _sums(places[is_inside], kept[asarray(np.flatnonzero(is_inside))], len(counts))
    if density:
        counts = _real(counts)
        counts = counts / (_core.sum(counts) * asarray(np.diff(edges), counts.dtype))
    return counts, asarray(edges)


def interp(x, xp, fp, left=None, right=None) -> Tensor:
    """The straight lines through the points (xp, fp) at x; before and behind them `left` and `right`, or else the first
    and the last of fp. It has gradients by x, xp and fp."""
    x, xp, fp = map(_real, _beside(x, xp, fp))
    y = _core.interp(x, xp, fp)
    y = y if left is None else _core.where(_core.less(x, xp[0]), left, y)
    return y if right is None else _core.where(_core.greater(x, xp[-1]), right, y)


def delete(x, places, axis=None) -> Tensor:
    """Without the elements at places along an axis: a number, several, a slice or a mask."""
    x = asarray(x)
    x, axis = (_core.flatten(x), 0) if axis is None else (x, axis)
    places = _numbers(places) if isinstance(places, Tensor) else places
    return _core.take(x, asarray(np.delete(np.arange(x.shape[axis]), places)), axis)
